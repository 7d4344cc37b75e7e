"""Frameworks compute in full float32, and say why a device is missing."""

import pytest

PYTORCH = """
import sys, pathlib, torch, warnings
warnings.simplefilter("ignore")  # torch.jit is deprecated
from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge_backends.pytorch import PyTorchBackend
path = pathlib.Path(sys.argv[1]) / "weights.pt"
torch.jit.trace(torch.nn.Linear(3, 2), torch.zeros(1, 3)).save(path)
spec = (TensorSpec("x", "float32", (-1, 3)),)
backend = PyTorchBackend()
backend.start()
weights = WeightsFile("torchscript", path, spec, spec)
network = backend.load(weights, device="cpu", threads=1, precision="tf32")
assert network.precision == "float32", "the CPU has no other"
for part in (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn):
    assert part.fp32_precision == "ieee"
"""

TENSORFLOW = """
import sys, pathlib, warnings
warnings.simplefilter("ignore")  # NumPy's copy keyword, in Keras
from zoobridge.backend import TensorSpec, WeightsFile
from zoobridge_backends.tensorflow import TensorFlowBackend
backend = TensorFlowBackend()
backend.start()
import keras, tensorflow as tf
path = pathlib.Path(sys.argv[1]) / "weights.keras"
keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(2, name="y")]).save(path)
inputs = (TensorSpec("x", "float32", (-1, 3)),)
outputs = (TensorSpec("y", "float32", (-1, 2)),)
weights = WeightsFile("keras_v3", path, inputs, outputs)
assert tf.config.experimental.tensor_float_32_execution_enabled()
assert backend.load(weights, device="cpu", threads=1).precision == "float32"
assert not tf.config.experimental.tensor_float_32_execution_enabled()
"""

MISSING = """
import sys
from zoobridge.backend import DeviceFault, WeightsFile
from zoobridge.engine._backends import find_backend
import pathlib
backend = find_backend(sys.argv[1])
backend.start()
weights = WeightsFile(backend.formats[0], pathlib.Path("weights"), (), ())
try:
    backend.load(weights, device="cuda:63", threads=1)
except DeviceFault as fault:
    assert "cuda:63" in str(fault)
else:
    raise AssertionError("a device that is not there was accepted")
"""

UNDRIVEN = """
from zoobridge_backends import _cuda
_cuda._LIBRARY = "libcuda-that-is-not-there.so.1"
_cuda.os.path.exists = lambda path: path == "/dev/nvidia0"
assert _cuda.has_gpu()
assert _cuda.cuda_devices() == 0
assert "libcuda-that-is-not-there.so.1" in _cuda.driver_problem()
import importlib
from zoobridge.engine._backends import find_backend
backend = find_backend("onnx")
backend.start()
assert "CUDA" in backend.device_problem(), backend.device_problem()
"""


@pytest.mark.parametrize("program", [PYTORCH, TENSORFLOW], ids=["pytorch", "tensorflow"])
def test_float32_is_computed_as_float32(alone, tmp_path, program):
    alone(program, tmp_path)


@pytest.mark.parametrize("framework", ["onnx", "pytorch", "tensorflow"])
def test_a_device_that_is_not_there_is_refused(alone, framework):
    alone(MISSING, framework)


def test_a_gpu_that_cannot_be_used_is_explained(alone):
    alone(UNDRIVEN)
