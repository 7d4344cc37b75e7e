"""The server at work, in the browser; gone and back."""

import json
import os
import subprocess
import sys
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from served import write_package
from web_actions import drop, said, settled, until

HOSTILE = "<img src=x onerror=window.run=1>"


def test_charts_show_what_top_shows(tab, demo):
    demo.client.classify("digits", np.zeros((8, 8), np.uint8), framework="onnx")
    view = tab.open("server")
    view.get_by_role("cell", name="digits@1.0.0").first.wait_for()
    titles = [one.inner_text() for one in view.locator(".chart h3").all()]
    assert titles == ["Requests a second", "Time of a request", "Waiting requests", "Memory"]
    memory = view.locator(".chart").nth(3).locator("svg")
    assert "server" in memory.get_attribute("aria-label")
    view.get_by_label("Log of the server").wait_for()
    view.get_by_label("Log of the page").wait_for()


def test_the_log_is_for_managers(tab):
    view = tab.open("server", manager=False)
    view.locator(".chart").first.wait_for()
    assert view.locator(".log").count() == 0


def test_any_number_of_a_record_is_answered(page):
    manager = page.visitor().enter()
    manager.json("POST", "/api/login", {"token": page.key})
    for after in ("9" * 19, "9" * 30, "9" * 10_000, "-1", "x", "²", ""):
        assert manager.json("GET", f"/api/log?after={quote(after)}")["problem"] == ""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A zoo whose every text is markup that would run a script."""
    folder = tmp_path_factory.mktemp("hostile")
    outputs = [
        {
            "id": "output",
            "axes": [{"type": "batch"}, {"type": "channel", "channel_names": [HOSTILE, "dark"]}],
            "data": {"type": "float32"},
            "test_tensor": {"source": "test_output.npy"},
        }
    ]
    package = write_package(
        folder / "zoo" / "hostile", "hostile", outputs=outputs,
        description=f"{HOSTILE} <script>window.run=1</script>",
        authors=[{"name": HOSTILE}], cite=[{"text": HOSTILE, "doi": "10.1234/5678"}],
    )  # fmt: skip
    (package / "README.md").write_text(f"# {HOSTILE}\n\n<script>window.run=1</script>")
    broken = folder / "zoo" / "broken"
    broken.mkdir()
    (broken / "rdf.yaml").write_text(json.dumps({"type": "model", "name": HOSTILE}))
    return folder / "zoo"


@pytest.fixture
def grey(tmp_path):
    Image.fromarray(np.full((4, 4), 200, np.uint8)).save(tmp_path / f"{HOSTILE[:20]}.png")
    return tmp_path / f"{HOSTILE[:20]}.png"


def test_nothing_that_a_package_or_a_name_says_is_run(
    hostile, zoobridge_server, start, open_tab, grey
):
    served = zoobridge_server(hostile, arguments=("--device", "cpu"))
    page = start("--server", served.address, "--token", served.token)
    view = open_tab(of=page).open("zoo")
    assert view.locator(".card.broken").count() == 1
    view.get_by_role("button", name="Brightness").click()
    view.locator("dialog .labels", has_text=HOSTILE).wait_for()
    view.keyboard.press("Escape")
    view.get_by_role("link", name="Try it").click()
    view.wait_for_selector(".view.playground[data-ready]")
    drop(view, grey)
    settled(view)
    assert said(view) == HOSTILE
    view.locator("canvas").focus()
    view.keyboard.press("b")
    settled(view)
    assert HOSTILE in view.locator(".linked").inner_text()
    assert view.evaluate("window.run") is None
    assert view.locator("main img[src=x]").count() == 0


def serve(zoo, folder):
    """Serve a zoo as a user would, in a runtime folder that stays the same; return the process."""
    (folder / "runtime").mkdir(mode=0o700, exist_ok=True)
    environment = os.environ | {
        "ZOOBRIDGE_RUNTIME_DIR": str(folder / "runtime"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "zoobridge", "serve", zoo, "--device", "cpu"],
        env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return process, environment


def test_a_server_that_was_killed_is_found_again(hostile, start, open_tab, grey, tmp_path):
    process, environment = serve(hostile, tmp_path)
    page = start(environment=environment)
    view = open_tab(of=page).open("zoo")
    view.locator(".card").nth(1).wait_for(timeout=60_000)
    view.evaluate("location.hash = 'playground/hostile'")
    view.wait_for_selector(".view.playground[data-ready]")
    view = open_tab(of=page).open("playground/hostile")
    drop(view, grey)
    settled(view)
    process.kill()
    process.wait()
    view.locator("canvas").focus()
    view.keyboard.press("b")
    view.locator("#banner", has_text="No answer").wait_for()
    manager = page.visitor().enter()
    manager.json("POST", "/api/login", {"token": page.key})
    log = manager.json("GET", "/api/log")
    assert log["records"] == []
    assert log["problem"]
    process, _ = serve(hostile, tmp_path)
    view.get_by_text("The server answers again.").wait_for(timeout=60_000)
    settled(view)
    assert said(view) == HOSTILE
    until(view, "document.querySelector('#banner').textContent === ''")
    process.terminate()
    process.wait()
