"""Trying models on pictures: dropped, drawn on, painted away."""

import http.client
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from web_actions import choose_models, click, drag, drop, regions, said, settled, until
from zoobridge.training.explain import explain

EXAMPLES = Path(__file__).parents[2] / "examples"
MOSAIC = EXAMPLES / "pictures" / "mosaic" / "mosaic.jpg"
ONNX, TORCH = "digits@1.0.0 · onnx", "digits@1.0.0 · pytorch"
TEXTURES = "textures@1.0.0 · onnx"


@pytest.fixture(scope="session")
def seven():
    return next((EXAMPLES / "pictures" / "digits" / "7").glob("*.png"))


@pytest.fixture
def view(tab, demo):
    """The playground with the digits' model in ONNX Runtime."""
    opened = tab.open("playground/digits")
    choose_models(opened, ONNX)
    return opened


def shown(view):
    """Wait until the picture can be drawn on, and was answered."""
    until(view, "document.querySelector('.view').viewer.overview")
    settled(view)


@pytest.fixture
def mosaic(view):
    """The playground with the mosaic of textures."""
    choose_models(view, TEXTURES)
    view.set_input_files(".drop input[type=file]", MOSAIC)
    shown(view)
    return view


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


@pytest.mark.parametrize("what", ["Command", "Python"])
def test_what_is_copied_repeats_the_answer(mosaic, demo, what):
    mosaic.locator("canvas").focus()
    mosaic.keyboard.press("b")
    settled(mosaic)
    label = said(mosaic)
    mosaic.get_by_role("button", name=what, exact=True).click()
    mosaic.get_by_text("copied").wait_for()
    text = mosaic.evaluate("navigator.clipboard.readText()")
    words = shlex.split(text)[1:] if what == "Command" else ["-c", text]
    program = [sys.executable, *(["-m", "zoobridge"] if what == "Command" else []), *words]
    answer = subprocess.run(
        program, cwd=MOSAIC.parent, env=demo.environment, capture_output=True, text=True, check=True
    )
    assert label in answer.stdout


def test_a_macro_names_the_same_places(mosaic):
    mosaic.locator("canvas").focus()
    mosaic.keyboard.press("b")
    settled(mosaic)
    mosaic.get_by_role("button", name="Macro").click()
    mosaic.get_by_text("Macro copied").wait_for()
    text = mosaic.evaluate("navigator.clipboard.readText()")
    (region,) = regions(mosaic)
    place = ", ".join(str(region[name]) for name in ("x", "y", "width", "height"))
    assert f"makeRectangle({place});" in text
    assert 'run("Classify...", "framework=onnx model=textures@1.0.0 target=[ROI Manager]' in text


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


def test_the_heat_map_shows_what_an_answer_rests_on(view, seven, demo):
    drop(view, seven)
    settled(view)
    view.get_by_role("button", name="Show heat map").click()
    view.get_by_role("button", name="Remove heat map").wait_for()
    until(view, "!document.querySelector('.heat[data-running]')")
    found = view.evaluate(
        "document.querySelector('.view').viewer.heat.map((one) => [one.x, one.y, one.change])"
    )
    assert len(found) == 49
    assert view.locator(".heat [role=group] select").input_value() == "7"
    # The same windows, covered by `zoobridge explain`.
    values = explain(demo.client, "digits", seven, framework="onnx", windows=7).values
    theirs = [values[y, x] for x, y, _ in found]
    ours = [change for *_, change in found]
    assert np.corrcoef(theirs, ours)[0, 1] > 0.9
    before = view.locator("canvas").screenshot()
    view.locator(".heat [role=group] select").select_option("3")
    view.wait_for_timeout(200)
    assert view.locator("canvas").screenshot() != before
    view.get_by_role("button", name="Remove heat map").click()
    assert view.evaluate("document.querySelector('.view').viewer.heat.length") == 0


def test_a_heat_map_is_cancelled(mosaic):
    mosaic.get_by_label("Windows").fill("24")
    mosaic.get_by_label("Windows").press("Tab")
    mosaic.get_by_role("button", name="Show heat map").click()
    mosaic.locator(".heat").get_by_role("button", name="Cancel").click()
    mosaic.get_by_role("button", name="Show heat map").wait_for()
    assert mosaic.evaluate("document.querySelector('.view').viewer.heat.length") == 0


def polygon(view):
    view.get_by_role("button", name="Polygon").click()
    for place in ((0.4, 0.3), (0.55, 0.3), (0.48, 0.5)):
        click(view, place)
    view.keyboard.press("Enter")
    settled(view)


def test_a_polygon_is_copied_as_what_it_is(mosaic, demo):
    polygon(mosaic)
    score = mosaic.locator(".answer .score").first.inner_text()
    mosaic.get_by_role("button", name="Command", exact=True).click()
    mosaic.get_by_text("The command takes boxes only.").wait_for()
    mosaic.get_by_role("button", name="Macro").click()
    mosaic.get_by_text("Macro copied").wait_for()
    assert "makePolygon(" in mosaic.evaluate("navigator.clipboard.readText()")
    mosaic.get_by_role("button", name="Python", exact=True).click()
    mosaic.get_by_text("Program copied").wait_for()
    text = mosaic.evaluate("navigator.clipboard.readText()")
    answer = subprocess.run(
        [sys.executable, "-c", text + "\nprint([one.top[0].score for one in client.classify("
         "'textures@1.0.0', 'mosaic.jpg', framework='onnx', regions=regions)])"],
        cwd=MOSAIC.parent, env=demo.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    scores = json.loads(answer.stdout.splitlines()[-1])
    assert f"{scores[0]:.3f}" == score


def test_what_was_painted_away_is_copied_for_python_alone(view, seven):
    drop(view, seven)
    shown(view)
    view.get_by_role("button", name="Paint away").click()
    drag(view, (0.35, 0.2), (0.65, 0.2))
    settled(view)
    for name, sentence in (("Command", "cannot paint"), ("Macro", "cannot paint")):
        view.get_by_role("button", name=name, exact=True).click()
        view.get_by_text(sentence).first.wait_for()
    view.get_by_role("button", name="Python", exact=True).click()
    view.get_by_text("Program copied").wait_for()
    text = view.evaluate("navigator.clipboard.readText()")
    compile(text, "copied.py", "exec")
    assert 'mask_fill="mean"' in text
