"""Figures of the napari plugin, printed as a table.

Run it from the repository's root: ``xvfb-run -a python plugins/napari/benchmark.py``. It starts
servers on ``examples/zoo`` and opens windows; the in-process limit needs ONNX Runtime beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SIDE, OBJECTS, BOX = 2048, 1000, 56
MEGA = 1e6


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


def needed(name: str, found: set[str] | None = None) -> set[str]:
    """Name a distribution and all that it needs, without extras."""
    found = set() if found is None else found
    found.add(name)
    for line in distribution(name).requires or ():
        one = Requirement(line)
        other = one.name.lower().replace("_", "-")
        if other not in found and (one.marker is None or one.marker.evaluate({"extra": ""})):
            needed(other, found)
    return found


def folder_bytes(folder: Path) -> int:
    """Return what a folder takes on disk, without bytecode."""
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def installed_bytes() -> dict[str, int]:
    """Return what an environment with napari gets beyond it, by distribution."""
    own = {
        "napari-zoobridge": ROOT / "plugins" / "napari" / "src" / "napari_zoobridge",
        "zoobridge": ROOT / "bridge" / "zoobridge",
    }
    return {
        name: folder_bytes(own[name])
        if name in own
        else sum(file.size or 0 for file in distribution(name).files or ())
        for name in sorted(needed("napari-zoobridge") - needed("napari"))
    }


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
    """Return objects a second of ONNX Runtime alone, best of five.

    They go in batches of 32, and are cut and padded beforehand.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(ROOT / "examples" / "zoo" / "textures" / "weights.onnx")
    (wanted,) = session.get_inputs()
    crops = np.zeros((OBJECTS, 1, 64, 64), np.float32)
    step = SIDE // 32
    for number in range(OBJECTS):
        row, column = divmod(number, 32)
        y, x = row * step, column * step
        crops[number, 0, 4:60, 4:60] = image[y : y + BOX, x : x + BOX] / 65535
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        for first in range(0, OBJECTS, 32):
            session.run(None, {wanted.name: crops[first : first + 32]})
        seconds.append(time.perf_counter() - begun)
    return OBJECTS / min(seconds)


def wait(done: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    from qtpy.QtWidgets import QApplication

    while not done():
        QApplication.processEvents()
        time.sleep(0.001)


@contextmanager
def window(image: np.ndarray) -> Iterator[tuple[object, object]]:
    """Open a picture beside the widget, with a server that has just started and loaded nothing."""
    import napari

    from napari_zoobridge.connection import State
    from zoobridge.client import connect

    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZOOBRIDGE_RUNTIME_DIR"] = folder
        with connect(start=ROOT / "examples" / "zoo"):
            try:
                viewer = napari.Viewer()
                viewer.add_image(image)
                _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Classify")
                wait(lambda: widget.link.state is State.CONNECTED)
                yield viewer, widget
                viewer.close()
            finally:
                subprocess.run([sys.executable, "-m", "zoobridge", "stop"], check=True)


def click(widget: object) -> float:
    """Return the seconds from the click until the last result is shown and drawn."""
    from qtpy.QtWidgets import QApplication

    begun = time.perf_counter()
    widget.run_button.click()
    wait(lambda: not widget.running)
    QApplication.processEvents()
    return time.perf_counter() - begun


def measure_click_at_once() -> None:
    """Print how long the first click takes right after the model was chosen."""
    with window(pictures()[0]) as (_viewer, widget):
        widget.models.choose("textures")
        print(f"first click, model chosen a moment ago  {click(widget):8.3f} s")


def measure_clicks() -> None:
    """Print what clicks take in the same window once the model has been loaded."""
    from napari_zoobridge.widgets._target_choice import Target

    image, labels = pictures()
    with window(image) as (viewer, widget):
        widget.models.choose("textures")
        wait(lambda: bool(widget.link.client.model("textures").loaded))
        print(f"first click, after a look at the picture{click(widget):8.3f} s")
        print(
            f"further clicks, best of five            {min(click(widget) for _ in range(5)):8.3f} s"
        )
        begun = time.perf_counter()
        widget.link.client.classify("textures", image)
        print(f"the client alone, without a window      {time.perf_counter() - begun:8.3f} s")
        widget.target.target.value = Target.LABELS
        viewer.add_labels(labels)
        wait(lambda: widget.target.layer.value is not None)
        click(widget)
        rate = OBJECTS / min(click(widget) for _ in range(5))
        print(f"labelled objects, best of five          {rate:8.0f} /s")
        print(f"in-process limit (ONNX Runtime)         {in_process(image):8.0f} /s")


def measure_install() -> None:
    """Print what the plugin adds to an environment, and what importing it takes."""
    sizes = installed_bytes()
    parts = ", ".join(f"{name} {size / MEGA:.1f}" for name, size in sizes.items())
    print(f"installed beyond napari                 {sum(sizes.values()) / MEGA:8.1f} MB ({parts})")
    print(f"import of the manifest's package        {import_seconds('napari_zoobridge'):8.3f} s")
    # What stands there when a window is open.
    host = "import napari._qt.qt_main_window"
    widget = import_seconds("napari_zoobridge.widgets", host)
    print(f"import of the widget beyond napari      {widget:8.3f} s")


def main() -> None:
    """Measure in a separate process what only happens once in a process."""
    parts = {"install": measure_install, "at-once": measure_click_at_once, "clicks": measure_clicks}
    if len(sys.argv) > 1:
        parts[sys.argv[1]]()
        return
    for name in parts:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
