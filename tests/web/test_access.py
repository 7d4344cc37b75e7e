"""For everybody: contrast and labels by axe, keyboard only, a phone's width, light and dark."""

import base64
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from web_actions import choose_models, drop, settled, until

EXAMPLES = Path(__file__).parents[2] / "examples"
VIEWS = ["zoo", "zoo/digits", "playground/digits", "compare", "judge", "server"]
# Dark or light, and how large.
LOOKS = [(False, (360, 740)), (True, (360, 740)), (True, (1280, 860)), (False, (1280, 860))]


def audited(view, name):
    """Nothing for axe to say however it looks, and nothing wider than the window."""
    for dark, (width, height) in LOOKS:
        view.set_viewport_size({"width": width, "height": height})
        view.emulate_media(color_scheme="dark" if dark else "light")
        # Nothing half transparent is to be judged while it fades.
        view.wait_for_timeout(100)
        found = Axe().run(view)
        assert found.violations_count == 0, f"{name}, {dark=}, {width}: {found.generate_report()}"
        assert view.evaluate("document.documentElement.scrollWidth") <= width, name


def test_every_view_is_for_everybody(open_tab, seven):
    # axe itself is not part of the page, whose policy would not let it in.
    tab = open_tab(bypass_csp=True)
    view = tab.open("zoo")
    for name in VIEWS:
        tab.show(name)
        if name.startswith("playground"):
            choose_models(view, "digits@1.0.0 · onnx")
            drop(view, seven)
            settled(view)
            until(view, "document.querySelector('.view').viewer.overview")
            view.locator("canvas").focus()
            view.keyboard.press("b")
            settled(view)
        if name == "zoo/digits":
            view.locator("dialog").wait_for()
        audited(view, name)
        if name == "zoo/digits":
            view.keyboard.press("Escape")


def test_the_content_is_reached_past_the_views(tab):
    view = tab.open("zoo")
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Skip to the content"
    view.keyboard.press("Tab")
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Playground"


def test_the_page_asks_little_before_it_shows_something(page, open_tab):
    tab = open_tab()
    link = tab.tab.context.new_cdp_session(tab.tab)
    link.send("Network.enable")
    # The tab may have seen the page before.
    link.send("Network.clearBrowserCache")
    sizes = []
    link.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    tab.open("playground")
    assert 10_000 < sum(sizes) < 1_000_000


MODELS = ["digits@1.0.0:onnx", "textures@1.0.0:onnx"]


@pytest.fixture(scope="module")
def judged(page):
    """A study that two people judged, and the pictures of a comparison that ended."""
    visitor = page.visitor().enter()
    paths = sorted((EXAMPLES / "pictures" / "digits").rglob("*.png"))[::12]
    pictures = [
        visitor.json(
            "POST",
            f"/api/pictures?name={path.name}&label={path.parent.name}",
            path.read_bytes(),
        )
        for path in paths
    ]
    asked = {"title": "Which?", "models": MODELS, "pictures": [one["id"] for one in pictures[:2]]}
    study = visitor.json("POST", "/api/studies", asked)
    for name in ("Ada", "Bob"):
        for number in range(2):
            vote = {"number": number, "choice": "left"}
            visitor.json("POST", f"/api/studies/{study['id']}/votes?judge={name}", vote)
    return study, paths


def test_judging_and_comparing_are_for_everybody(open_tab, judged):
    study, paths = judged
    tab = open_tab(bypass_csp=True)
    view = tab.open("zoo")
    tab.show(f"judge/{study['id']}")
    audited(view, "the name")
    view.get_by_label("Your name").fill("Cleo")
    view.keyboard.press("Enter")
    view.locator("[data-side=left] li").first.wait_for()
    audited(view, "an item")
    for _ in range(2):
        status = view.locator(".view [role=status]").inner_text()
        view.keyboard.press("ArrowDown")
        until(view, f"document.querySelector('.view [role=status]')?.textContent !== {status!r}")
    view.get_by_text("All 2 items are judged").wait_for()
    audited(view, "the end")
    tab.show(f"judge/{study['id']}/verdict")
    view.get_by_text("Cohen's kappa").first.wait_for()
    audited(view, "the verdict")

    tab.show("compare")
    for path in paths:
        label = path.parent.name
        view.evaluate(
            "([name, label, data]) => fetch(`api/pictures?name=${name}&label=${label}`, { method: 'POST', "
            "body: Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) })",
            [path.name, label, base64.b64encode(path.read_bytes()).decode()],
        )
    tab.show("zoo")
    tab.show("compare")
    # By keyboard: the model's box, then the button.
    view.get_by_label(MODELS[0]).focus()
    view.keyboard.press("Space")
    view.get_by_role("button", name="Compare").focus()
    view.keyboard.press("Enter")
    view.locator("iframe.report").wait_for(timeout=240_000)
    view.frame_locator("iframe.report").get_by_text("What may be concluded").first.wait_for()
    audited(view, "the report")
