"""The heat map of the playground: what an answer rests on."""

import numpy as np
import tifffile
from PIL import Image

from web_actions import drop, settled, until
from zoobridge.training.explain import explain


def test_the_heat_map_shows_what_an_answer_rests_on(playground, seven, demo):
    drop(playground, seven)
    settled(playground)
    playground.get_by_role("button", name="Show heat map").click()
    playground.get_by_role("button", name="Remove heat map").wait_for()
    until(playground, "!document.querySelector('.heat[data-running]')")
    found = playground.evaluate(
        "document.querySelector('.view').viewer.heat.map((one) => [one.x, one.y, one.change])"
    )
    assert len(found) == 49
    assert playground.locator(".heat [role=group] select").input_value() == "7"
    # The same windows, covered by `zoobridge explain`.
    values = explain(demo.client, "digits", seven, framework="onnx", windows=7).values
    theirs = [values[y, x] for x, y, _ in found]
    ours = [change for *_, change in found]
    assert np.corrcoef(theirs, ours)[0, 1] > 0.9
    before = playground.locator("canvas").screenshot()
    playground.locator(".heat [role=group] select").select_option("3")
    playground.wait_for_timeout(200)
    assert playground.locator("canvas").screenshot() != before
    playground.get_by_role("button", name="Remove heat map").click()
    assert playground.evaluate("document.querySelector('.view').viewer.heat.length") == 0


def test_a_heat_map_is_cancelled(mosaic):
    mosaic.get_by_label("Windows").fill("24")
    mosaic.get_by_label("Windows").press("Tab")
    mosaic.get_by_role("button", name="Show heat map").click()
    mosaic.locator(".heat").get_by_role("button", name="Cancel").click()
    mosaic.get_by_role("button", name="Show heat map").wait_for()
    assert mosaic.evaluate("document.querySelector('.view').viewer.heat.length") == 0


def test_a_heat_map_is_of_the_plane_that_is_looked_at(playground, seven, tmp_path):
    digit = np.asarray(Image.open(seven))
    stack = np.stack([np.zeros_like(digit), digit])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    drop(playground, tmp_path / "stack.tif")
    playground.get_by_label("Plane along Z").fill("1")
    playground.get_by_label("classify every plane").check()
    settled(playground)
    with playground.expect_request("**/api/classify") as request:
        playground.get_by_role("button", name="Show heat map").click()
    assert request.value.post_data_json["models"][0]["planes"] == "Z=1"
    playground.get_by_role("button", name="Remove heat map").wait_for()
    assert playground.locator(".heat [role=group] select").input_value() == "7"
