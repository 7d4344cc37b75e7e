"""A real Firefox without a window, driven through its own WebDriver BiDi.

Debian has no geckodriver, and Playwright drives only a Firefox of its own; the browser itself speaks
the protocol (https://w3c.github.io/webdriver-bidi/).
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

KEYS = {
    "Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Delete": "\ue017", "Shift": "\ue008",
    "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
}  # fmt: skip
PREFERENCES = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("app.update.enabled", false);
user_pref("remote.prefs.recommended", true);
user_pref("ui.systemUsesDarkTheme", %d);
"""


class Firefox:
    """One window of a Firefox.

    Parameters
    ----------
    profile
        An empty folder.
    dark
        Whether pages see a dark theme.
    """

    def __init__(self, profile: Path, *, dark: bool = False) -> None:
        program = shutil.which("firefox-esr")
        assert program, "Debian's firefox-esr is missing; `make install-test` installs it"
        (profile / "user.js").write_text(PREFERENCES % dark)
        self._log = (profile / "log.txt").open("w+")
        self._process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
            stdout=self._log, stderr=subprocess.STDOUT,
            env=os.environ | {"HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
        )  # fmt: skip
        self._numbers = itertools.count(1)
        #: What scripts complained about.
        self.faults: list[str] = []
        #: Hosts that were asked for something.
        self.hosts: set[str] = set()
        # Ends what was begun where a later step fails, too.
        with ExitStack() as stack:
            stack.callback(self._log.close)
            stack.callback(self._process.wait, 30)
            stack.callback(self._process.terminate)
            address = f"{self._address()}/session"
            self._link = stack.enter_context(connect(address, max_size=None, open_timeout=60))
            self._begin()
            self._stack = stack.pop_all()

    def _begin(self) -> None:
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        (tree,) = self.call("browsingContext.getTree")["contexts"]
        self._context = tree["context"]

    def _address(self, seconds: float = 90.0) -> str:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            text = Path(self._log.name).read_text("utf-8", "replace")
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", text):
                return found[1]
            assert self._process.poll() is None, text
            time.sleep(0.1)
        raise AssertionError("Firefox did not listen")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Make a call of the protocol."""
        number = next(self._numbers)
        self._link.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._link.recv(timeout=90))
            if answer.get("type") == "event":
                self._hear(answer)
            elif answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def _hear(self, event: dict[str, Any]) -> None:
        said = event["params"]
        if event["method"] == "network.beforeRequestSent":
            self.hosts.add(said["request"]["url"].partition("://")[2].partition("/")[0])
        elif said["level"] == "error" and "status of" not in str(said["text"]):
            self.faults.append(str(said["text"]))

    def open(self, address: str) -> None:
        """Open an address and wait until it is loaded."""
        self.call("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def resize(self, width: int, height: int) -> None:
        """Give the page a size."""
        self.call(
            "browsingContext.setViewport", context=self._context,
            viewport={"width": width, "height": height},
        )  # fmt: skip

    def evaluate(self, expression: str) -> Any:
        """Return what an expression gives, written as JSON on the way."""
        answer = self.call(
            "script.evaluate", target={"context": self._context}, awaitPromise=True,
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            userActivation=True,
        )  # fmt: skip
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def until(self, expression: str, *, seconds: float = 90.0) -> None:
        """Wait until an expression is true."""
        limit = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < limit, f"{expression} did not come about"
            time.sleep(0.05)

    def set_files(self, selector: str, *paths: Path) -> None:
        """Choose files in an input of the page."""
        found = self.call(
            "browsingContext.locateNodes", context=self._context,
            locator={"type": "css", "value": selector},
        )["nodes"][0]  # fmt: skip
        self.call(
            "input.setFiles", context=self._context, element={"sharedId": found["sharedId"]},
            files=[str(path) for path in paths],
        )  # fmt: skip

    def press(self, *keys: str) -> None:
        """Press keys; `Shift+ArrowDown` holds the first while pressing the second."""
        actions = []
        for key in keys:
            held = [KEYS.get(one, one) for one in key.split("+")] if len(key) > 1 else [key]
            actions += [{"type": "keyDown", "value": one} for one in held]
            actions += [{"type": "keyUp", "value": one} for one in reversed(held)]
        self._act({"type": "key", "id": "keyboard", "actions": actions})

    def drag(self, selector: str, *places: tuple[float, float]) -> None:
        """Drag over places of an element, given as shares of it; one place is a click."""
        box = self.evaluate(
            f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        )
        points = [
            {"type": "pointerMove", "x": round(box["x"] + x * box["width"]),
             "y": round(box["y"] + y * box["height"]), "duration": 20}
            for x, y in places
        ]  # fmt: skip
        down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        self._act({"type": "pointer", "id": "mouse", "actions": [points[0], down, *points[1:], up]})

    def click(self, selector: str) -> None:
        """Scroll an element into view and click its middle."""
        self.evaluate(
            f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})"
        )
        self.drag(selector, (0.5, 0.5))

    def screenshot(self) -> bytes:
        """Return the page as PNG, in base64."""
        return self.call("browsingContext.captureScreenshot", context=self._context)[
            "data"
        ].encode()

    def close(self) -> None:
        """End it."""
        self._stack.close()

    def _act(self, source: dict[str, Any]) -> None:
        self.call("input.performActions", context=self._context, actions=[source])
