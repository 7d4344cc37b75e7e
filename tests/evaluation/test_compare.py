"""``zoobridge compare`` on the demo zoo, and its report in a real browser."""

import csv
import json
import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def report(zoobridge_server, client, digits, tmp_path_factory):
    source = digits.items[0].path.parents[2]
    folder = tmp_path_factory.mktemp("report") / "my out"
    served = zoobridge_server(source.parent / "zoo", arguments=("--device", "cpu"))
    subprocess.run(
        [sys.executable, "-m", "zoobridge", "compare", "digits", "--data", source / "digits",
         "--report", folder],
        env=served.environment, check=True, timeout=200,
    )  # fmt: skip
    return folder


def test_the_same_network_is_a_row_for_each_framework(report):
    found = json.loads((report / "report.json").read_text())
    frameworks = {model["name"].split(":")[1] for model in found["models"]}
    assert frameworks == {"onnx", "pytorch", "tensorflow"}
    assert len(found["parity"]) == 3
    assert max(found["parity"].values()) < 1e-4
    assert found["items"] == sum(map(sum, found["models"][0]["confusion"]))
    for model in found["models"]:
        low, high = model["accuracy_interval"]["low"], model["accuracy_interval"]["high"]
        assert low <= model["measures"]["accuracy"]["value"] <= high
    assert any("does not prove them equal" in line for line in found["conclusions"])


def test_the_tables_agree_with_the_pictures(report, digits):
    with (report / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [item.label for item in digits.items]
    (name,) = [name for name in rows[0] if name.endswith(":onnx")]
    with (report / "measures.csv").open(newline="") as file:
        accuracy = next(row for row in csv.DictReader(file) if row["measure"] == "accuracy")
    right = sum(row["label"] == row[name] for row in rows) / len(rows)
    assert float(accuracy[name]) == pytest.approx(right)


def test_the_page_opens_in_a_browser_and_needs_no_network(report, tmp_path):
    page = report / "report.html"
    text = page.read_text("utf-8")
    assert not re.search(r'(src|href)=(?!"data:)', text)
    picture = tmp_path / "page.png"
    options = ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
               f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    shown = subprocess.run(
        [*options, "--dump-dom", page.as_uri()],
        check=True, capture_output=True, text=True, timeout=90,
    ).stdout  # fmt: skip
    assert shown.count("<svg") == 4
    ranking = re.search(r'<table id="ranking">.*?</table>', shown, re.DOTALL)[0]
    assert len(re.findall("<tr>", ranking)) == 4
    subprocess.run(
        [*options, f"--screenshot={picture}", "--window-size=1200,2600", page.as_uri()],
        check=True, capture_output=True, timeout=90,
    )  # fmt: skip
    assert picture.read_bytes().startswith(b"\x89PNG")
