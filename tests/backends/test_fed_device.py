"""How a worker feeds an accelerator: in the sizes of a ladder, with one copy there and one back."""

from pathlib import Path

import pytest

MAKERS = Path(__file__).parent / "makers"

#: The worker's own code around a real network, on a device that only claims to be none of the CPU's.
LADDER = """
import sys, pathlib, warnings
warnings.simplefilter("ignore")  # torch.jit is deprecated; NumPy's copy keyword, in Keras
framework, folder, makers = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
from zoobridge.engine._backends import find_backend
backend = find_backend(framework)
backend.start()
sys.path.insert(0, makers)
import numpy as np
import oracle
from zoobridge.backend import ByteTable, TensorSpec, WeightsFile
from zoobridge.engine.worker._ladder import ladder
from zoobridge.engine.worker._networks import Networks
from zoobridge.engine.worker._warm_up import warm_up
from zoobridge.imaging import AxisSize, InputSpec

kind, name, axes = {
    "onnx": ("onnx", "network.onnx", "NCYX"),
    "pytorch": ("torchscript", "network.pt", "NCYX"),
    "tensorflow": ("keras_v3", "network.keras", "NYXC"),
}[framework]
lengths = {"N": -1, "C": oracle.CHANNELS, "Y": oracle.SIZE, "X": oracle.SIZE}
inputs = (TensorSpec("picture", "float32", tuple(lengths[axis] for axis in axes)),)
outputs = (TensorSpec("scores", "float32", (-1, oracle.CLASSES)),)
weights = WeightsFile(kind, folder / name, inputs, outputs)

class Accelerated:
    device = "fake:0"

    def __init__(self, network):
        self.network, self.inputs, self.outputs, self.met = network, network.inputs, network.outputs, []

    def forward(self, inputs):
        self.met.append(("floats", len(inputs[0])))
        return self.network.forward(inputs)

    def forward_bytes(self, pixels, table):
        assert pixels.dtype == np.uint8
        self.met.append(("bytes", len(pixels)))
        return self.network.forward_bytes(pixels, table)

fake = Accelerated(backend.load(weights, device="cpu", threads=1))
networks = Networks(lambda threads: fake, 2, ladder=True)
assert networks.ladder and not networks.parallel
sizes = {axis: AxisSize(length) for axis, length in lengths.items() if axis in "YX"}
spec = InputSpec("picture", axes, "float32", sizes | {"C": AxisSize(oracle.CHANNELS)})
assert sorted(warm_up(networks.wide, spec, ladder(8))) == [1, 2, 4, 8]
warm, fake.met = {size for _, size in fake.met}, []

channel = axes.index("C")
values = np.random.default_rng(0).normal(size=(oracle.CHANNELS, 256)).astype("f4")
table = ByteTable(values, channel)
for rows in (1, 3, 5, 8):
    pixels = np.random.default_rng(rows).integers(
        0, 256, (rows, oracle.CHANNELS, oracle.SIZE, oracle.SIZE), np.uint8
    )
    prepared = values[np.arange(oracle.CHANNELS)[:, None, None], pixels]
    expected = oracle.forward(prepared)
    if channel != 1:
        pixels, prepared = (np.moveaxis(one, 1, channel) for one in (pixels, prepared))
    (floats,) = networks.wide.forward([np.ascontiguousarray(prepared)])
    (bytes_,) = networks.wide.forward_bytes(np.ascontiguousarray(pixels), table)
    np.testing.assert_array_equal(floats, bytes_)
    np.testing.assert_allclose(floats, expected, atol=1e-5)
assert {size for _, size in fake.met} <= warm == {1, 2, 4, 8}, fake.met
assert {kind for kind, _ in fake.met} == {"floats", "bytes"}
"""

