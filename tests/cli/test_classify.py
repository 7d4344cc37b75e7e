import csv
import io
import json
import resource
import signal
import time

import pytest


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


HEADER = "image,plane,region,label,score,label_2,score_2,label_3,score_3,model,version,digest,error"


def test_a_picture_gives_a_table(zb, pictures):
    result = zb("classify", "brightness", pictures / "000.png")
    assert "dark" in result.stdout or "medium" in result.stdout
    assert "brightness@1.0.0" in result.stdout
    assert "score: probability" in result.stdout


def test_a_folder_is_classified_in_order_of_its_names(zb, pictures):
    result = zb("classify", "brightness", pictures, "--format", "csv", "--top", "3")
    assert result.stdout.splitlines()[0] == HEADER
    rows = rows_of(result.stdout)
    assert [row["image"] for row in rows] == [str(pictures / f"{n:03}.png") for n in range(60)]
    assert rows[0]["label"] == "medium"
    assert rows[59]["label"] == "bright"
    assert {len(row["digest"]) for row in rows} == {64}


def test_patterns_files_and_folders_mix_without_doubles(zb, pictures):
    result = zb(
        "classify", "brightness", pictures / "05*.png", pictures / "050.png", "--format", "csv"
    )
    assert len(rows_of(result.stdout)) == 10


def test_one_bad_file_among_many_gives_the_others_and_one_error(zb, pictures, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    for number in range(100):
        good = (pictures / f"{number % 60:03}.png").read_bytes()
        (folder / f"{number:03}.png").write_bytes(b"no picture" if number == 42 else good)
    result = zb("classify", "brightness", folder, "--format", "csv", code=1)
    rows = rows_of(result.stdout)
    assert len(rows) == 100
    assert [bool(row["error"]) for row in rows] == [number == 42 for number in range(100)]
    assert [bool(row["label"]) for row in rows] == [number != 42 for number in range(100)]
    assert "1 of 100 failed" in result.stderr
    assert "042.png" in result.stderr


def test_missing_files_are_failures_of_their_own(zb, pictures, tmp_path):
    result = zb(
        "classify", "brightness", tmp_path / "nothing.png", pictures / "000.png",
        "--format", "jsonl", code=1,
    )  # fmt: skip
    first, second = map(json.loads, result.stdout.splitlines())
    assert "does not exist" in first["error"]
    assert first["reason"] == "IMAGE_FORMAT"
    assert second["error"] is None
    assert second["label"] == "medium"


def test_regions_are_named_by_what_was_asked(zb, pictures):
    result = zb(
        "classify", "brightness", pictures / "059.png", "--region", "0,0,8,8",
        "--region=-4,0,8,8", "--region", "99,99,4,4", "--format", "csv", code=1,
    )  # fmt: skip
    rows = rows_of(result.stdout)
    assert [row["region"] for row in rows] == ["0,0,8,8", "-4,0,8,8", "99,99,4,4"]
    assert [row["label"] for row in rows] == ["bright", "bright", ""]
    assert "region_clipped (1)" in result.stderr
    assert "resized (2)" in result.stderr


def test_json_is_one_list_with_every_fact(zb, pictures):
    result = zb(
        "classify", "brightness", pictures / "00[0-2].png", "--format", "json", "--all-scores",
        "--top", "1",
    )  # fmt: skip
    rows = json.loads(result.stdout)
    assert len(rows) == 3
    assert sum(rows[0]["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert rows[0]["framework"] == "onnx"
    assert rows[0]["score_kind"] == "probability"


def test_all_scores_are_columns(zb, pictures):
    result = zb("classify", "brightness", pictures / "000.png", "--format", "csv", "--all-scores")
    (row,) = rows_of(result.stdout)
    assert float(row["score:medium"]) == float(row["score"])


def test_an_unknown_model_is_one_line_with_near_names(zb, pictures):
    result = zb("classify", "brightnes", pictures, code=1)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "brightness" in result.stderr
    assert "UNKNOWN_MODEL" not in result.stderr
    result = zb("classify", "-v", "brightnes", pictures, code=1)
    assert "reason=UNKNOWN_MODEL" in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--region", "1,2,3"], "x,y,width,height"),
        (["--region", "0,0,0,4"], "empty"),
        (["--planes", "Z=4-1"], "smaller index first"),
        (["--planes", "nonsense"], "Z=0-4"),
        (["--channels", "a"], "2,1,0"),
        (["--intensity", "5,1"], "LOW,HIGH"),
        (["--fit", "squeeze"], "stretch"),
        (["--resume"], "--output"),
        (["--output", "results.xyz"], "--format"),
    ],
)
def test_mistakes_on_the_command_line_end_with_code_2(command, words, sentence):
    result = command("classify", "m", "picture.png", *words, code=2)
    assert sentence in result.stderr


def test_an_output_file_is_never_replaced_by_accident(zb, pictures, tmp_path):
    output = tmp_path / "out.csv"
    output.write_text("precious")
    result = zb("classify", "brightness", pictures, "--output", output, code=2)
    assert "--resume" in result.stderr
    assert output.read_text() == "precious"
    zb("classify", "brightness", pictures / "000.png", "--output", output, "--overwrite")
    assert output.read_text().startswith(HEADER)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.03, 0.3, 0.555, 0.9, 0.999, 1.0])
