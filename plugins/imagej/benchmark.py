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

from zoobridge.imagej import launch
from zoobridge.protocol.connection import discover

PROJECT = Path(__file__).parents[2]
RUNS = 9

IMAGE = 'newImage("picture", "8-bit ramp", 1024, 1024, 1); run("Add Noise");'
ROIS = (
    'roiManager("reset"); for (i = 0; i < 500; i++) {'
    "makeOval(10 + 40 * (i % 25), 10 + 50 * floor(i / 25), 36, 44); roiManager('add'); }"
    'run("Select None"); roiManager("deselect");'
)
TIMED = 'start = getTime(); run("Classify...", "{}"); return "" + (getTime() - start);'

CASES = {
    "whole 1,024 x 1,024 image": "model=textures target=[Whole image] top=3",
    "whole 1,024 x 1,024 image, overlay": "model=textures target=[Whole image] top=3 overlay",
    "500 regions": "model=textures target=[ROI Manager] top=3",
    "500 regions, overlay": "model=textures target=[ROI Manager] top=3 overlay",
}


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
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
