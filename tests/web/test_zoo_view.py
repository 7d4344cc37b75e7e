"""The zoo as a visitor sees it."""

from web_actions import until


def test_models_are_cards_with_what_one_wants_to_know(tab):
    tab.open("zoo")
    card = tab.tab.locator(".card", has_text="digits@1.0.0")
    for text in ("Handwritten digits", "10 classes: 0, 1, 2", "onnx", "CC-BY-4.0", "Try it"):
        assert text in card.inner_text()
    until(tab.tab, "document.querySelector('[data-model^=digits] .cover img').naturalWidth")


def test_search_and_filters_narrow_the_list(tab):
    view = tab.open("zoo")
    view.get_by_label("Search").fill("gravel")
    assert view.locator(".card").count() == 1
    view.get_by_label("Search").fill("")
    view.get_by_label("Show").select_option("broken")
    assert view.locator(".card").count() == 0
    assert "0 of 2" in view.locator("[role=status]").first.inner_text()


def test_a_citation_is_copied_with_one_click(tab):
    view = tab.open("zoo")
    view.get_by_role("button", name="Handwritten digits").click()
    view.get_by_role("button", name="Copy the citation").click()
    view.get_by_text("Citation copied").wait_for()
    assert "10.24432/C50P49" in view.evaluate("navigator.clipboard.readText()")


def test_a_manager_loads_and_unloads(tab):
    view = tab.open("zoo/digits")
    row = view.locator("dialog tr", has_text="onnx").first
    row.wait_for()
    if row.get_by_role("button", name="Unload").count() == 0:
        row.get_by_role("button", name="Load", exact=True).click()
    view.locator("dialog tr", has_text="loaded in").first.wait_for()
    view.locator("dialog").get_by_role("button", name="Unload").first.click()
    view.get_by_text("is unloaded").wait_for()


def test_a_visitor_has_no_buttons_for_it(tab):
    view = tab.open("zoo", manager=False)
    view.get_by_role("button", name="Handwritten digits").click()
    view.get_by_text("log in with the managing token").wait_for()
    assert view.get_by_role("button", name="Load").count() == 0


def test_it_is_left_by_keyboard(tab):
    view = tab.open("zoo")
    view.get_by_role("button", name="Handwritten digits").focus()
    view.keyboard.press("Enter")
    view.locator("dialog").wait_for()
    view.keyboard.press("Escape")
    view.locator("dialog").wait_for(state="detached")
