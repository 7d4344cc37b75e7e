"""Trying models on pictures: dropped, drawn on, painted away."""

import http.client
import json
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from web_actions import (
    EXAMPLES,
    MOSAIC,
    ONNX,
    TEXTURES,
    choose_models,
    click,
    drag,
    drop,
    regions,
    said,
    settled,
    shown,
    until,
)

TORCH = "digits@1.0.0 · pytorch"


@pytest.fixture
def view(playground):
    return playground


def test_a_dropped_picture_is_answered(view, seven):
    drop(view, seven)
    settled(view)
    assert said(view) == "7"
    answer = view.locator(".answer").inner_text()
    for text in ("answered in", "onnx 1.", "on cpu"):
        assert text in answer


def test_a_pasted_picture_is_answered(view, seven):
    drop(view, seven, kind="paste", selector="body")
    settled(view)
    assert said(view) == "7"


def test_many_pictures_may_be_dropped_at_once(view):
    folder = EXAMPLES / "pictures" / "digits"
    drop(view, *(next((folder / name).glob("*.png")) for name in "0123456789"))
    settled(view)
    view.locator(".pictures button").nth(9).click()
    settled(view)
    assert view.locator(".pictures button").count() == 10
    assert view.locator(".pictures [aria-current]").count() == 1


def test_examples_may_be_taken(view):
    view.get_by_role("button", name="Examples…").click()
    view.get_by_role("button", name="digits/3 (10)").click()
    settled(view)
    assert view.locator(".pictures button").count() == 10
    assert said(view) == "3"


def test_frameworks_stand_side_by_side_and_agree(view, seven):
    choose_models(view, ONNX, TORCH)
    drop(view, seven)
    settled(view)
    assert [said(view, 0), said(view, 1)] == ["7", "7"]
    view.get_by_text("All 2 agree: 7").wait_for()


def test_models_that_say_different_things_are_shown_to_disagree(view, seven):
    choose_models(view, ONNX, TEXTURES)
    drop(view, seven)
    settled(view)
    assert view.locator(".agree").get_attribute("data-agree") == "split"


def test_conversions_are_told(view, tmp_path):
    Image.new("RGB", (40, 30), (200, 20, 20)).save(tmp_path / "red.png")
    drop(view, tmp_path / "red.png")
    settled(view)
    text = view.locator(".conversions").inner_text()
    assert "rgb to grey" in text
    assert "resized: 30 × 40" in text


def test_what_is_no_picture_is_said_so(view, tmp_path):
    (tmp_path / "no.png").write_text("no picture")
    drop(view, tmp_path / "no.png")
    view.locator(".answer .bad").wait_for()
    assert "PNG" in view.locator(".answer .bad").inner_text()


def test_planes_of_a_stack_of_16_bits_are_stepped_through(view, tmp_path):
    planes = [np.asarray(Image.open(next((EXAMPLES / "pictures/digits" / n).glob("*.png"))))
              for n in "317"]  # fmt: skip
    stack = np.stack(planes).astype(np.uint16) * 257
    tifffile.imwrite(
        tmp_path / "stack.tif", stack, photometric="minisblack", metadata={"axes": "ZYX"}
    )
    drop(view, tmp_path / "stack.tif")
    settled(view)
    view.get_by_text("64 × 64, uint16").wait_for()
    assert said(view) == "3"
    view.get_by_label("Plane along Z").fill("2")
    settled(view)
    assert said(view) == "7"
    view.get_by_label("classify every plane").check()
    settled(view)
    rows = view.locator(".linked tbody tr")
    assert rows.count() == 3
    assert [rows.nth(n).locator("td").nth(2).inner_text()[0] for n in range(3)] == list("317")


def test_black_and_white_change_the_view_and_no_answer(view, seven):
    drop(view, seven)
    shown(view)
    asked = []
    view.on("request", lambda request: asked.append(request.url))
    before = view.locator("canvas").screenshot()
    view.get_by_label("White").fill("40")
    view.wait_for_timeout(500)
    assert view.locator("canvas").screenshot() != before
    assert not [url for url in asked if "classify" in url]
    assert "view only" in view.locator(".view").inner_text()


def test_a_box_is_drawn_and_linked_with_its_row(mosaic):
    mosaic.get_by_role("button", name="Box").click()
    for place in (0.3, 0.45, 0.6):
        drag(mosaic, (place, place), (place + 0.08, place + 0.08))
    settled(mosaic)
    rows = mosaic.locator(".linked tbody tr")
    assert rows.count() == len(regions(mosaic)) == 3
    assert all(label in ("brick", "grass", "gravel") for label in
               mosaic.evaluate("[...document.querySelector('.view').viewer.labels.values()]"))  # fmt: skip
    rows.nth(0).get_by_role("button").click()
    assert mosaic.evaluate("document.querySelector('.view').viewer.selected") == "1"
    mosaic.get_by_role("button", name="Fit").click()
    mosaic.get_by_role("button", name="Look").click()
    click(mosaic, (0.49, 0.49))
    assert rows.nth(1).get_attribute("aria-selected") == "true"


def test_a_polygon_is_classified_with_its_mask(mosaic):
    mosaic.get_by_role("button", name="Polygon").click()
    for place in ((0.4, 0.3), (0.55, 0.3), (0.48, 0.5)):
        click(mosaic, place)
    mosaic.keyboard.press("Enter")
    settled(mosaic)
    (region,) = regions(mosaic)
    assert len(region["polygon"]) == 3
    assert "masked" in mosaic.locator(".conversions").inner_text()


