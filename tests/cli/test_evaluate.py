"""``evaluate``, ``measures`` and ``readers``, on a served zoo and labelled pictures."""

import csv
import io
import json
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from served import wait_until

LEVELS = {"dark": (0, 20, 40), "medium": (110, 128, 140), "bright": (220, 240, 255)}
QUALITY = "accuracy,f1_macro,log_loss,top5_accuracy"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Nine pictures in folders of their classes, one of which is in the wrong one.

    The network calls dark ones medium.
    """
    folder = tmp_path_factory.mktemp("labelled") / "meine Bilder"
    for label, levels in LEVELS.items():
        (folder / label).mkdir(parents=True)
        for level in levels:
            picture = Image.fromarray(np.full((16, 16), level, np.uint8))
            picture.save(folder / label / f"{level}.png")
    (folder / "dark" / "40.png").rename(folder / "bright" / "40.png")
    return folder


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for label, level in (("dark", 10), ("bright", 250)):
        (folder / label).mkdir()
        first = folder / label / "0000.png"
        Image.fromarray(np.full((16, 16), level, np.uint8)).save(first)
        for number in range(1, 750):
            os.link(first, folder / label / f"{number:04}.png")
    return folder


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_measures_and_readers_are_listed_without_a_server(command):
    text = command("measures").stdout
    assert "balanced_accuracy" in text
    assert "latency_p95" in text
    listed = json.loads(command("measures", "--format", "json").stdout)
    assert next(one for one in listed if one["name"] == "log_loss")["better"] == "lower"
    text = command("readers").stdout
    assert "folders" in text
    assert "labels=" in text
    listed = json.loads(command("readers", "--format", "json").stdout)
    assert listed[0]["name"] == "folders"


def test_the_server_lists_the_same(zb):
    for name in ("measures", "readers"):
        here, there = (zb(name, "--format", "json", *more) for more in ((), ("--at-server",)))
        assert json.loads(here.stdout) == json.loads(there.stdout)


def test_a_model_is_measured(zb, data):
    result = zb("evaluate", "brightness", "--data", data, "--measures", QUALITY, "--format", "csv")
    found = {row["measure"]: row for row in rows(result.stdout)}
    assert sorted(found) == QUALITY.split(",")
    assert float(found["accuracy"]["value"]) == pytest.approx(6 / 9)
    assert float(found["accuracy"]["low"]) <= 6 / 9 <= float(found["accuracy"]["high"])
    assert {row["model"] for row in found.values()} == {"brightness@1.0.0"}
    assert {(row["framework"], row["items"], row["failed"]) for row in found.values()} == {
        ("onnx", "9", "0")
    }
    assert found["top5_accuracy"]["value"] == ""
    assert "3 classes" in found["top5_accuracy"]["reason"]


def test_a_table_says_what_does_not_apply_and_what_may_be_concluded(zb, data):
    result = zb("evaluate", "brightness:onnx", "--data", data, "--measures", QUALITY)
    assert "brightness@1.0.0:onnx" in result.stdout
    assert "0.6667 (" in result.stdout
    assert "not applicable" in result.stdout
    assert "9 pictures" in result.stdout or "9 items" in result.stdout
    assert "top5_accuracy" in result.stderr


def test_a_file_is_written_as_a_whole_and_replaced_only_when_asked(zb, data, tmp_path):
    words = ("evaluate", "brightness", "--data", data, "--measures", "accuracy")
    target = tmp_path / "out.json"
    assert zb(*words, "--output", target).stdout == ""
    written = json.loads(target.read_text())
    assert written["rows"][0]["values"]["accuracy"]["value"] == pytest.approx(6 / 9)
    assert written["rows"][0]["labels"] == ["dark", "medium", "bright"]
    assert written["rows"][0]["confusion"] == [[0, 2, 0], [0, 3, 0], [0, 1, 3]]
    assert "--overwrite" in zb(*words, "--output", target, code=2).stderr
    zb(*words, "--output", target, "--overwrite", "--format", "csv")
    assert rows(target.read_text())[0]["measure"] == "accuracy"
    assert "--format csv or json" in zb(*words, "--output", tmp_path / "out", code=2).stderr
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_written_is_named(zb, data, tmp_path):
    words = ("evaluate", "brightness", "--data", data, "--measures", "accuracy")
    target = tmp_path / "nothing" / "out.csv"
    result = zb(*words, "--output", target, code=1)
    assert f"cannot write {target}: No such file or directory" in result.stderr


def test_a_reader_takes_options_and_classes_are_mapped(zb, data, tmp_path):
    (tmp_path / "labels.txt").write_text("dark\nbright\n")
    option = f"labels={tmp_path / 'labels.txt'}"
    words = ("--measures", "accuracy", "--format", "json")
    result = zb("evaluate", "brightness", "--data", data, "--option", option, *words)
    assert json.loads(result.stdout)["rows"][0]["items"] == 6
    assert "1 left out" in result.stderr
    (tmp_path / "table.csv").write_text(
        f"file,class\n{data / 'medium' / '128.png'},grau\n{data / 'bright' / '255.png'},weiß\n"
    )
    (tmp_path / "words.csv").write_text("class,label\ngrau,medium\nweiß,bright\n")
    result = zb(
        "evaluate", "brightness", "--data", tmp_path / "table.csv", "--reader", "table",
        "--option", "path=file", "--option", "label=class", "--mapping", tmp_path / "words.csv",
        *words,
    )  # fmt: skip
    assert json.loads(result.stdout)["rows"][0]["values"]["accuracy"]["value"] == 1.0


def test_a_picture_that_is_not_answered_is_named_and_ends_with_code_1(zb, tmp_path):
    (tmp_path / "bright").mkdir()
    (tmp_path / "bright" / "torn.png").write_bytes(b"no picture")
    Image.fromarray(np.full((16, 16), 255, np.uint8)).save(tmp_path / "bright" / "good.png")
    result = zb("evaluate", "brightness", "--data", tmp_path, "--measures", "accuracy", code=1)
    assert "1 not answered" in result.stderr
    assert "torn.png" in result.stderr
    assert "1.0000" in result.stdout


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (("brightnes",), "brightness", 1),
        (("brightness:caffe",), "onnx", 1),
        (("brightness", "--measures", "acuracy"), "accuracy", 1),
        (("brightness", "--reader", "folder"), "folders", 1),
        (("brightness", "--option", "labels"), "NAME=VALUE", 2),
        (("brightness", "--seed", "-1"), "--seed", 2),
        ((), "MODEL", 2),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(zb, data, words, sentence, code):
    assert sentence in zb("evaluate", *words, "--data", data, code=code).stderr


def test_ctrl_c_keeps_what_is_answered_and_the_same_command_asks_for_the_rest(zb, served, many):
    words = ("evaluate", "brightness", "--data", many, "--measures", "accuracy", "--format", "json")
    folder = served.folder / "cache" / "zoobridge" / "evaluations"
    before = set(folder.glob("*/*.jsonl"))
    process = zb.start(*words)

    def kept():
        return [path for path in set(folder.glob("*/*.jsonl")) - before
                if path.read_bytes().count(b"\n") > 300]  # fmt: skip

    wait_until(kept)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (130, "")
    assert "run the same command again to continue" in errors
    (journal,) = kept()
    done = journal.read_bytes().count(b"\n") - 1
    assert done < 1500

    def asked():
        return sum(copy.items for copy in served.client.model("brightness").loaded)

    count = asked()
    result = zb(*words)
    assert json.loads(result.stdout)["rows"][0]["items"] == 1500
    # A picture to warm up, those whose latency is measured, and what was on its way at Ctrl-C.
    assert asked() - count <= 1500 - done + 51 + 64 < 1500
    count = asked()
    repeated = zb(*words)
    assert repeated.stdout == result.stdout
    assert "using 1500 answers of an earlier run" in repeated.stderr
    assert asked() == count
    zb(*words, "--restart")
    assert asked() - count >= 1500


def test_a_full_disk_is_told_in_a_line_and_the_same_command_goes_on(zb, many):
    words = ("evaluate", "brightness", "--data", many, "--measures", "accuracy", "--seed", "1",
             "--reader", "folders", "--format", "json")  # fmt: skip
    process = zb.start(
        *words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
    )
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    assert "Traceback" not in errors
    assert "answers are saved" in errors
    last = errors.splitlines()[-1]
    assert "brightness@1.0.0-onnx.jsonl: File too large" in last
    journal = Path(last.removeprefix("Error: ").partition(": ")[0])
    kept = journal.read_bytes()
    assert kept.endswith(b"\n")
    assert 1 < kept.count(b"\n") < 1500
    result = zb(*words)
    assert json.loads(result.stdout)["rows"][0]["items"] == 1500
    assert journal.read_bytes().startswith(kept)


def test_a_report_is_written_beside_the_numbers_by_both_names(zb, data, tmp_path):
    words = ("brightness", "--data", data, "--measures", "accuracy", "--format", "json")
    first = zb("evaluate", *words, "--report", tmp_path / "out")
    assert (tmp_path / "out" / "report.html").is_file()
    again = zb("compare", *words, "--report", tmp_path / "out")
    assert again.stdout == first.stdout
    assert "using 9 answers of an earlier run" in again.stderr
    refused = zb("evaluate", *words, "--report", tmp_path / "out", "--at-server", code=2)
    assert "--report needs the pictures here" in refused.stderr


def test_the_server_measures_what_lies_there(command, zoo, data, zoobridge_server):
    served = zoobridge_server(
        zoo, arguments=("--threads", "1", "--device", "cpu", "--allow-path", str(data.parent))
    )
    words = ("evaluate", "brightness", "--data", data, "--measures", QUALITY, "--format", "json")
    there = command(*words, "--at-server", "--server", served.address)
    here = command(*words, "--server", served.address)
    found = [json.loads(result.stdout) for result in (there, here)]
    for one in found:
        del one["run_id"]
    assert found[0] == found[1]
    refused = command(
        "evaluate", "brightness", "--data", "/", "--at-server", "--server", served.address, code=1
    )
    assert "--allow-path" in refused.stderr
