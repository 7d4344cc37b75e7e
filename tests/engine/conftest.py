"""Models to run: a framework that fails on demand, and real ONNX networks."""

import sys
from pathlib import Path

import pytest

import engine_asks
from zoobridge.engine import EngineConfig, LocalEngine, _backends
from zoobridge.imaging import AxisSize, InputSpec, OutputSpec
from zoobridge.zoo import ModelDescription, ScoreKind, TrustClass, WeightsDescription

FAULTY = Path(__file__).parent / "faulty"


@pytest.fixture(autouse=True)
def _processes_of_others():
    engine_asks.OTHERS.clear()
    engine_asks.OTHERS.update([process.pid for process in engine_asks.processes()])


@pytest.fixture(autouse=True)
def _faulty_framework(monkeypatch):
    monkeypatch.syspath_prepend(str(FAULTY))
    monkeypatch.setenv("PYTHONPATH", str(FAULTY))
    _backends._points.cache_clear()
    yield
    # Other tests of this process do not find it.
    _backends._points.cache_clear()
    sys.modules.pop("zoobridge_faulty", None)


def describe(root, name, *, framework="faulty", weights_format="faulty", path=None):
    """A model of two classes that takes grey pictures of 4 × 4."""
    return ModelDescription(
        id=name,
        root=root,
        source=root,
        input=InputSpec(
            "input", "NYX", "float32", {"Y": AxisSize(4), "X": AxisSize(4)}, channel_names=("grey",)
        ),
        output=OutputSpec("output", "NC", "float32"),
        labels=("bright", "dark"),
        score_kind=ScoreKind.LOGIT,
        weights=(
            WeightsDescription(
                format=weights_format,
                framework=framework,
                path=path or root / "weights",
                trust_class=TrustClass.DATA,
                digest=f"{name}-{weights_format}",
            ),
        ),
    )


@pytest.fixture
def faulty(tmp_path):
    """Make a model of the faulty framework; ``command`` is what its weights tell it."""

    def make(name="faulty", command="") -> ModelDescription:
        root = tmp_path / name
        root.mkdir()
        (root / "weights").write_text(command)
        return describe(root, name)

    return make


@pytest.fixture(params=[True, False], ids=["fork", "spawn"])
def engine(request):
    """An engine whose workers are forked, and one whose workers are fresh processes."""
    if request.param and sys.platform != "linux":
        pytest.fail("this test wants Linux")
    engine = LocalEngine(EngineConfig(fork=request.param, threads=2, device="cpu"))
    yield engine
    engine.close(grace=5)


@pytest.fixture
def make_engine():
    engines = []

    def make(**settings) -> LocalEngine:
        engine = LocalEngine(EngineConfig(**{"threads": 2, "device": "cpu", **settings}))
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close(grace=5)
