"""Judging blindly, in the browser."""

import csv
import io
from pathlib import Path

import pytest

from web_actions import until

DIGITS = Path(__file__).parents[2] / "examples" / "pictures" / "digits"
MODELS = ["digits@1.0.0:onnx", "textures@1.0.0:onnx"]


def pictures(visitor, count):
    paths = sorted(DIGITS.rglob("*.png"))[:: 100 // count][:count]
    return [
        visitor.json("POST", f"/api/pictures?name={path.name}", path.read_bytes())["id"]
        for path in paths
    ]


@pytest.fixture
def study(page):
    """A study of digits' answers against textures'."""
    visitor = page.visitor().enter()
    made = visitor.json(
        "POST",
        "/api/studies",
        {"title": "Which?", "models": MODELS, "pictures": pictures(visitor, 6)},
    )
    return visitor, made


def judge(view, study, name):
    view.evaluate("id => { location.hash = `judge/${id}` }", study)
    view.get_by_label("Your name").fill(name)
    view.get_by_role("button", name="Begin").click()


def choose_digits(view):
    """Press the key of the side that names a digit."""
    left = view.locator("[data-side=left] li").first
    left.wait_for()
    side = "ArrowLeft" if left.inner_text()[0].isdigit() else "ArrowRight"
    status = view.locator(".view [role=status]").inner_text()
    view.keyboard.press(side)
    until(view, f"document.querySelector('.view [role=status]')?.textContent !== {status!r}")


def test_answers_are_judged_by_keys_and_resumed(study, open_tab):
    visitor, made = study
    view = open_tab().open("zoo", manager=False)
    judge(view, made["id"], "Ada")
    for _ in range(3):
        choose_digits(view)
    # Another day, another browser.
    view = open_tab().open("zoo", manager=False)
    judge(view, made["id"], "Ada")
    view.get_by_text("Item 4 of 6; 3 judged").wait_for()
    for _ in range(3):
        choose_digits(view)
    view.get_by_text("All 6 items are judged").wait_for()
    verdict = visitor.json("GET", f"/api/studies/{made['id']}/verdict?owner={made['owner']}")
    assert (verdict["for_a"], verdict["for_b"], verdict["equal"]) == (6, 0, 0)
    assert verdict["p_value"] == pytest.approx(2 / 64)


def test_what_a_judge_is_shown_names_no_model(study):
    visitor, made = study
    for number in range(6):
        shown = visitor.ask("GET", f"/api/studies/{made['id']}/items/{number}?judge=Ada")[2]
        assert b"@1.0.0" not in shown
        assert b"digits" not in shown


def test_the_sides_are_random_and_stay_for_a_judge(study):
    visitor, made = study

    def sides(judge):
        return [
            visitor.json("GET", f"/api/studies/{made['id']}/items/{n}?judge={judge}")["left"][0][0]
            for n in range(6)
        ]

    assert sides("Ada") == sides("Ada")
    assert len({tuple(sides(f"judge {n}".replace(" ", "%20"))) for n in range(8)}) > 1


def test_only_who_made_a_study_sees_its_verdict(study, page):
    _, made = study
    other = page.visitor().enter()
    assert other.ask("GET", f"/api/studies/{made['id']}/verdict")[0] == 403
    assert other.ask("GET", f"/api/studies/{made['id']}/votes.csv?owner=x")[0] == 403
    assert other.ask("GET", f"/api/studies/{made['id']}?judge=Bob")[0] == 200


def test_several_judges_are_compared_in_the_verdict(study, tab):
    visitor, made = study
    for name in ("Ada", "Bob", "Cleo"):
        for number in range(6):
            item = visitor.json("GET", f"/api/studies/{made['id']}/items/{number}?judge={name}")
            digit = "left" if item["left"][0][0].isdigit() else "right"
            choice = "equal" if name == "Cleo" and number < 2 else digit
            body = {"number": number, "choice": choice}
            visitor.json("POST", f"/api/studies/{made['id']}/votes?judge={name}", body)
    view = tab.open(f"judge/{made['id']}/verdict")
    view.get_by_text("Cohen's kappa").first.wait_for()
    text = view.locator(".view").inner_text()
    assert "Ada and Cleo" in text
    assert "Fleiss' kappa" in text
    assert "95 % interval 54.1 % to 100.0 %" in text
    table = visitor.ask("GET", f"/api/studies/{made['id']}/votes.csv?owner={made['owner']}")[2]
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert len(rows) == 18
    assert {row["chosen"] for row in rows} == {MODELS[0], "equal"}
    for row in rows:
        assert {row["left"], row["right"]} == set(MODELS)


def test_two_sets_of_pictures_are_shown_side_by_side(page, open_tab):
    visitor = page.visitor().enter()
    first, second = pictures(visitor, 2), pictures(visitor, 2)
    made = visitor.json("POST", "/api/studies", {"sets": [first, second], "names": ["old", "new"]})
    view = open_tab().open("zoo", manager=False)
    judge(view, made["id"], "Ada")
    view.locator(".pair img").nth(1).wait_for()
    widths = "[...document.querySelectorAll('.pair img')].every((one) => one.naturalWidth > 0)"
    until(view, widths)
    view.keyboard.press("ArrowDown")
    view.get_by_text("1 judged").wait_for()


def test_sets_that_do_not_match_are_refused(page):
    visitor = page.visitor().enter()
    ids = [*pictures(visitor, 2), visitor.json("POST", "/api/pictures?name=z.png", b"x")["id"]]
    status, _, content = visitor.ask("POST", "/api/studies", {"sets": [ids, ids[:2]]})
    assert status == 400
    assert b"do not match" in content


def test_a_study_may_outlive_the_page(demo, start, tmp_path):
    where = ("--server", demo.address, "--studies", tmp_path / "studies")
    page = start(*where)
    visitor = page.visitor().enter()
    made = visitor.json(
        "POST", "/api/studies", {"models": MODELS, "pictures": pictures(visitor, 2)}
    )
    vote = {"number": 0, "choice": "equal"}
    visitor.json("POST", f"/api/studies/{made['id']}/votes?judge=Ada", vote)
    page.stop()
    visitor = start(*where).visitor().enter()
    assert visitor.json("GET", f"/api/studies/{made['id']}?judge=Ada")["done"] == 1
    assert visitor.ask("GET", "/api/studies/..%2f?judge=Ada")[0] == 404


def test_it_is_made_in_the_browser(tab, page):
    view = tab.open("judge")
    view.locator(".drop input[type=file]").first.set_input_files(sorted(DIGITS.rglob("*.png"))[:2])
    view.get_by_text("2 pictures").wait_for()
    view.locator(".bar select").nth(2).select_option(MODELS[1])
    view.get_by_role("button", name="Make the study").click()
    view.get_by_label("Your name").fill("Ada")
    view.get_by_role("button", name="Copy the address for judges").click()
    view.get_by_text("copied").wait_for()
    address = view.evaluate("navigator.clipboard.readText()")
    assert address.startswith(page.base)
    assert "#judge/" in address
