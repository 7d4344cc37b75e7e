"""What a person does in the playground, and what they wait for."""

import base64
import time
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
MOSAIC = EXAMPLES / "pictures" / "mosaic" / "mosaic.jpg"
# How the playground names them.
ONNX, TEXTURES = "digits@1.0.0 · onnx", "textures@1.0.0 · onnx"

DROP = """([selector, files, kind]) => {
  const data = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const type = name.endsWith(".png") ? "image/png" : "image/tiff";
    data.items.add(new File([bytes], name, { type }));
  }
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
  document.querySelector(selector).dispatchEvent(event);
}"""


def drop(view, *paths: Path, kind="drop", selector=".drop"):
    """Drop files on the page, or paste them."""
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    view.evaluate(DROP, [selector, files, kind])


def choose_models(view, *names):
    """Tick these models, and no other."""
    for tick in view.locator(".models input").all():
        text = tick.locator("xpath=..").inner_text().strip()
        tick.set_checked(text in names)


def settled(view):
    """Wait until every model has answered."""
    view.wait_for_timeout(80)
    view.wait_for_selector(".view.playground:not([data-asking])", timeout=120_000)
    view.wait_for_timeout(60)


def shown(view):
    """Wait until the picture can be drawn on, and was answered."""
    until(view, "document.querySelector('.view').viewer.overview")
    settled(view)


def said(view, number=0) -> str:
    """The best class of an answer."""
    view.locator(".answer .bars").nth(number).wait_for()
    return view.locator(".answer").nth(number).locator(".bars span").first.inner_text()


def drag(view, start, end, *, steps=6):
    """Drag on the picture, from and to places given as shares of the canvas."""
    box = view.locator("canvas").bounding_box()

    def at(place):
        return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]

    view.mouse.move(*at(start))
    view.mouse.down()
    view.mouse.move(*at(end), steps=steps)
    view.mouse.up()


def click(view, place):
    """Click on the picture."""
    box = view.locator("canvas").bounding_box()
    view.mouse.click(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])


def regions(view) -> list:
    """The regions that are drawn."""
    return view.evaluate("document.querySelector('.view').viewer.regions")


def until(view, expression, *, seconds=90.0):
    """Wait until an expression is true; the page's policy forbids what Playwright would do."""
    limit = time.monotonic() + seconds
    while not view.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < limit, f"{expression} did not come about"
        view.wait_for_timeout(50)
