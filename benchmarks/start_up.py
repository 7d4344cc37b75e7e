"""How soon ZooBridge is there: the command, the server, a cold model — and what each costs in memory.

    python benchmarks/start_up.py

Cold first answers and the memory of one more model are measured for each framework on the demo
zoo's digits, forked and spawned, next to a fresh process that imports the framework and loads the
same weights by itself, in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from zoobridge.engine import EngineConfig, LocalEngine, Work
from zoobridge.protocol import to_pixels
from zoobridge.protocol.v1 import classification_pb2 as messages
from zoobridge.zoo import Catalog, ModelDescription, TrustStore, WeightsDescription

PROJECT = Path(__file__).parents[1]
MIB = 1 << 20

#: What a program without ZooBridge does: import the framework, load, run once.
BARE = {
    "onnx": "import onnxruntime as o; s = o.InferenceSession({path!r}); "
    "s.run(None, {{s.get_inputs()[0].name: np.zeros({shape}, 'float32')}})",
    "torchscript": "import torch; m = torch.jit.load({path!r}); m(torch.zeros({shape}))",
    "keras_v3": "import keras; m = keras.models.load_model({path!r}); m(np.zeros({shape}, 'float32'))",
    "tensorflow_saved_model_bundle": "import tensorflow as tf; m = tf.saved_model.load({path!r}); "
    "m.signatures['serving_default'](tf.zeros({shape}))",
}


def median_seconds(command: list[str], *, repeats: int) -> float:
    """Return the median time of a command."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def request() -> bytes:
    """Return a request with one grey picture."""
    pixels = to_pixels(np.arange(64, dtype=np.uint8).reshape(8, 8), "YX")
    return messages.ClassifyRequest(image={"pixels": pixels}).SerializeToString()


def first_answer(
    engine: LocalEngine, model: ModelDescription, weights: WeightsDescription
) -> float:
    """Return the seconds from nothing to the first answer of a model."""
    start = time.perf_counter()
    for _ in engine.submit(Work(model, weights, request())):
        pass
    return time.perf_counter() - start


def bare(model: ModelDescription, weights: WeightsDescription) -> tuple[float, float]:
    """Return seconds and MiB of a fresh process that does the same by itself."""
    assert model.input is not None
    shape = tuple(1 if axis == "N" else model.input.sizes[axis].min for axis in model.input.axes)
    program = (
        "import numpy as np\n"
        + BARE[weights.format].format(path=str(weights.path), shape=shape)
        + "\nimport psutil; print('MEMORY', psutil.Process().memory_full_info().uss)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    memory = next(line for line in done.stdout.splitlines() if line.startswith("MEMORY"))
    return seconds, int(memory.split()[1]) / MIB


def cold_models(zoo: Path, cache: Path) -> None:
    """Print cold first answers and the memory of one more model."""
    catalog = Catalog([zoo], cache=cache, trust=TrustStore(cache / "trust.json"))
    catalog.refresh()
    model = catalog.find("digits")
    print(f"{'weights':32} {'way':8} {'first':>7} {'again':>7} {'bare':>7} {'MiB':>6} {'bare':>6}")
    for weights in model.weights:
        bare_seconds, bare_memory = bare(model, weights)
        for fork in (True, False):
            engine = LocalEngine(EngineConfig(fork=fork, device="cpu"))
            try:
                first = first_answer(engine, model, weights)
                engine.unload(model)
                again = first_answer(engine, model, weights)
                memory = engine.loaded()[0].memory_bytes / MIB
            finally:
                engine.close(grace=5)
            print(
                f"{weights.format:32} {'fork' if fork else 'spawn':8} {first:6.2f}s {again:6.2f}s"
                f" {bare_seconds:6.2f}s {memory:6.0f} {bare_memory:6.0f}"
            )


def server_start(zoo: Path, scratch: Path) -> None:
    """Print the time from command to ready, and the idle memory of the server process."""
    environment = {
        **psutil.Process().environ(),
        "ZOOBRIDGE_RUNTIME_DIR": str(scratch / "runtime"),
        "ZOOBRIDGE_CACHE_DIR": str(scratch / "cache"),
    }
    for attempt in ("first", "again"):
        start = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "zoobridge", "serve", str(zoo)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr is not None
        server.stderr.readline()
        ready = time.perf_counter() - start
        time.sleep(1.0)
        memory = psutil.Process(server.pid).memory_full_info().uss / MIB
        server.terminate()
        server.wait(30)
        server.stderr.close()
        print(f"server ready ({attempt}): {ready:.2f} s, idle memory {memory:.0f} MiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--zoo", type=Path, default=PROJECT / "examples" / "zoo")
    arguments = parser.parse_args()
    python = [sys.executable, "-c"]
    empty = median_seconds([*python, "pass"], repeats=5)
    imported = median_seconds([*python, "import zoobridge"], repeats=5)
    helped = median_seconds([sys.executable, "-m", "zoobridge", "--help"], repeats=5)
    print(f"python alone {empty:.3f} s, import zoobridge {imported:.3f} s, --help {helped:.3f} s")
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        server_start(arguments.zoo, Path(scratch))
        cold_models(arguments.zoo, Path(scratch))


if __name__ == "__main__":
    main()
