"""``zoobridge compare`` on the demo zoo and its rivals, and its report in a real browser."""

import csv
import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from zoobridge.evaluation import evaluate, read_dataset, read_mapping


def compare(zoo, *words):
    return subprocess.run(
        [sys.executable, "-m", "zoobridge", "compare", *map(str, words)],
        env=zoo.environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures(digits):
    return digits.items[0].path.parents[1]


@pytest.fixture(scope="module")
def report(zoo, pictures, mapping, tmp_path_factory):
    """The report of all frameworks of the demo's digits, and of two rivals."""
    folder = tmp_path_factory.mktemp("report") / "my out"
    done = compare(zoo, "digits", "careful", "hasty", "--data", pictures, "--mapping", mapping,
                   "--seed", "5", "--resamples", "200", "--report", folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def record(report):
    return json.loads((report / "report.json").read_text())


def test_the_same_network_is_a_row_for_each_framework_with_its_parity(record):
    names = [model["name"] for model in record["models"]]
    assert names[:3] == [f"digits@1.0.0:{one}" for one in ("onnx", "pytorch", "tensorflow")]
    assert names[3:] == ["careful@1.0.0:onnx", "hasty@1.0.0:onnx"]
    assert len(record["parity"]) == 3
    assert all(0 < one["difference"] < 1e-4 for one in record["parity"])
    assert all(one["answers"] == 0 for one in record["parity"])


def test_every_measure_of_the_ranking_has_an_interval_around_it(record):
    for model in record["models"]:
        for name, one in model["measures"].items():
            if name in ("throughput", "load_seconds", "memory_bytes", "size_bytes", "parameters"):
                continue
            assert one["interval"]["low"] <= one["value"] <= one["interval"]["high"], name
        assert sum(map(sum, model["confusion"])) == record["items"] == 100


def test_models_of_other_words_are_compared_by_the_datasets(report, record, digits):
    with (report / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [item.label for item in digits.items]
    for model in record["models"]:
        right = np.mean([row["label"] == row[model["name"]] for row in rows])
        assert model["measures"]["accuracy"]["value"] == pytest.approx(right)
    with (report / "measures.csv").open(newline="") as file:
        table = {(row["model"], row["measure"]): row for row in csv.DictReader(file)}
    assert float(table["hasty@1.0.0:onnx", "accuracy"]["value"]) == pytest.approx(
        record["models"][4]["measures"]["accuracy"]["value"]
    )


def test_what_may_be_concluded_stands_beside_its_numbers(record):
    pairs = {(one["first"], one["second"]): one for one in record["pairs"]}
    assert len(pairs) == 3
    hasty = pairs["digits@1.0.0:onnx", "hasty@1.0.0:onnx"]
    assert hasty["only_first"] > hasty["only_second"]
    assert hasty["adjusted"] < 0.05
    assert hasty["difference"]["low"] > 0
    text = " ".join(record["conclusions"])
    assert "digits@1.0.0:onnx and hasty@1.0.0:onnx differ, in favour of digits@1.0.0:onnx" in text
    assert "Pictures on which a model was trained make it look better than it is" in text
    assert record["cochran_q"][1] < 0.05
    assert record["friedman"]["p_value"] < 0.05


def test_the_command_and_all_that_answered_are_told_to_repeat_it(record, report, zoo):
    command = record["command"]
    assert command.startswith("zoobridge compare digits careful hasty --data ")
    assert "--mapping" in command
    assert "--seed 5" in command
    assert "--token" not in command
    for model in record["models"]:
        assert re.fullmatch("[0-9a-f]{64}", model["digest"])
        assert model["place"]["framework_version"]
        assert model["place"]["server"] in record["versions"]


def dump(page, tmp_path):
    options = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    shown = subprocess.run(
        [*options, "--window-size=1280,1000", "--dump-dom", page.as_uri()],
        check=True, capture_output=True, text=True, timeout=200,
    ).stdout  # fmt: skip
    return options, shown


def test_the_page_opens_in_a_browser_and_needs_no_network(report, record, tmp_path):
    page = report / "report.html"
    text = page.read_text("utf-8")
    assert not re.search(r'(src|href)=(?!"data:)', text)
    assert "http" not in re.sub(r'src="data:[^"]*"', "", text)
    # The browser tells how wide and high the page is, so that all of it is taken.
    measured = tmp_path / "measured.html"
    script = "document.title=[document.documentElement.scrollWidth,document.body.scrollHeight]"
    measured.write_text(text.replace("</body>", f"<script>{script}</script></body>"))
    options, shown = dump(measured, tmp_path)
    width, height = map(int, re.search(r"<title>(\d+),(\d+)</title>", shown).groups())
    assert width <= 1280
    # Five rows, the cost plot, and a calibration curve for each set of answers.
    assert shown.count("<svg") == 5 + 1 + 3
    ranking = re.search(r'<table id="ranking">.*?</table>', shown, re.DOTALL)[0]
    assert re.findall(r"\d\. ([^\s<]+)</td>", ranking) == [one["name"] for one in record["models"]]
    assert len(re.findall('<table class="matrix">', shown)) == 3
    assert shown.count("data:image/png;base64,") > 20
    disagreements = re.search(r'<table id="disagreements">.*?</table>', shown, re.DOTALL)[0]
    assert "<b>" in disagreements
    picture = tmp_path / "page.png"
    subprocess.run(
        [*options, f"--screenshot={picture}", f"--window-size=1280,{height + 40}", page.as_uri()],
        check=True, capture_output=True, timeout=200,
    )  # fmt: skip
    with Image.open(picture) as image:
        assert image.size == (1280, height + 40)
        # Ink from the first line to the last.
        ink = np.flatnonzero((np.asarray(image.convert("L")) < 128).any(axis=1))
    assert ink[0] < 100
    assert ink[-1] > height - 150


def test_disagreements_are_those_of_the_answers(report):
    with (report / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if ":" in name]
    expected = sum(len({row[name] for name in names}) > 1 for row in rows)
    text = (report / "report.html").read_text("utf-8")
    assert expected > 10
    assert f"<p>{expected} of 100 items" in text


def test_unreadable_pictures_are_reported_with_their_reason(zoo, pictures, tmp_path):
    data = tmp_path / "data"
    for path in sorted((pictures / "3").iterdir())[:3]:
        (data / "3").mkdir(parents=True, exist_ok=True)
        (data / "3" / path.name).write_bytes(path.read_bytes())
    (data / "3" / "torn.png").write_bytes(b"\x89PNG no more")
    (data / "3" / "notes.txt").write_text("x")
    done = compare(zoo, "digits:onnx", "--data", data, "--report", tmp_path / "out")
    assert done.returncode == 1
    assert re.search(r"torn\.png \(digits@1\.0\.0:onnx\): .*PNG", done.stderr)
    assert "notes.txt: not a picture of a known format" in done.stderr
    record = json.loads((tmp_path / "out" / "report.json").read_text())
    assert record["items"] == 3
    assert [one["item"] for one in record["models"][0]["failures"]] == [3]
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    lost = re.search(r'<ul id="lost">.*?</ul>', page, re.DOTALL)[0]
    assert "torn.png" in lost
    assert "notes.txt" in lost


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(zoo, digits, tmp_path):
    table = tmp_path / "many.csv"
    lines = [f"{item.path},{item.label}\n" for item in digits.items] * 15
    table.write_text("path,label\n" + "".join(lines))
    words = ["digits:onnx", "--data", table, "--report", tmp_path / "out", "--resamples", "100",
             "--measures", "accuracy"]  # fmt: skip
    running = subprocess.Popen(
        [sys.executable, "-m", "zoobridge", "compare", *map(str, words)],
        env=zoo.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    answers = tmp_path / "out" / "answers"
    limit = time.monotonic() + 120
    while sum(path.read_bytes().count(b"\n") for path in answers.glob("*.jsonl")) < 20:
        assert time.monotonic() < limit
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "run the same command again to continue" in told
    (kept,) = answers.glob("*.jsonl")
    done = kept.read_bytes().count(b"\n") - 1
    assert 20 <= done + 1 < 1500
    assert compare(zoo, *words).returncode == 0
    sessions = [json.loads(line).get("session") for line in kept.read_text().splitlines()[1:-1]]
    assert len(sessions) == 1500
    assert sessions.count(0) == done
    assert sessions.count(1) == 1500 - done


def test_classes_measures_and_order_may_be_chosen(zoo, pictures, mapping, tmp_path):
    (tmp_path / "classes.txt").write_text("3\n8\n")
    done = compare(zoo, "careful", "hasty", "--data", pictures, "--mapping", mapping,
                   "--classes", tmp_path / "classes.txt", "--measures", "f1_macro,recall_macro",
                   "--rank-by", "brier", "--resamples", "200", "--report", tmp_path / "out")  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "report.json").read_text())
    assert record["items"] == 20
    found = [model["measures"]["brier"]["value"] for model in record["models"]]
    assert found == sorted(found)
    assert list(record["models"][0]["measures"]) == ["recall_macro", "f1_macro", "brier"]
    assert "The ranking is by brier" in " ".join(record["conclusions"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["digits:onnx", "digits"], "digits@1.0.0:onnx is named twice"),
        (["careful"], "these classes match no label of the model, or several: 0, 1, 2"),
        (["digits:onnx", "--measures", "nice"], "unknown measure nice"),
        (["digits:onnx", "--option", "colour=red"], "no option colour; there are labels"),
        (["digits:onnx", "--option", "colour"], "write it as NAME=VALUE"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(zoo, pictures, tmp_path, words, message):
    done = compare(zoo, *words, "--data", pictures, "--report", tmp_path / "out")
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_evaluation_tells_how_far_it_is_and_compares_what_is_done(
    client, digits, mapping, tmp_path
):
    updates = []
    whole = evaluate(
        client, ["digits:onnx", "hasty"], digits, folder=tmp_path, resamples=100,
        mapping=read_mapping(mapping), on_update=updates.append,
    )  # fmt: skip
    assert (
        next(one.progress.done for one in updates if one.progress.model == "hasty@1.0.0:onnx") == 0
    )
    partial = [one for one in updates if one.comparison is not None]
    assert [len(one.comparison.rows) for one in partial] == [1, 2]
    assert [one.result is not None for one in updates].count(True) == 1
    assert updates[-1].comparison is whole
    assert all(one.progress.total == 100 for one in updates)


def test_items_with_several_classes_are_compared_too(client, digits, tmp_path):
    lines = [f"{item.path},{item.label}|{item.label}\n" for item in digits.items[::5]]
    (tmp_path / "t.csv").write_text("path,labels\n" + "".join(lines))
    from zoobridge.evaluation import write_report

    dataset = read_dataset(tmp_path / "t.csv")
    found = evaluate(client, ["digits:onnx"], dataset, folder=tmp_path / "a", resamples=100)
    (row,) = found.rows
    assert row.measures["matthews"].value is None
    assert row.measures["accuracy"].value > 0.8
    page = write_report(found, dataset, tmp_path / "out", command="x").read_text("utf-8")
    assert "not applicable: it is not defined for items that may have several classes" in page
    assert '<table class="matrix">' not in page
