"""The pictures of the page in the documentation: ``python -m benchmarks.web_screenshots FOLDER``.

Starts a server on the demo zoo and the page beside it, uses each view as a visitor would, and writes
what is seen.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.web import CHROMIUM, EXAMPLES, running, settled
from zoobridge.client import connect

MODELS = ["textures@1.0.0 · onnx", "textures@1.0.0 · pytorch", "textures@1.0.0 · tensorflow"]
#: The charts go back five minutes.
CHART_SECONDS = 290
BOXES = [
    {"id": str(number), "x": x, "y": y, "width": 150, "height": 150}
    for number, (x, y) in enumerate(((80, 90), (420, 120), (760, 300), (260, 560), (640, 700)), 1)
]


def show(tab: Page, view: str) -> None:
    """Open a view."""
    tab.evaluate(f"location.hash = {view!r}")
    tab.wait_for_selector(f".view.{view.partition('/')[0]}[data-ready]")


def choose(tab: Page, names: list[str]) -> None:
    """Choose these models and no other."""
    for tick in tab.locator(".models input").all():
        tick.set_checked(tick.locator("xpath=..").inner_text().strip() in names)


def take(tab: Page, folder: Path, name: str, *, seconds: float = 0.6) -> None:
    """Write what is seen."""
    tab.wait_for_timeout(seconds * 1000)
    tab.screenshot(path=folder / f"web-{name}.png")


def seen(tab: Page) -> None:
    """Wait until the picture and its answers are there."""
    while not tab.evaluate("Boolean(document.querySelector('.view').viewer.overview)"):
        tab.wait_for_timeout(100)
    tab.wait_for_selector(".view.playground:not([data-asking])")
    settled(tab)


def judge(tab: Page, folder: Path) -> None:
    """Make a study of two models, and look at its first item."""
    show(tab, "judge")
    tab.get_by_label("Question").fill("Which model names what is in the picture?")
    tab.locator(".bar select").nth(2).select_option("textures@1.0.0:onnx")
    tab.get_by_role("button", name="Make the study").click()
    tab.get_by_label("Your name").fill("Ada")
    tab.get_by_role("button", name="Begin").click()
    tab.locator("[data-side=left] li").first.wait_for()
    take(tab, folder, "judge", seconds=1)


def use(server: str) -> None:
    """Classify at a pace that rises and falls, for as long as the charts show."""
    pictures = sorted((EXAMPLES / "pictures" / "digits").rglob("*.png"))
    began = time.monotonic()
    with connect(server) as client:
        while (seconds := time.monotonic() - began) < CHART_SECONDS:
            rate = 12 * math.sin(seconds / 50) ** 2
            framework = ("onnx", "pytorch")[int(seconds) % 2]
            client.classify("digits", pictures[: 1 + int(rate)], framework=framework)
            time.sleep(0.5)


def visit(browser: Browser, address: str, server: str, folder: Path) -> None:
    """Use the page, and take the pictures."""
    tab = browser.new_page(viewport={"width": 1280, "height": 860})
    tab.set_default_timeout(180_000)
    tab.goto(address)
    tab.wait_for_selector(".view[data-ready]")
    take(tab, folder, "zoo")

    show(tab, "playground/textures")
    choose(tab, MODELS)
    tab.set_input_files(".drop input[type=file]", EXAMPLES / "pictures" / "mosaic" / "mosaic.jpg")
    seen(tab)
    tab.evaluate(
        "(boxes) => { const { viewer } = document.querySelector('.view'); viewer.regions = boxes; "
        "viewer.choose('2'); viewer.calls.changed(viewer.regions); }",
        BOXES,
    )
    settled(tab)
    take(tab, folder, "playground", seconds=2)

    choose(tab, MODELS[:1])
    tab.get_by_role("button", name="Class map").click()
    settled(tab)
    take(tab, folder, "class-map", seconds=2)

    show(tab, "zoo")
    show(tab, "playground/digits")
    choose(tab, ["digits@1.0.0 · onnx"])
    eight = sorted((EXAMPLES / "pictures" / "digits" / "8").glob("*.png"))[1]
    tab.set_input_files(".drop input[type=file]", eight)
    seen(tab)
    tab.get_by_label("Windows").fill("4")
    tab.get_by_label("Windows").press("Tab")
    tab.get_by_role("button", name="Show heat map").click()
    tab.locator(".heat:not([data-running]) [role=group]").wait_for()
    take(tab, folder, "heat-map", seconds=2)

    show(tab, "compare")
    tab.get_by_role("button", name="Examples…").click()
    tab.get_by_role("button", name="digits (100)").click()
    for framework in ("onnx", "pytorch"):
        tab.get_by_label(f"digits@1.0.0:{framework}").check()
    tab.get_by_role("button", name="Compare").click()
    tab.locator("iframe.report").wait_for()
    tab.locator(".gallery").scroll_into_view_if_needed()
    loaded = "[...document.querySelectorAll('.gallery img')].every((one) => one.naturalWidth)"
    while not tab.evaluate(loaded):
        tab.wait_for_timeout(100)
    take(tab, folder, "compare", seconds=3)
    judge(tab, folder)
    show(tab, "server")
    # The charts show what happens while they are looked at.
    use(server)
    take(tab, folder, "server")
    tab.close()


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1])
    with (
        running("serve", str(EXAMPLES / "zoo"), "--device", "cpu") as (_, server),
        running("web", "--server", server, "--pictures", str(EXAMPLES / "pictures")) as (
            _,
            address,
        ),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        visit(browser, address, server, folder)
        browser.close()


if __name__ == "__main__":
    main()
