"""What the page costs: ``python -m benchmarks.web``.

Starts a server on the demo zoo and the page beside it, looks at it in Debian's Chromium, and prints
each figure beside its bound. Ends with code 1 if a figure misses its bound. Needs what the tests need
(``make install-test``), and a quiet machine.
"""

from __future__ import annotations

import http.client
import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

EXAMPLES = Path(__file__).parents[1] / "examples"
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
BOXES = 1000
VISITORS = 20
REPEATS = 15

PAN = """() => new Promise((done) => {
  const viewer = document.querySelector(".view").viewer;
  const first = viewer.frames;
  const began = performance.now();
  let longest = 0, last = began;
  (function step(now) {
    longest = Math.max(longest, now - last);
    last = now;
    viewer.pan(Math.sin(now / 200) * 5, Math.cos(now / 200) * 5);
    if (now - began < 3000) requestAnimationFrame(step);
    else done([(viewer.frames - first) / (now - began) * 1000, longest]);
  })(began);
})"""

BOX = """(count) => {
  const { viewer } = document.querySelector(".view");
  viewer.regions = Array.from({ length: count }, (_, index) => ({
    id: String(index), x: (index * 37) % 990, y: (index * 61) % 990, width: 24, height: 24,
  }));
  viewer.calls.changed(viewer.regions);
}"""


@dataclass(frozen=True)
class Figure:
    """A figure that was measured, and what it has to reach; without a bound it is for information."""

    name: str
    value: float
    unit: str
    at_most: float = math.inf
    at_least: float = -math.inf

    @property
    def reached(self) -> bool:
        """Whether it keeps its bound."""
        return self.at_least <= self.value <= self.at_most

    def line(self) -> str:
        """Return it as a line of the table."""
        bound = ""
        if self.at_most < math.inf:
            bound = f"at most {self.at_most:g} {self.unit}"
        elif self.at_least > -math.inf:
            bound = f"at least {self.at_least:g} {self.unit}"
        verdict = ("pass" if self.reached else "FAIL") if bound else ""
        digits = 2 if self.unit == "s" else 0
        shown = f"{self.value:.{digits}f} {self.unit}"
        return f"{self.name:40} {shown:>14}  {bound:22} {verdict}".rstrip()


@contextmanager
def running(*words: str):
    """Run ``zoobridge`` with an address in what it prints first."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zoobridge", *words], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        yield process, re.search(r"(https?://\S+|[\d.]+:\d+)\s*$", line)[1]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def memory(process: subprocess.Popen) -> float:
    """Return the memory of a process in MB (USS, what it alone has)."""
    return psutil.Process(process.pid).memory_full_info().uss / 1e6


def settled(tab) -> None:
    """Wait until all models have answered."""
    tab.wait_for_timeout(60)
    tab.wait_for_selector(".view.playground:not([data-asking])", timeout=60_000)


def looked_at(browser, address: str) -> tuple[list[float], int]:
    """Return seconds until the zoo's cards and the playground's picture are there, and bytes."""
    seconds = []
    for _ in range(REPEATS):
        context = browser.new_context()
        tab = context.new_page()
        link = context.new_cdp_session(tab)
        link.send("Network.enable")
        sizes: list[int] = []
        link.on(
            "Network.loadingFinished",
            lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]),
        )
        began = time.perf_counter()
        tab.goto(address)
        tab.wait_for_selector(".view[data-ready]")
        seconds.append(time.perf_counter() - began)
        tab.evaluate("location.hash = 'playground'")
        tab.wait_for_selector(".view.playground[data-ready]")
        context.close()
    return seconds, sum(sizes)


def dropped(browser, address: str, picture: Path) -> list[float]:
    """Return seconds from giving a picture to a warm model's answer."""
    tab = browser.new_page()
    tab.goto(address)
    tab.wait_for_selector(".view[data-ready]")
    tab.evaluate("location.hash = 'playground/digits'")
    tab.wait_for_selector(".view.playground[data-ready]")
    seconds = []
    for _ in range(REPEATS):
        tab.evaluate("document.querySelector('.answers').replaceChildren()")
        began = time.perf_counter()
        tab.set_input_files(".drop input[type=file]", picture)
        tab.wait_for_selector(".answer .bars")
        seconds.append(time.perf_counter() - began)
        settled(tab)
    tab.close()
    return seconds


