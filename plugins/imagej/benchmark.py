"""How long a person waits in ImageJ, from click to result.

Run with an X display (``xvfb-run -a .venv/bin/python plugins/imagej/benchmark.py``) after
``make plugins``; prints medians in seconds. The time is taken inside ImageJ, around the very
command that the menu runs, until the table and the overlay hold the result.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from zoobridge.imagej import ImageJ, launch
from zoobridge.protocol.connection import discover

PROJECT = Path(__file__).parents[2]
RUNS = 9

IMAGE = 'newImage("picture", "8-bit ramp", 1024, 1024, 1); run("Add Noise");'
ROIS = (
    'roiManager("reset"); for (i = 0; i < 500; i++) {'
    "makeOval(10 + 40 * (i % 25), 10 + 50 * floor(i / 25), 36, 44); roiManager('add'); }"
    'run("Select None"); roiManager("deselect");'
)
LABELS = (
    'newImage("nuclei", "16-bit black", 2000, 1600, 1); for (i = 0; i < 2000; i++) {'
    "setColor(i + 1); fillOval(4 + 40 * (i % 50), 4 + 40 * floor(i / 50), 32, 32); }"
    'newImage("cells", "8-bit ramp", 2000, 1600, 1); run("Add Noise");'
)
FIELD = 'newImage("field", "8-bit ramp", 2000, 2000, 1);'
TILES = "model=textures target=Tiles tile_size=20 top=1"
CLEARED = 'start = getTime(); run("Clear drawings"); return "" + (getTime() - start);'
REPEATED = (
    'for (i = 0; i < {}; i++) run("Classify...", "model=digits top=1 overlay");'
    'close("ZooBridge Results"); call("java.lang.System.gc"); wait(500);'
    'return "" + IJ.currentMemory();'
)
TIMED = 'start = getTime(); run("Classify...", "{}"); return "" + (getTime() - start);'

CASES = {
    "whole 1,024 x 1,024 image": "model=textures target=[Whole image] top=3",
    "whole 1,024 x 1,024 image, overlay": "model=textures target=[Whole image] top=3 overlay",
    "500 regions": "model=textures target=[ROI Manager] top=3",
    "500 regions, overlay": "model=textures target=[ROI Manager] top=3 overlay",
}


def seconds(imagej: ImageJ, words: str) -> float:
    """Return how long a run takes, inside ImageJ."""
    taken = int(imagej.macro(TIMED.format(words))) / 1000
    imagej.macro('close("ZooBridge Results"); close("ZooBridge Classes");')
    return taken


def many(imagej: ImageJ) -> None:
    """Print what many objects, many drawings and many runs cost."""
    imagej.macro('run("Close All"); roiManager("reset");' + LABELS)
    words = "model=textures labels=nuclei top=1 overlay summary"
    times = [seconds(imagej, words) for _ in range(4)]
    sys.stdout.write(
        f"2,000 objects of a label image, overlay and table: {min(times[1:]):.3f} "
        f"(first {times[0]:.3f})\n"
    )
    imagej.macro('run("Close All");' + FIELD)
    plain = min(seconds(imagej, TILES) for _ in range(3))
    drawn, cleared = [], []
    for _ in range(3):
        drawn.append(seconds(imagej, TILES + " overlay") - plain)
        cleared.append(int(imagej.macro(CLEARED)) / 1000)
    sys.stdout.write(
        f"10,000 regions: drawn in {min(drawn):.3f} beyond {plain:.3f} without overlay, "
        f"cleared in {min(cleared):.3f}\n"
    )
    imagej.macro('run("Close All"); newImage("small", "8-bit ramp", 64, 64, 1);')
    before = int(imagej.macro(REPEATED.format(100))) / 2**20
    after = int(imagej.macro(REPEATED.format(1000))) / 2**20
    sys.stdout.write(f"memory after 100 runs {before:.1f} MiB, after 1,000 more {after:.1f} MiB\n")


def main() -> None:
    """Print a line for each case."""
    (jar,) = (PROJECT / "plugins/imagej/target/real-imagej").glob("ij-*.jar")
    (plugin,) = (PROJECT / "plugins/imagej/target").glob("ZooBridge_*.jar")
    sys.stdout.write(f"{plugin.name}: {plugin.stat().st_size:,} bytes\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plugins").mkdir()
        (folder / "plugins" / plugin.name).symlink_to(plugin)
        server = subprocess.Popen(
            [sys.executable, "-m", "zoobridge", "serve", PROJECT / "examples/zoo"],
            stderr=subprocess.DEVNULL,
        )
        try:
            while not any(found.pid == server.pid for found in discover()):
                time.sleep(0.1)
            with launch(jar, plugins=folder, java_options=[f"-Duser.home={name}"]) as imagej:
                imagej.macro(IMAGE + ROIS)
                for case, words in CASES.items():
                    times = []
                    for _ in range(RUNS):
                        times.append(int(imagej.macro(TIMED.format(words))) / 1000)
                        imagej.macro('run("Remove Overlay"); close("ZooBridge Results");')
                    warm = times[2:]
                    sys.stdout.write(
                        f"{case}: {statistics.median(warm):.3f} "
                        f"({min(warm):.3f} to {max(warm):.3f}; first {times[0]:.3f})\n"
                    )
                many(imagej)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