def test_drawing_works_by_keyboard_alone(mosaic):
    mosaic.locator("canvas").focus()
    mosaic.keyboard.press("b")
    (first,) = regions(mosaic)
    mosaic.keyboard.press("ArrowRight")
    mosaic.keyboard.press("Shift+ArrowDown")
    (moved,) = regions(mosaic)
    assert moved["x"] > first["x"]
    assert moved["height"] > first["height"]
    settled(mosaic)
    assert mosaic.locator(".linked tbody tr").count() == 1
    mosaic.keyboard.press("Delete")
    assert regions(mosaic) == []


def test_tiles_paint_a_class_map(mosaic):
    mosaic.get_by_role("button", name="Class map").click()
    settled(mosaic)
    assert mosaic.evaluate("document.querySelector('.view').viewer.colors.size") == 256
    counts = mosaic.locator(".view .labels").inner_text()
    assert all(label in counts for label in ("brick", "grass", "gravel"))
    before = mosaic.locator("canvas").screenshot()
    mosaic.get_by_label("Opacity").fill("0.9")
    mosaic.wait_for_timeout(200)
    assert mosaic.locator("canvas").screenshot() != before


def test_a_part_that_is_painted_away_moves_the_scores(view, seven):
    drop(view, seven)
    shown(view)
    view.get_by_role("button", name="Paint away").click()
    view.get_by_label("Brush").fill("2")
    view.get_by_label("Brush").press("Enter")
    drag(view, (0.35, 0.2), (0.65, 0.2))
    settled(view)
    view.locator(".score", has_text="(").first.wait_for()
    assert "masked" in view.locator(".conversions").inner_text()
    view.get_by_role("button", name="Put back").click()
    settled(view)
    assert view.locator(".score", has_text="(").count() == 0
    assert said(view) == "7"


def test_a_picture_of_100_megapixels_is_shown_and_answered(view, tmp_path):
    pixels = np.zeros((10_000, 10_000), np.uint8)
    pixels[4000:6000] = 200
    tifffile.imwrite(tmp_path / "large.tif", pixels, compression="zlib", tile=(1024, 1024))
    view.set_input_files(".drop input[type=file]", tmp_path / "large.tif")
    view.get_by_text("10000 × 10000, uint8").wait_for(timeout=90_000)
    settled(view)
    said(view)
    until(view, "document.querySelector('.view').viewer.overview")
    view.locator("canvas").focus()
    for _ in range(12):
        view.keyboard.press("+")
    until(view, "document.querySelector('.view').viewer.detail")
    detail = view.evaluate("document.querySelector('.view').viewer.detail.picture.width")
    assert detail < 2049


def test_two_visitors_do_not_see_each_other(open_tab, seven):
    views = []
    for model in (ONNX, TEXTURES):
        view = open_tab().open("playground", manager=False)
        choose_models(view, model)
        drop(view, seven)
        views.append(view)
    for view in views:
        settled(view)
        assert view.locator(".pictures button").count() == 1
    assert said(views[0]) == "7"
    assert said(views[1]) in ("brick", "grass", "gravel")


def test_leaving_cancels_what_was_asked(page, demo):
    visitor = page.visitor().enter()
    picture = visitor.json("POST", "/api/pictures?name=m.jpg", MOSAIC.read_bytes())
    regions = [{"id": str(n), "x": n % 900, "y": n % 900, "width": 64, "height": 64}
               for n in range(20_000)]  # fmt: skip
    link = http.client.HTTPConnection("127.0.0.1", page.port)
    body = {"picture": picture["id"], "models": [{"model": "textures", "framework": "onnx"}],
            "regions": regions}  # fmt: skip
    link.request("POST", "/api/classify", json.dumps(body), {
        "Origin": f"http://127.0.0.1:{page.port}", "Cookie": visitor.cookie})  # fmt: skip
    answer = link.getresponse()
    assert answer.read(10)
    answer.close()
    link.close()
    limit = time.monotonic() + 60
    while any(model.waiting for model in demo.client.statistics().models):
        assert time.monotonic() < limit, "the server still works for a visitor who left"
        time.sleep(0.1)
    done = [one.items for one in demo.client.statistics().models if one.model == "textures"]
    assert done[0] < 20_000, "it was done before it could be cancelled; ask for more"


def test_pictures_of_gif_and_webp_are_shown_with_their_planes(view, tmp_path):
    frames = [
        Image.open(next((EXAMPLES / "pictures/digits" / n).glob("*.png"))).convert("RGB")
        for n in "37"
    ]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:], duration=100)
    frames[1].save(tmp_path / "x.webp", lossless=True)
    view.set_input_files(".drop input[type=file]", [tmp_path / "x.gif", tmp_path / "x.webp"])
    settled(view)
    view.get_by_label("Plane along T").fill("1")
    settled(view)
    assert said(view) == "7"
    view.locator(".pictures button").nth(1).click()
    settled(view)
    assert said(view) == "7"
    assert view.locator(".pictures img").count() == 2


def test_another_picture_of_a_file_may_be_chosen(view, tmp_path):
    with tifffile.TiffWriter(tmp_path / "two.tif") as writer:
        for number in "37":
            one = Image.open(next((EXAMPLES / "pictures/digits" / number).glob("*.png")))
            writer.write(np.pad(np.asarray(one), (0, int(number) - 3)), metadata={"Name": number})
    drop(view, tmp_path / "two.tif")
    settled(view)
    view.locator(".file-note", has_text="2 pictures").wait_for()
    assert said(view) == "3"
    view.get_by_label("Picture of the file").fill("1")
    view.get_by_label("Picture of the file").press("Enter")
    view.get_by_text("68 × 68, uint8").wait_for()
    settled(view)
    assert said(view) == "7"
    view.get_by_role("button", name="Macro").click()
    view.get_by_text("A macro cannot choose a picture of the file.").wait_for()
