"""Every view in a real Firefox, as its engine lays out, draws and decodes otherwise than Chromium's."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firefox import Firefox

EXAMPLES = Path(__file__).parents[2] / "examples"
VIEWER = "document.querySelector('.view').viewer"
SETTLED = "document.querySelector('.view.playground:not([data-asking]) .answer .bars')"
BEST = "document.querySelector('.answer .bars span').textContent.trim()"

DROP = """(async () => {{
  const bytes = Uint8Array.from(atob("{data}"), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "{name}", {{ type: "image/png" }}));
  document.querySelector(".drop").dispatchEvent(
    new DragEvent("drop", {{ dataTransfer: data, bubbles: true, cancelable: true }}));
}})()"""


@pytest.fixture(scope="module")
def firefox(page, tmp_path_factory):
    """A Firefox on the page, whose every complaint fails the tests."""
    running = Firefox(tmp_path_factory.mktemp("firefox"))
    running.resize(1280, 860)
    running.open(page.address)
    running.until("document.querySelector('.view[data-ready]')")
    yield running
    faults, hosts = running.faults, running.hosts
    running.close()
    assert not faults
    assert {host for host in hosts if ":" in host} <= {page.base.partition("://")[2].rstrip("/")}


def show(firefox, view):
    firefox.evaluate(f"void (location.hash = {view!r})")
    name = view.partition("/")[0]
    firefox.until(f"document.querySelector('.view.{name}[data-ready]')")


def choose(firefox, *names):
    firefox.evaluate(
        f"""[...document.querySelectorAll(".models input")].forEach((tick) => {{
          if ({list(names)!r}.includes(tick.parentElement.textContent.trim()) !== tick.checked) tick.click();
        }})"""
    )


def press_button(firefox, name):
    buttons = "[...document.querySelectorAll('button')]"
    firefox.evaluate(f"{buttons}.find((one) => one.textContent === {name!r}).click()")


def test_the_zoo_shows_its_cards_and_filters_them(firefox):
    show(firefox, "zoo")
    assert firefox.evaluate("document.querySelectorAll('.card').length") >= 2
    firefox.click("input[type=search]")
    firefox.press(*"textures")
    firefox.until("document.querySelectorAll('.card:not([hidden])').length === 1")


def test_a_dropped_picture_is_answered_and_shown(firefox):
    show(firefox, "playground/digits")
    choose(firefox, "digits@1.0.0 · onnx")
    seven = next((EXAMPLES / "pictures" / "digits" / "7").glob("*.png"))
    data = base64.b64encode(seven.read_bytes()).decode()
    firefox.evaluate(DROP.format(data=data, name=seven.name))
    firefox.until(SETTLED)
    firefox.until(f"{BEST} === '7'")
    firefox.until(f"{VIEWER}.overview")
    # The picture is really drawn.
    shot = Image.open(io.BytesIO(base64.b64decode(firefox.screenshot())))
    box = firefox.evaluate("document.querySelector('canvas').getBoundingClientRect()")
    middle = shot.crop((box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]))
    assert len(np.unique(np.asarray(middle.convert("L")))) > 8


def test_boxes_are_drawn_by_mouse_and_keyboard_and_linked_with_rows(firefox):
    show(firefox, "playground/textures")
    choose(firefox, "textures@1.0.0 · onnx")
    firefox.set_files(".drop input[type=file]", EXAMPLES / "pictures" / "mosaic" / "mosaic.jpg")
    firefox.until(f"{VIEWER}.size?.width > 500 && {SETTLED}")
    press_button(firefox, "Box")
    firefox.drag("canvas", (0.4, 0.4), (0.45, 0.45), (0.5, 0.5))
    firefox.until("document.querySelectorAll('.linked tbody tr').length === 1")
    firefox.evaluate("document.querySelector('canvas').focus()")
    before = firefox.evaluate(f"{VIEWER}.regions[0]")
    firefox.press("ArrowRight", "Shift+ArrowDown", "b")
    firefox.until("document.querySelectorAll('.linked tbody tr').length === 2")
    after = firefox.evaluate(f"{VIEWER}.regions[0]")
    assert after["x"] > before["x"]
    assert after["height"] > before["height"]
    firefox.click(".linked tbody tr:nth-child(1) button")
    firefox.until(f"{VIEWER}.selected === '1'")
    firefox.until(f"{VIEWER}.colors.size === 2")


def test_a_comparison_shows_its_report(firefox):
    show(firefox, "compare")
    press_button(firefox, "Examples…")
    firefox.until("document.querySelector('dialog li button')")
    press_button(firefox, "digits (100)")
    firefox.until("[...document.querySelectorAll('td')].some((one) => one.textContent === '10')")
    choose(firefox, "digits@1.0.0:onnx")
    press_button(firefox, "Compare")
    firefox.until("document.querySelector('iframe.report')", seconds=200)
    firefox.until("document.querySelectorAll('.gallery button img[src]').length === 3")


def sit_down(firefox, study, name):
    """Begin to judge a study, or continue, under a name."""
    show(firefox, "zoo")
    show(firefox, f"judge/{study}")
    firefox.evaluate(
        "(() => { const name = document.querySelector('form input'); name.value = ''; name.focus(); })()"
    )
    firefox.press(*name, "Enter")


def judge(firefox, number, key):
    """Answer an item, once it is shown with its picture."""
    firefox.until(f"document.querySelector('.view [role=status]')?.textContent === 'Item {number}"
                  f" of 3; {number - 1} judged'")  # fmt: skip
    firefox.until("document.querySelector('.alone img').naturalWidth > 0")
    firefox.press(key)


def test_a_study_is_judged_by_keys_by_several_and_continued_later(firefox, page):
    visitor = page.visitor().enter()
    pictures = [
        visitor.json("POST", f"/api/pictures?name={path.name}", path.read_bytes())["id"]
        for path in sorted((EXAMPLES / "pictures" / "digits").rglob("*.png"))[::40]
    ]
    asked = {"models": ["digits@1.0.0:onnx", "textures@1.0.0:onnx"], "pictures": pictures}
    study = visitor.json("POST", "/api/studies", asked)["id"]
    sit_down(firefox, study, "Ada")
    judge(firefox, 1, "ArrowLeft")
    judge(firefox, 2, "ArrowRight")
    # Another person at the same browser, then Ada again.
    sit_down(firefox, study, "Bob")
    for number in (1, 2, 3):
        judge(firefox, number, "ArrowDown")
    firefox.until("document.querySelector('.view .good')")
    sit_down(firefox, study, "Ada")
    judge(firefox, 3, "ArrowLeft")
    firefox.until("document.querySelector('.view .good')")
    show(firefox, f"judge/{study}/verdict")
    firefox.until("document.querySelector('.verdict')")
    seen = firefox.evaluate("document.querySelector('.view').textContent")
    assert "3 of 3 items judged" in seen
    assert "Ada and Bob: Cohen's kappa" in seen


def test_the_server_is_shown_with_its_charts_and_log(firefox):
    show(firefox, "server")
    firefox.until("document.querySelectorAll('.chart svg').length === 4")
    firefox.until("document.querySelector('.server-log').textContent.includes('digits')")


def test_the_views_are_reached_by_keyboard(firefox):
    show(firefox, "zoo")
    firefox.evaluate("document.querySelector('#skip').focus()")
    firefox.press("Tab", "Tab")
    assert firefox.evaluate("document.activeElement.textContent") == "Playground"
    firefox.press("Enter")
    firefox.until("document.querySelector('.view.playground[data-ready]')")


def test_nothing_is_wider_than_a_phone(firefox):
    firefox.resize(360, 740)
    for view in ("zoo", "playground/digits", "compare", "judge", "server"):
        show(firefox, view)
        assert firefox.evaluate("document.documentElement.scrollWidth") <= 360, view
    firefox.resize(1280, 860)
