"""Eyes and hands for programs with windows: a virtual screen, and what ImageJ shows on it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from zoobridge.imagej import ImageJ

PROJECT = Path(__file__).parents[2]

#: The demo zoo.
ZOO = Path(os.environ.get("ZOOBRIDGE_TEST_ZOO", PROJECT / "examples" / "zoo"))

#: The table that the plugin fills.
RESULTS = "ZooBridge Results"


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until something is so; fails with a word of what was awaited."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"{what} did not come about in {seconds} s"
        time.sleep(0.05)


@dataclass
class Display:
    """A virtual screen with a window manager, and hands to use it."""

    name: str

    def tool(self, *command: str | Path) -> str:
        """Run a program of X on it."""
        done = subprocess.run(  # noqa: PLW1510 - a window that is not there is an answer
            command, env=os.environ | {"DISPLAY": self.name}, capture_output=True, text=True
        )
        return done.stdout if done.returncode == 0 else ""

    def window(self, title: str) -> str:
        """The number of a visible window; empty if none exists."""
        found = self.tool("xdotool", "search", "--onlyvisible", "--name", title)
        return found.split()[0] if found else ""

    def screenshot(self, title: str, target: Path) -> None:
        """Save a window with its frame, as a person sees it."""
        number = self.window(title)
        assert number, f"no window '{title}'"
        self.tool("xdotool", "windowactivate", "--sync", number)
        self.tool("xdotool", "windowraise", number)
        target.parent.mkdir(parents=True, exist_ok=True)
        before = None
        for _ in range(5):
            # What other windows covered is painted after a moment.
            time.sleep(0.4)
            self.tool("import", "-frame", "-window", number, "+repage", "-strip", target)
            if target.read_bytes() == before:
                break
            before = target.read_bytes()
        assert before

    def click(self, title: str, x: int, y: int) -> None:
        """Press the mouse button at a place of a window."""
        number = self.window(title)
        assert number, f"no window '{title}'"
        self.tool("xdotool", "windowactivate", "--sync", number)
        self.tool("xdotool", "mousemove", "--window", number, str(x), str(y), "click", "1")

    def key(self, title: str, key: str) -> None:
        number = self.window(title)
        self.tool("xdotool", "windowactivate", "--sync", number)
        self.tool("xdotool", "key", key)


def part(window: Any, name: str) -> Any:
    """A part of one of ImageJ's windows, by its name."""
    inside = [window]
    while inside:
        found = inside.pop()
        if found.getName() == name:
            return found
        inside.extend(found.getComponents())
    raise AssertionError(f"no part '{name}'")


def form(imagej: ImageJ, title: str) -> Any:
    """The plugin's dialog of that title; `None` if it is not there."""
    kind = imagej.jvm.java.lang.Class.forName("javax.swing.JDialog")
    for window in imagej.jvm.java.awt.Window.getWindows():
        if kind.isInstance(window) and window.isShowing() and title in str(window.getTitle()):
            return window
    return None


def press(imagej: ImageJ, display: Display, title: str, name: str = "ok") -> None:
    """Click a part of a dialog with the mouse, once it can be pressed."""
    button = part(form(imagej, title), name)
    wait_for(button.isEnabled, f"the button '{name}' of '{title}'")
    display.tool("xdotool", "windowactivate", "--sync", display.window(title))
    place = button.getLocationOnScreen()
    x, y = int(place.getX()) + 10, int(place.getY()) + 8
    display.tool("xdotool", "mousemove", str(x), str(y), "click", "1")


def current_pixels(imagej: ImageJ) -> np.ndarray:
    """The pixels of the slice that ImageJ shows, asked of ImageJ itself."""
    jvm = imagej.jvm
    image = jvm.ij.IJ.getImage()
    processor = image.getProcessor()
    shape = (image.getHeight(), image.getWidth())
    if image.getBitDepth() == 8:
        return np.frombuffer(processor.getPixels(), np.uint8).reshape(shape)
    block = jvm.java.nio.ByteBuffer.allocate(4 * shape[0] * shape[1])
    if image.getBitDepth() == 16:
        block.asShortBuffer().put(processor.getPixels())
        return (
            np.frombuffer(block.array(), ">u2")[: shape[0] * shape[1]].reshape(shape).astype("u2")
        )
    if image.getBitDepth() == 32:
        block.asFloatBuffer().put(processor.getPixels())
        return np.frombuffer(block.array(), ">f4").reshape(shape).astype("f4")
    block.asIntBuffer().put(processor.getPixels())
    packed = np.frombuffer(block.array(), np.uint8).reshape(*shape, 4)
    return packed[..., 1:]


def selection_mask(imagej: ImageJ) -> tuple[tuple[int, int, int, int], np.ndarray | None]:
    """The selection's box, and which of its pixels ImageJ itself counts as inside."""
    roi = imagej.jvm.ij.IJ.getImage().getRoi()
    box = roi.getBounds()
    x, y, width, height = (
        int(box.getX()),
        int(box.getY()),
        int(box.getWidth()),
        int(box.getHeight()),
    )
    mask = roi.getMask()
    if mask is None:
        return (x, y, width, height), None
    pixels = np.frombuffer(mask.getPixels(), np.uint8).reshape(height, width)
    return (x, y, width, height), pixels != 0
