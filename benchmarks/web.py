"""What the page costs: ``python -m benchmarks.web``.

Starts a server on the demo zoo and the page beside it, looks at it in Debian's Chromium, and prints
each figure beside what it is to reach. Needs what the tests need (``make install-test``).
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
    """Measure, and print what is to be reached beside it."""
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
    rows = [
        ("page ready, median", f"{statistics.median(ready):.2f} s", "1.0 s"),
        ("transferred before the first picture", f"{size / 1e3:.0f} kB", "1,000 kB"),
        ("picture given to answer, median", f"{1e3 * statistics.median(drop):.0f} ms", ""),
        ("the same by the command line", f"{1e3 * statistics.median(command):.0f} ms", ""),
        ("beyond the command line",
         f"{1e3 * (statistics.median(drop) - statistics.median(command)):.0f} ms", "150 ms"),
        (f"panning over {BOXES} boxes", f"{frames:.0f} frames/s, longest {longest:.0f} ms", "30 frames/s"),
        ("memory idle (USS)", f"{idle:.0f} MB", "150 MB"),
        ("memory at the end (USS)", f"{used:.0f} MB", ""),
        (f"{VISITORS} visitors at once", f"{answered} of {asked} answered in {seconds:.1f} s", "all"),
    ]  # fmt: skip
    print(f"{'':40} {'measured':32} to reach")
    for name, found, wanted in rows:
        print(f"{name:40} {found:32} {wanted}")


if __name__ == "__main__":
    main()