def test_resume_continues_a_file_cut_anywhere_exactly(zb, pictures, tmp_path, share):
    output = tmp_path / "out.csv"
    words = ("classify", "brightness", pictures, "--region", "0,0,9,9", "--region", "1,1,5,5")
    zb(*words, "--output", output)
    content = output.read_bytes()
    assert content.count(b"\n") == 121
    output.write_bytes(content[: int(len(content) * share)])
    zb(*words, "--output", output, "--resume")
    assert output.read_bytes() == content


def test_resume_survives_zeros_that_a_crash_left(zb, pictures, tmp_path):
    output = tmp_path / "out.csv"
    zb("classify", "brightness", pictures, "--output", output)
    content = output.read_bytes()
    output.write_bytes(content[:3000] + bytes(500))
    zb("classify", "brightness", pictures, "--output", output, "--resume")
    assert output.read_bytes() == content


def test_resume_refuses_a_file_of_other_columns_or_models(zb, pictures, tmp_path):
    output = tmp_path / "out.csv"
    words = ("classify", "brightness", pictures / "00*.png", "--output", output)
    zb(*words)
    content = output.read_bytes()
    result = zb(*words, "--resume", "--top", "1", code=1)
    assert "different columns" in result.stderr
    row = content.splitlines()[1].split(b",")
    output.write_bytes(content.replace(row[-2], b"0" * 64))
    result = zb(*words, "--resume", code=1)
    assert "another model" in result.stderr


def test_resume_without_a_file_begins_one(zb, pictures, tmp_path):
    output = tmp_path / "out.csv"
    zb("classify", "brightness", pictures / "00*.png", "--output", output, "--resume")
    assert len(output.read_text().splitlines()) == 11


def test_a_full_disk_is_a_clear_error_and_nothing_written_is_lost(zb, pictures, tmp_path):
    output = tmp_path / "out.csv"
    # A bound on the size of files fails a write just as a full disk does: in part, then wholly.
    process = zb.start(
        "classify", "brightness", pictures, "--output", output,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
    )  # fmt: skip
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"cannot write {output}" in errors
    assert "--resume" in errors
    content = output.read_bytes()
    assert content.endswith(b"\n")
    assert 5 < content.count(b"\n") < 61
    zb("classify", "brightness", pictures, "--output", output, "--resume")
    assert len(rows_of(output.read_text())) == 60
    assert output.read_bytes().startswith(content)


def test_a_device_that_takes_nothing_is_a_clear_error(zb, pictures):
    result = zb(
        "classify", "brightness", pictures, "--output", "/dev/full", "--format", "csv",
        "--overwrite", code=1,
    )  # fmt: skip
    assert "No space left on device" in result.stderr


def test_ctrl_c_stops_at_once_and_keeps_what_is_done(zb, pictures, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number:04}.png").symlink_to(pictures / f"{number % 60:03}.png")
    output = tmp_path / "out.csv"
    process = zb.start("classify", "brightness", folder, "--output", output)
    while not (output.exists() and output.stat().st_size > 2000):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "are kept" in errors
    assert "Traceback" not in errors
    content = output.read_text()
    assert content.endswith("\n")
    assert 5 < len(rows_of(content)) < 3000


def test_a_closed_pipe_ends_it_quietly(zb, pictures):
    process = zb.start("classify", "brightness", pictures, "--format", "csv")
    process.stdout.close()
    process.wait(60)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_a_folder_that_does_not_exist_is_a_clear_error(zb, pictures, tmp_path):
    result = zb("classify", "brightness", pictures, "--output", tmp_path / "no" / "x.csv", code=1)
    assert "cannot write" in result.stderr
    assert "No such file or directory" in result.stderr


def test_without_a_server_the_command_that_starts_one_is_named(command, pictures):
    result = command("classify", "brightness", pictures, code=1)
    assert "zoobridge serve ZOO" in result.stderr