#: PyTorch's own code on the device `meta`, which holds no numbers: what is copied, and when.
COPIES = """
import sys, pathlib, warnings
warnings.simplefilter("ignore")
import numpy as np
from zoobridge.backend import ByteTable, TensorSpec, WeightsFile
from zoobridge.engine.worker._ladder import LadderNetwork
from zoobridge_backends.pytorch import PyTorchBackend
backend = PyTorchBackend()
backend.start()
import torch
from torch.utils._python_dispatch import TorchDispatchMode

class Watched(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.log = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given, kwargs = [*args, *(kwargs or {}).values()], kwargs or {}
        source = next((one for one in given if isinstance(one, torch.Tensor)), None)
        if torch.device("cpu") in given and source.device.type == "meta":
            self.log.append(f"back {tuple(source.shape)}")
            return torch.zeros(source.shape, dtype=source.dtype)
        result = function(*args, **kwargs)
        if result.device.type == "meta" and source is not None and source.device.type == "cpu":
            self.log.append(f"to the device {str(result.dtype)[6:]} {tuple(result.shape)}")
        elif result.device.type == "meta":
            self.log.append("compute")
        elif result.data_ptr() != source.data_ptr():
            self.log.append(f"compute on the host by {function}")
        return result

folder = pathlib.Path(sys.argv[1])
backend.devices = lambda: ("cpu", "meta")
architecture = {"callable": "Network", "path": str(folder / "network.py"),
                "kwargs": {"channels": 2, "filters": 6, "classes": 4}}
network = LadderNetwork(backend.load(
    WeightsFile(
        "pytorch_state_dict", folder / "state.pt", (TensorSpec("picture", "float32", (-1, 2, 8, 8)),),
        (TensorSpec("scores", "float32", (-1, 4)),), trusted=True, architecture=architecture,
    ),
    device="auto", threads=1,
))
assert network.device == "meta"

back = "back (4, 4)"

def seen(run):
    with Watched() as watched:
        (scores,) = run()
    assert scores.shape == (3, 4)
    assert watched.log[-2:] == ["compute", back], watched.log
    return [line for line in watched.log if line != "compute"]

floats = np.zeros((3, 2, 8, 8), "f4")
assert seen(lambda: network.forward([floats])) == ["to the device float32 (4, 2, 8, 8)", back]
pixels, table = floats.astype(np.uint8), ByteTable(np.zeros((2, 256), "f4"), 1)
moved = "to the device uint8 (4, 2, 8, 8)"
first = seen(lambda: network.forward_bytes(pixels, table))
assert first == ["to the device float32 (2, 256)", moved, back], first
# The table stays there.
assert seen(lambda: network.forward_bytes(pixels, table)) == [moved, back]
"""

#: Packages know no half precision: such a network takes floats, and halves are made on the way.
HALVES = """
import sys, pathlib
from zoobridge.backend import ByteTable, WeightsFile
from zoobridge_backends.onnx import OnnxBackend
backend = OnnxBackend()
backend.start()
import numpy as np
from onnx import TensorProto, helper, save
path = pathlib.Path(sys.argv[1]) / "halves.onnx"
graph = helper.make_graph(
    [helper.make_node("ReduceMean", ["x"], ["y"], axes=[2], keepdims=0)], "halves",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT16, ["N", 2, 8])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT16, ["N", 2])],
)
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
network = backend.load(WeightsFile("onnx", path, (), ()), device="cpu", threads=1)
random = np.random.default_rng(0)
table = ByteTable(random.normal(size=(2, 256)).astype("f4"), 1)
pixels = random.integers(0, 256, (5, 2, 8), np.uint8)
(floats,) = network.forward([table.values[np.arange(2)[:, None], pixels]])
(found,) = network.forward_bytes(pixels, table)
assert found.dtype == np.float32
np.testing.assert_array_equal(found, floats)
"""


@pytest.mark.parametrize(
    ("framework", "maker"),
    [("onnx", "onnx_files"), ("pytorch", "torch_files"), ("tensorflow", "tensorflow_files")],
)
def test_a_ladder_gives_the_same_answers_from_bytes_and_floats(alone, made, framework, maker):
    alone(LADDER, framework, made(maker), MAKERS)


def test_pixels_go_to_the_device_as_bytes_once_and_scores_come_back_once(alone, made):
    alone(COPIES, made("torch_files"))


def test_bytes_become_halves_where_the_network_takes_halves(alone, tmp_path):
    alone(HALVES, tmp_path)