def commanded(server: str, picture: Path) -> list[float]:
    """Return the seconds of the same by the command line."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "zoobridge", "classify", "digits", picture, "--server", server],
            check=True, capture_output=True,
        )  # fmt: skip
        seconds.append(time.perf_counter() - began)
    return seconds


def panned(browser, address: str) -> tuple[float, float]:
    """Return frames a second, and the longest frame in ms, while panning over 1,000 boxes."""
    tab = browser.new_page()
    tab.goto(address)
    tab.wait_for_selector(".view[data-ready]")
    tab.evaluate("location.hash = 'playground/textures'")
    tab.wait_for_selector(".view.playground[data-ready]")
    tab.set_input_files(".drop input[type=file]", EXAMPLES / "pictures" / "mosaic" / "mosaic.jpg")
    settled(tab)
    tab.evaluate(BOX, BOXES)
    settled(tab)
    tab.wait_for_timeout(500)
    assert tab.evaluate("document.querySelector('.view').viewer.colors.size") == BOXES
    frames, longest = tab.evaluate(PAN)
    tab.close()
    return frames, longest


def visited(port: int) -> tuple[int, int, float]:
    """Have 20 visitors classify 20 pictures each; return asked, answered, and seconds."""
    paths = sorted((EXAMPLES / "pictures" / "digits").rglob("*.png"))[:20]

    def visit(_: int) -> int:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        link.request("GET", "/api/session")
        answer = link.getresponse()
        answer.read()
        head = {
            "Cookie": answer.headers["set-cookie"].partition(";")[0],
            "Origin": f"http://127.0.0.1:{port}",
        }
        found = 0
        for path in paths:
            link.request("POST", f"/api/pictures?name={path.name}", path.read_bytes(), head)
            picture = json.loads(link.getresponse().read())["id"]
            body = {"picture": picture, "models": [{"model": "digits", "framework": "onnx"}]}
            link.request("POST", "/api/classify", json.dumps(body), head)
            found += b'"top"' in link.getresponse().read()
        return found

    began = time.perf_counter()
    with ThreadPoolExecutor(VISITORS) as pool:
        answered = sum(pool.map(visit, range(VISITORS)))
    return VISITORS * len(paths), answered, time.perf_counter() - began


def main() -> None:
    """Measure, and print each figure beside its bound."""
    picture = next((EXAMPLES / "pictures" / "digits" / "7").glob("*.png"))
    with (
        running("serve", str(EXAMPLES / "zoo"), "--device", "cpu") as (_, server),
        running("web", "--server", server) as (process, address),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        looked_at(browser, address)
        idle = memory(process)
        ready, size = looked_at(browser, address)
        port = int(address.partition("#")[0].rstrip("/").rpartition(":")[2])
        drop, command = dropped(browser, address, picture), commanded(server, picture)
        frames, longest = panned(browser, address)
        asked, answered, seconds = visited(port)
        used = memory(process)
        browser.close()
    ready_s, drop_s, command_s = map(statistics.median, (ready, drop, command))
    figures = [
        Figure("page ready, median", ready_s, "s", at_most=1.0),
        Figure("transferred before the first picture", size / 1e3, "kB", at_most=1000),
        Figure("picture given to answer, median", 1e3 * drop_s, "ms"),
        Figure("the same by the command line", 1e3 * command_s, "ms"),
        Figure("beyond the command line", 1e3 * (drop_s - command_s), "ms", at_most=150),
        Figure(f"panning over {BOXES} boxes", frames, "frames/s", at_least=30),
        Figure("longest frame of that", longest, "ms"),
        Figure("memory idle (USS)", idle, "MB", at_most=150),
        Figure("memory at the end (USS)", used, "MB"),
        Figure(f"answers to {VISITORS} visitors, {asked} pictures", answered, "", at_least=asked),
        Figure("time of that", seconds, "s"),
    ]
    load = psutil.getloadavg()[0]
    print(f"load {load:.1f} on {psutil.cpu_count()} cores")
    for figure in figures:
        print(figure.line())
    sys.exit(0 if all(figure.reached for figure in figures) else 1)


if __name__ == "__main__":
    main()
