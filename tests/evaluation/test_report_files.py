"""The report of an evaluation, sent by the service."""

import asyncio
import json

import numpy as np
import pytest
from PIL import Image

from served import SIZE, write_package
from zoobridge.client import connect_async, evaluation_request
from zoobridge.evaluation import (
    evaluate,
    find_mistakes,
    read_dataset,
    read_mapping,
    respond,
)
from zoobridge.evaluation.report import _mistakes
from zoobridge.evaluation.service import _report_files

MODEL = "brightness@1.0.0"
OTHER = "other@1.0.0"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two bright pictures and two dark ones, and a bright one among the dark."""
    folder = tmp_path_factory.mktemp("data")
    for name, level in (
        ("bright/0", 200),
        ("bright/1", 190),
        ("dark/0", 50),
        ("dark/1", 60),
        ("dark/wrong", 210),
    ):
        path = folder / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((SIZE, SIZE), level, np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def server(data, tmp_path_factory, zoobridge_server):
    zoo = tmp_path_factory.mktemp("zoo")
    write_package(zoo / "one", "brightness")
    write_package(zoo / "two", "other")
    arguments = ("--device", "cpu", "--threads", "1", "--allow-path", str(data))
    return zoobridge_server(zoo, arguments=arguments)


@pytest.fixture(scope="module")
def client(server):
    return server.client


def test_the_report_is_sent_with_pictures_of_the_mistakes(client, data, tmp_path):
    client.evaluate(MODEL, data, report=tmp_path / "report")
    answers = (tmp_path / "report" / "answers.csv").read_text("utf-8").splitlines()
    assert len(answers) == 6
    assert "What may be concluded" in (tmp_path / "report" / "report.html").read_text("utf-8")
    (mistake,) = json.loads((tmp_path / "report" / "mistakes.json").read_text("utf-8"))
    wrong = data / "dark" / "wrong.png"
    assert (mistake["model"], mistake["truth"], mistake["label"], mistake["name"]) == (
        f"{MODEL}:onnx", "dark", "bright", str(wrong),
    )  # fmt: skip
    assert (tmp_path / "report" / mistake["picture"]).read_bytes() == wrong.read_bytes()


def test_asyncio_receives_the_same_files(server, data, tmp_path):
    async def run():
        async with await connect_async(server.address, token=server.token) as there:
            await there.evaluate(MODEL, data, report=tmp_path)

    asyncio.run(run())
    (mistake,) = json.loads((tmp_path / "mistakes.json").read_text("utf-8"))
    assert (tmp_path / mistake["picture"]).exists()


def test_pictures_that_are_too_large_are_named_and_not_sent(client, data, tmp_path, monkeypatch):
    monkeypatch.setattr(_report_files, "_PICTURE_BYTES", 10)
    request = evaluation_request(MODEL, data, report=True)
    found = list(respond(client, request, folder=tmp_path))
    files = [one.file for one in found if one.WhichOneof("event") == "file"]
    assert {one.name for one in files} == {
        "answers.csv", "measures.csv", "report.html", "report.json", "mistakes.json",
    }  # fmt: skip
    (mistake,) = json.loads(files[-1].data)
    assert mistake["picture"] == ""


def test_no_file_is_sent_that_was_not_asked_for(client, data, tmp_path):
    request = evaluation_request(MODEL, data)
    found = list(respond(client, request, folder=tmp_path))
    assert found[-1].WhichOneof("event") == "result"


def test_the_report_names_the_command_that_repeats_it_with_all_that_was_asked_for(
    client, data, tmp_path
):
    """With the classes' other names: as the file that the command names."""
    mapping = {"dark": "dark", "bright": "bright"}
    asked = {
        "reader": "folders",
        "mapping": mapping,
        "measures": ("accuracy", "f1_macro"),
        "seed": 7,
        "resamples": 100,
    }
    client.evaluate(MODEL, data, report=tmp_path, **asked)
    command = json.loads((tmp_path / "report.json").read_text("utf-8"))["command"]
    assert command == (
        f"zoobridge evaluate {MODEL}:onnx --data {data} --reader folders --mapping mapping.csv "
        "--measures accuracy,f1_macro --seed 7 --resamples 100 --report report"
    )
    assert read_mapping(tmp_path / "mapping.csv") == mapping


def test_every_model_has_mistakes_among_those_that_are_shown(client, data, tmp_path, monkeypatch):
    monkeypatch.setattr(_mistakes, "_MOST", 2)
    dataset = read_dataset(data)
    swapped = {"dark": "bright", "bright": "dark"}
    comparison = evaluate(client, [MODEL, OTHER], dataset, folder=tmp_path, mapping=swapped)
    found = find_mistakes(comparison, dataset)
    assert [one.model for one in found] == [f"{MODEL}:onnx", f"{OTHER}:onnx"]
