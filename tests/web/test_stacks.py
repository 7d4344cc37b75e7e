"""Models that take whole stacks, beside models that take planes."""

import numpy as np
import pytest
import tifffile

from tiny_packages import add_package, add_stack_package
from web_actions import choose_models, said, settled

STACKS, PLANES = "stacks@1.0.0 · onnx", "tiny@1.0.0 · onnx"


@pytest.fixture
def view(tmp_path, zoobridge_server, start, open_tab):
    add_stack_package(tmp_path / "zoo")
    add_package(tmp_path / "zoo")
    served = zoobridge_server(tmp_path / "zoo", arguments=("--device", "cpu", "--threads", "1"))
    page = start("--server", served.address, environment=served.environment)
    view = open_tab(of=page).open("playground", manager=False)
    stack = np.zeros((3, 4, 4), np.uint8)
    stack[2] = 200
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    choose_models(view, STACKS, PLANES)
    view.set_input_files(".drop input[type=file]", tmp_path / "stack.tif")
    view.get_by_label("Plane along Z").wait_for()
    settled(view)
    return view


def asked(request) -> dict:
    return {one["model"].partition("@")[0]: one["planes"] for one in request["models"]}


def test_a_model_of_stacks_sees_the_whole_stack_whatever_plane_is_looked_at(view):
    assert said(view, 0) == "gravel"
    with view.expect_request("**/api/classify") as request:
        view.get_by_label("Plane along Z").fill("1")
    settled(view)
    assert asked(request.value.post_data_json) == {"stacks": "", "tiny": "Z=1"}
    assert said(view, 0) == "gravel"
    # The other model's answer is shown beside it.
    assert view.locator(".answer .bars").count() == 2
    assert view.locator(".answer .bad").count() == 0
    view.get_by_role("button", name="Command", exact=True).click()
    view.get_by_text("Command copied").wait_for()
    first, second = view.evaluate("navigator.clipboard.readText()").splitlines()
    assert "--planes" not in first
    assert "--planes Z=1" in second
