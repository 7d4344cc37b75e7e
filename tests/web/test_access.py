"""For everybody: contrast and labels by axe, keyboard only, a phone's width, light and dark."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from web_actions import choose_models, drop, settled

EXAMPLES = Path(__file__).parents[2] / "examples"
VIEWS = ["zoo", "zoo/digits", "playground/digits", "compare", "judge", "server"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_to_say(open_tab, dark):
    # axe itself is not part of the page, whose policy would not let it in.
    tab = open_tab(dark=dark, bypass_csp=True)
    view = tab.open("zoo")
    for name in VIEWS:
        tab.show(name)
        if name.startswith("playground"):
            choose_models(view, "digits@1.0.0 · onnx")
            drop(view, next((EXAMPLES / "pictures" / "digits" / "7").glob("*.png")))
            settled(view)
            view.locator("canvas").focus()
            view.keyboard.press("b")
            settled(view)
        if name == "zoo/digits":
            view.locator("dialog").wait_for()
        # Nothing half transparent is to be judged while it fades.
        view.wait_for_timeout(100)
        found = Axe().run(view)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        if name == "zoo/digits":
            view.keyboard.press("Escape")


@pytest.mark.parametrize("name", ["zoo", "playground/digits", "compare", "judge", "server"])
def test_nothing_is_wider_than_a_phone(open_tab, name):
    view = open_tab(size=(360, 740)).open(name)
    view.wait_for_timeout(200)
    width = view.evaluate("document.documentElement.scrollWidth")
    assert width <= 360


def test_the_page_is_used_by_keyboard_alone(tab):
    view = tab.open("zoo")
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Skip to the content"
    view.keyboard.press("Tab")
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Playground"
    view.keyboard.press("Enter")
    view.wait_for_selector(".view.playground[data-ready]")
    for _ in range(40):
        view.keyboard.press("Tab")
        if view.evaluate("document.activeElement.textContent") == "Examples…":
            break
    view.keyboard.press("Enter")
    view.locator("dialog").wait_for()
    view.keyboard.press("Tab")
    view.keyboard.press("Enter")
    view.locator(".pictures button").first.wait_for()
    settled(view)
    view.locator(".answer").first.wait_for()


def test_the_page_asks_little_before_it_shows_something(page, open_tab):
    tab = open_tab()
    link = tab.tab.context.new_cdp_session(tab.tab)
    link.send("Network.enable")
    sizes = []
    link.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    tab.open("playground")
    assert 10_000 < sum(sizes) < 1_000_000
