"""What tests of adding networks to a zoo share."""

from contextlib import contextmanager

from zoobridge.backend import FrameworkFacts

LABELS = ("brick", "grass", "gravel")
FRAMEWORKS = {name: FrameworkFacts("1") for name in ("onnx", "pytorch", "tensorflow")}


@contextmanager
def onnx_here(framework, file):
    """Run ONNX in this process: as real as elsewhere, and quicker."""
    from zoobridge_backends.onnx import OnnxBackend

    assert framework == "onnx"
    backend = OnnxBackend()
    backend.start()
    yield backend.load(file, device="cpu", threads=1)
