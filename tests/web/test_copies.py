"""What repeats an answer of the playground elsewhere: a command, a program, a macro."""

import json
import shlex
import subprocess
import sys

import pytest

from web_actions import MOSAIC, click, drag, drop, regions, said, settled, shown


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


def polygon(playground):
    playground.get_by_role("button", name="Polygon").click()
    for place in ((0.4, 0.3), (0.55, 0.3), (0.48, 0.5)):
        click(playground, place)
    playground.keyboard.press("Enter")
    settled(playground)


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


def test_what_was_painted_away_is_copied_for_python_alone(playground, seven):
    drop(playground, seven)
    shown(playground)
    playground.get_by_role("button", name="Paint away").click()
    drag(playground, (0.35, 0.2), (0.65, 0.2))
    settled(playground)
    for name, sentence in (("Command", "cannot paint"), ("Macro", "cannot paint")):
        playground.get_by_role("button", name=name, exact=True).click()
        playground.get_by_text(sentence).first.wait_for()
    playground.get_by_role("button", name="Python", exact=True).click()
    playground.get_by_text("Program copied").wait_for()
    text = playground.evaluate("navigator.clipboard.readText()")
    compile(text, "copied.py", "exec")
    assert 'mask_fill="mean"' in text
