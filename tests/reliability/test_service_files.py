"""The unit and the recipe of examples/service are what systemd and the command understand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "service"
PROGRAM = Path(sys.executable).with_name("zoobridge")


def test_systemd_understands_every_line_of_the_unit(tmp_path):
    unit = (FOLDER / "zoobridge.service").read_text()
    assert "/opt/zoobridge/.venv/bin/zoobridge" in unit
    file = tmp_path / "zoobridge.service"
    # It looks whether the program is there.
    file.write_text(unit.replace("/opt/zoobridge/.venv/bin/zoobridge", str(PROGRAM)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["zoobridge.service", "Containerfile"])
def test_the_options_of_the_server_are_there(name):
    shown = subprocess.run(
        [PROGRAM, "serve", "--help"], capture_output=True, text=True, timeout=120, check=True
    )
    text = (FOLDER / name).read_text()
    starts = re.findall(r"^(?:ExecStart|ENTRYPOINT|CMD)\b(?:.*\\\n)*.*", text, re.MULTILINE)
    options = {option for start in starts for option in re.findall(r"--[a-z-]+", start)}
    assert options
    assert options <= set(re.findall(r"--[a-z-]+", shown.stdout))
