"""Figures of the napari plugin, printed as a table.

Run it from the repository's root: ``xvfb-run -a python plugins/napari/benchmark.py``. It starts a
server on ``examples/zoo`` and opens a viewer; the in-process limit needs ONNX Runtime beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SIDE, OBJECTS, BOX = 2048, 1000, 56


def import_seconds(module: str, before: str = "pass") -> float:
    """Return how long a fresh interpreter takes for an import, the best of three."""
    code = (
        f"{before}; import time; t = time.perf_counter(); import {module}; "
        "print(time.perf_counter() - t)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    return min(float(run.stdout) for run in runs)


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Make a 16-bit picture and a label image with a thousand squares."""
    random = np.random.default_rng(1)
    image = random.integers(0, 65535, (SIDE, SIDE), dtype=np.uint16)
    labels = np.zeros((SIDE, SIDE), np.int32)
    step = SIDE // 32
    for number in range(OBJECTS):
        row, column = divmod(number, 32)
        y, x = row * step, column * step
        labels[y : y + BOX, x : x + BOX] = number + 1
    return image, labels


def in_process(image: np.ndarray) -> float:
    """Return objects a second of ONNX Runtime alone, in batches of 32, cut and padded beforehand."""
    import onnxruntime

    session = onnxruntime.InferenceSession(ROOT / "examples" / "zoo" / "textures" / "weights.onnx")
    (wanted,) = session.get_inputs()
    crops = np.zeros((OBJECTS, 1, 64, 64), np.float32)
    step = SIDE // 32
    for number in range(OBJECTS):
        row, column = divmod(number, 32)
        y, x = row * step, column * step
        crops[number, 0, 4:60, 4:60] = image[y : y + BOX, x : x + BOX] / 65535
    begun = time.perf_counter()
    for first in range(0, OBJECTS, 32):
        session.run(None, {wanted.name: crops[first : first + 32]})
    return OBJECTS / (time.perf_counter() - begun)


def timed(widget: object, wait: Callable[[Callable[[], bool]], None]) -> tuple[float, float]:
    """Return the seconds from the click to the first result, and to the last being shown."""
    begun = time.perf_counter()
    widget.run_button.click()
    wait(lambda: bool(widget.records))
    first = time.perf_counter() - begun
    wait(lambda: not widget.running)
    return first, time.perf_counter() - begun


def cold_answer(client: object, image: np.ndarray) -> float:
    """Return the seconds that the server takes for a picture when the model has to be loaded."""
    client.unload("textures")
    begun = time.perf_counter()
    client.classify("textures", image)
    return time.perf_counter() - begun


def installed_bytes() -> tuple[int, int]:
    """Return what the plugin and the light client take on disk, without bytecode."""
    folders = (ROOT / "plugins/napari/src/napari_zoobridge", ROOT / "bridge/zoobridge")
    return tuple(
        sum(
            path.stat().st_size
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        for folder in folders
    )


def main() -> None:
    """Measure, and print."""
    plugin, bridge = installed_bytes()
    print(f"plugin, and zoobridge with the server  {plugin / 1e6:.2f} and {bridge / 1e6:.2f} MB")
    print(f"import napari_zoobridge (manifest)  {import_seconds('napari_zoobridge'):8.3f} s")
    host = "import napari.layers, napari.qt, napari.viewer"
    widget_import = import_seconds("napari_zoobridge._classify", host)
    print(f"import of the widget beyond napari  {widget_import:8.3f} s")

    import napari
    from qtpy.QtWidgets import QApplication

    from napari_zoobridge._link import State
    from napari_zoobridge._target_choice import Target
    from zoobridge.client import connect

    def wait(done: Callable[[], bool]) -> None:
        while not done():
            QApplication.processEvents()
            time.sleep(0.001)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZOOBRIDGE_RUNTIME_DIR"] = folder
        client = connect(start=ROOT / "examples" / "zoo")
        try:
            image, labels = pictures()
            print(f"the server alone, model not loaded  {cold_answer(client, image):8.3f} s")
            print(f"the same again                      {cold_answer(client, image):8.3f} s")
            client.unload("textures")
            viewer = napari.Viewer(show=False)
            viewer.add_image(image)
            viewer.add_labels(labels)
            _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Classify")
            wait(lambda: widget.link.state is State.CONNECTED)
            widget.models.choose("textures")
            for what in ("first click, model not loaded", "second click"):
                first, whole = timed(widget, wait)
                print(f"2048 x 2048, 16 bit: {what:32} {first:.3f} s answered, {whole:.3f} s shown")
            client.unload("textures")
            first, whole = timed(widget, wait)
            what = "model not loaded, window warm"
            print(f"2048 x 2048, 16 bit: {what:32} {first:.3f} s answered, {whole:.3f} s shown")
            warm = min(timed(widget, wait)[1] for _ in range(5))
            print(f"2048 x 2048, 16 bit: best of five more clicks         {warm:.3f} s shown")
            widget.target.target.value = Target.LABELS
            timed(widget, wait)
            objects = min(timed(widget, wait)[1] for _ in range(3))
            print(f"1,000 labelled objects              {objects:8.3f} s = {1000 / objects:.0f}/s")
            print(f"in-process limit (ONNX Runtime)     {in_process(image):8.0f} /s")
            viewer.close()
        finally:
            client.close()
            subprocess.run([sys.executable, "-m", "zoobridge", "stop"], check=True)


if __name__ == "__main__":
    main()
