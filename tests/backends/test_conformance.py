"""Each backend passes the suite, with every weights format and the awkward cases of each."""

import sys
from pathlib import Path

import numpy as np
import pytest

from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge.testing import BackendConformance, BackendSample

sys.path.insert(0, str(Path(__file__).parent / "makers"))
import oracle

#: Several starts of each framework take their time on a busy machine.
pytestmark = pytest.mark.timeout(900)

SCORES = (TensorSpec("scores", "float32", (-1, oracle.CLASSES)),)
LEFT = np.arange(12, dtype="f4").reshape(4, 3)
RIGHT = np.full((4, 3), 0.5, "f4") * np.arange(1, 5, dtype="f4")[:, None]


def picture(axes: str) -> tuple[TensorSpec, ...]:
    lengths = {"N": -1, "C": oracle.CHANNELS, "Y": oracle.SIZE, "X": oracle.SIZE}
    return (TensorSpec("picture", "float32", tuple(lengths[axis] for axis in axes)),)


def network_sample(kind: str, path: Path, *, axes: str = "NCYX", **options) -> BackendSample:
    pictures = oracle.batch()
    trust = options.pop("trusted", False)
    weights = WeightsFile(kind, path, picture(axes), SCORES, trusted=trust, **options)
    placed = pictures if axes == "NCYX" else np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    return BackendSample(weights, [placed], [oracle.forward(pictures)], needs_trust=trust)


def two_ways_sample(
    kind: str, path: Path, outputs: tuple[str, ...], expected: list[np.ndarray]
) -> BackendSample:
    specs = [
        tuple(TensorSpec(name, "float32", (-1, 3)) for name in names)
        for names in (("left", "right"), outputs)
    ]
    return BackendSample(WeightsFile(kind, path, *specs), [LEFT, RIGHT], expected)


class TestOnnx(BackendConformance):
    backend = "zoobridge_backends.onnx:OnnxBackend"

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls, made):
        folder = made("onnx_files")
        return [
            network_sample("onnx", folder / "network.onnx"),
            two_ways_sample(
                "onnx", folder / "two_ways.onnx", ("same", "difference"), [LEFT, LEFT - RIGHT]
            ),
            two_ways_sample("onnx", folder / "two_ways.onnx", ("difference",), [LEFT - RIGHT]),
        ]


class TestPyTorch(BackendConformance):
    backend = "zoobridge_backends.pytorch:PyTorchBackend"

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls, made):
        folder = made("torch_files")
        known = np.load(folder / "shufflenet.npz")
        return [
            network_sample("torchscript", folder / "network.pt"),
            two_ways_sample(
                "torchscript", folder / "two_ways.pt", ("a", "b"), [LEFT - RIGHT, RIGHT]
            ),
            network_sample("torchscript", folder / "network.pt2", trusted=True),
            network_sample(
                "pytorch_state_dict",
                folder / "state.pt",
                trusted=True,
                architecture={
                    "callable": "Network",
                    "path": str(folder / "network.py"),
                    "kwargs": {
                        "channels": oracle.CHANNELS,
                        "filters": oracle.FILTERS,
                        "classes": oracle.CLASSES,
                    },
                },
            ),
            BackendSample(
                WeightsFile(
                    "pytorch_state_dict",
                    folder / "shufflenet.pt",
                    (TensorSpec("picture", "float32", (-1, 3, 64, 64)),),
                    (TensorSpec("scores", "float32", (-1, 4)),),
                    architecture={
                        "callable": "shufflenet_v2_x0_5",
                        "import_from": "torchvision.models",
                        "kwargs": {"num_classes": 4},
                    },
                ),
                [known["inputs"]],
                [known["expected"]],
                tolerance=1e-4,
            ),
        ]


class TestTensorFlow(BackendConformance):
    backend = "zoobridge_backends.tensorflow:TensorFlowBackend"

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls, made):
        folder = made("tensorflow_files")
        return [
            network_sample("tensorflow_saved_model_bundle", folder / "network", axes="NYXC"),
            two_ways_sample(
                "tensorflow_saved_model_bundle",
                folder / "two_ways",
                ("same", "difference"),
                [RIGHT, LEFT - RIGHT],
            ),
            network_sample("keras_v3", folder / "network.keras", axes="NYXC"),
            two_ways_sample(
                "keras_v3", folder / "two_ways.keras", ("a", "b"), [LEFT - RIGHT, LEFT]
            ),
            network_sample("keras_hdf5", folder / "network.h5", axes="NYXC", trusted=True),
        ]
