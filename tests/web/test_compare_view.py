"""Comparing models on labelled pictures, in the browser."""

import json
import shutil
from pathlib import Path

import pytest

from zoobridge.errors import ImageFormatError
from zoobridge.web._runs import ComparisonTask
from zoobridge.web._sessions import Session, UploadedPicture

DIGITS = Path(__file__).parents[2] / "examples" / "pictures" / "digits"
ONNX = "digits@1.0.0:onnx"
# How many lines each word of the models' names takes in the gallery.
LINES_OF_WORDS = """
  [...document.querySelectorAll(".gallery small")].flatMap((name) => [...name.childNodes])
    .filter((one) => one.nodeType === Node.TEXT_NODE).map((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return range.getClientRects().length;
    })
"""


def begin(view, *models):
    for name in models:
        view.get_by_label(name).check()
    view.get_by_role("button", name="Compare").click()


@pytest.fixture
def view(tab):
    opened = tab.open("compare")
    opened.get_by_role("button", name="Examples…").click()
    opened.get_by_role("button", name="digits (100)").click()
    opened.get_by_role("cell", name="10").first.wait_for()
    return opened


def test_a_comparison_ends_with_the_report_in_the_page(view, tab):
    begin(view, ONNX)
    report = view.frame_locator("iframe.report")
    report.get_by_text("What may be concluded, and what may not").wait_for(timeout=120_000)
    row = view.locator(".measures tbody tr")
    assert row.count() == 1
    assert "0.970" in row.inner_text()
    with view.expect_download() as download:
        view.get_by_role("link", name="answers.csv").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert len(lines) == 101
    mistake = view.locator(".gallery button")
    assert mistake.count() == 3
    assert view.evaluate(LINES_OF_WORDS) == [1] * 9, "a model's name breaks within a word"
    truth = mistake.first.inner_text().strip()
    mistake.first.click()
    view.wait_for_selector(".view.playground[data-ready]")
    view.locator(".answer .bars").wait_for()
    answered = view.locator(".bars span").first.inner_text()
    assert f"answered {answered}" in truth.replace("\n", " ")


def test_it_is_cancelled(view):
    begin(view, ONNX, "digits@1.0.0:pytorch")
    view.get_by_role("button", name="Cancel").click()
    view.get_by_text("Cancelled.").wait_for()
    # Waits until it may be pressed again.
    view.get_by_role("button", name="Compare").click(trial=True)
    assert view.locator("iframe.report").count() == 0


def test_a_folder_of_each_class_may_be_chosen(tab, tmp_path):
    for name in "38":
        (tmp_path / "labelled" / name).mkdir(parents=True)
        for path in sorted((DIGITS / name).glob("*.png"))[:3]:
            shutil.copy(path, tmp_path / "labelled" / name)
    view = tab.open("compare")
    view.locator(".drop input[type=file]").nth(1).set_input_files(tmp_path / "labelled")
    view.get_by_role("button", name="Remove 3").wait_for()
    rows = view.locator(".view tbody tr")
    assert [row.locator("td").nth(1).inner_text() for row in rows.all()] == ["3", "3"]
    view.get_by_role("button", name="Remove 3").click()
    view.get_by_role("button", name="Remove 3").wait_for(state="detached")
    assert rows.count() == 1


def test_classes_that_no_model_has_are_named(page):
    visitor = page.visitor().enter()
    picture = visitor.json(
        "POST", "/api/pictures?name=x.png&label=dog", next((DIGITS / "3").iterdir()).read_bytes()
    )
    run = visitor.json("POST", "/api/runs", {"models": [ONNX], "pictures": [picture]})
    _, _, content = visitor.ask("GET", f"/api/runs/{run['id']}/events")
    last = json.loads(content.splitlines()[-1])
    assert "dog" in last["error"]


def test_a_folder_of_the_server_gives_the_same_report_and_mistakes(
    zoobridge_server, start, open_tab
):
    served = zoobridge_server(
        DIGITS.parents[1] / "zoo",
        arguments=("--device", "cpu", "--threads", "1", "--allow-path", DIGITS.parent),
    )
    page = start("--server", served.address, "--token", served.token,
                 environment=served.environment)  # fmt: skip
    view = open_tab(of=page).open("compare")
    view.get_by_label("Data").select_option("server")
    view.get_by_role("textbox", name="Folder").fill(str(DIGITS))
    begin(view, ONNX)
    report = view.frame_locator("iframe.report")
    report.get_by_text("What may be concluded, and what may not").wait_for(timeout=120_000)
    assert "0.970" in view.locator(".measures tbody tr").inner_text()
    mistake = view.locator(".gallery button")
    assert mistake.count() == 3
    truth = mistake.first.inner_text().strip()
    mistake.first.click()
    view.wait_for_selector(".view.playground[data-ready]")
    view.locator(".answer .bars").wait_for()
    answered = view.locator(".bars span").first.inner_text()
    assert f"answered {answered}" in truth.replace("\n", " ")
    view.locator(".pictures img[src]").wait_for()
    # It goes with its comparison, and takes none of the visitor's room.
    left = view.evaluate("fetch('api/pictures').then((answer) => answer.json())")
    assert left == {"pictures": []}


def test_the_pictures_of_mistakes_go_with_their_comparison(tmp_path):
    session = Session("", tmp_path)
    run = session.runs["1"] = ComparisonTask(tmp_path)
    mistake = UploadedPicture("1-x", "x.png", tmp_path / "x.png", 0)
    run.pictures["1-x"] = mistake
    assert session.picture("1-x") is mistake
    del session.runs["1"]
    with pytest.raises(ImageFormatError, match="no longer here"):
        session.picture("1-x")


def test_a_folder_of_the_server_must_be_allowed(page):
    visitor = page.visitor().enter()
    run = visitor.json("POST", "/api/runs", {"models": [ONNX], "path": "/etc"})
    _, _, content = visitor.ask("GET", f"/api/runs/{run['id']}/events")
    assert "administrator allow" in json.loads(content.splitlines()[-1])["error"]


def test_a_picture_without_a_class_is_refused(page):
    visitor = page.visitor().enter()
    picture = visitor.json("POST", "/api/pictures?name=x.png", b"x")
    status, _, content = visitor.ask(
        "POST", "/api/runs", {"models": [ONNX], "pictures": [{"id": picture["id"]}]}
    )
    assert status == 400
    assert b"has no class" in content
