"""The page without a mouse: every view is reached, used and left by keys alone."""

import pytest

from web_actions import regions, settled, shown, until

# Far more stops than any view has.
STOPS = 200


class Keys:
    """A person at a keyboard: what has the focus is all that can be used."""

    def __init__(self, view):
        self.view = view

    def press(self, *keys):
        for key in keys:
            self.view.keyboard.press(key)

    def reach(self, wanted, key="Tab"):
        """Press a key until this has the focus."""
        wanted.first.wait_for()
        for _ in range(STOPS):
            self.view.keyboard.press(key)
            if wanted.evaluate_all("all => all.includes(document.activeElement)"):
                outline = self.view.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle"
                )
                assert outline != "none", f"{wanted} has the focus, which cannot be seen"
                return
        pytest.fail(f"{wanted} cannot be reached by {key}")

    def use(self, wanted, *keys):
        """Reach something, and press keys on it."""
        self.reach(wanted)
        self.press(*keys or ("Enter",))

    def write(self, wanted, text):
        self.use(wanted, "Control+a")
        self.view.keyboard.type(text)

    def visit(self, name):
        """Follow the link of a view, from wherever the focus is."""
        self.use(self.view.locator("#views").get_by_role("link", name=name))
        self.view.wait_for_selector(f".view.{name.lower()}[data-ready]")


@pytest.fixture
def view(tab):
    return tab.open("zoo", manager=False)


def test_every_view_is_used_by_keyboard_alone(view, page):
    keys = Keys(view)
    button = lambda name: view.get_by_role("button", name=name, exact=True)  # noqa: E731
    # Zoo: search, open a card, and load its model with the managing token.
    keys.use(button("Log in"))
    view.get_by_label("Token").wait_for()
    view.keyboard.type(page.key)
    keys.press("Enter")
    view.get_by_text("managing", exact=True).wait_for()
    view.wait_for_selector(".view.zoo[data-ready]")
    keys.write(view.get_by_label("Search"), "textures")
    view.get_by_text("1 of", exact=False).first.wait_for()
    keys.use(view.locator(".card h3 button"))
    dialog = view.get_by_role("dialog")
    row = dialog.get_by_role("row", name="onnx")
    row.wait_for()
    if row.get_by_role("button", name="Unload").count():
        keys.use(row.get_by_role("button", name="Unload"))
        row.get_by_role("button", name="Load", exact=True).wait_for()
    keys.use(row.get_by_role("button", name="Load", exact=True))
    row.get_by_role("button", name="Unload").wait_for()
    keys.press("Escape")
    dialog.wait_for(state="detached")

    # Playground: choose a picture, draw a box, and go to it from its row.
    keys.use(view.get_by_role("link", name="Try it"))
    view.wait_for_selector(".view.playground[data-ready]")
    keys.use(button("Examples…"))
    keys.use(button("mosaic (1)"))
    shown(view)
    keys.reach(view.locator("canvas"))
    keys.press("b", "ArrowRight", "Shift+ArrowDown", "Escape")
    (box,) = regions(view)
    settled(view)
    assert view.evaluate("document.querySelector('.view').viewer.selected") is None
    place = view.locator(".linked tbody tr")
    assert place.locator("td").nth(1).inner_text().split()[0] in ("brick", "grass", "gravel")
    keys.use(place.get_by_role("button"))
    assert view.evaluate("document.querySelector('.view').viewer.selected") == box["id"]

    # Compare: take labelled pictures, start, and open a mistake and the report.
    keys.visit("Compare")
    keys.use(button("Examples…"))
    keys.use(button("digits (100)"))
    view.get_by_role("cell", name="10").first.wait_for()
    # The folder of the playground's picture stands among the classes.
    keys.use(button("Remove mosaic"))
    button("Remove mosaic").wait_for(state="detached")
    keys.use(view.get_by_label("digits@1.0.0:onnx"), "Space")
    keys.use(button("Compare"))
    view.locator("iframe.report").wait_for(timeout=120_000)
    report = view.get_by_role("link", name="Open alone")
    with view.expect_popup() as popup:
        keys.use(report)
    popup.value.get_by_text("What may be concluded, and what may not").wait_for()
    popup.value.close()
    keys.use(view.locator(".gallery button").first)
    view.wait_for_selector(".view.playground[data-ready]")
    settled(view)

    # Judge: make a study, give a name, answer, and go back.
    keys.visit("Judge")
    keys.write(view.get_by_label("Question"), "Which is right?")
    keys.use(button("Make the study"))
    keys.write(view.get_by_label("Your name"), "Ada")
    keys.press("Enter")
    view.get_by_text("Item 1 of 100; 0 judged").wait_for()
    keys.press("ArrowLeft")
    view.get_by_text("Item 2 of 100; 1 judged").wait_for()
    keys.press("Backspace")
    view.get_by_text("Item 1 of 100; 1 judged").wait_for()
    keys.use(view.get_by_role("button", name="Right (→)"))
    view.get_by_text("Item 2 of 100; 1 judged").wait_for()

    # Server: the charts are there, and the log is read.
    keys.visit("Server")
    view.locator(".chart svg").first.wait_for()
    log = view.locator(".server-log")
    until(view, "document.querySelector('.server-log').textContent.length > 20")
    keys.reach(view.get_by_label("Show"))
    view.keyboard.type("warning")
    until(view, "document.querySelector('.view.server select').value === 'warning'")
    keys.reach(log)
