"""docs/training.md, word for word, with a zoo of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
FENCE = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.timeout(900)
def test_the_walk_through_runs_as_it_stands(user_folders, zoobridge_server, tmp_path):
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    server = zoobridge_server(zoo)
    environment = {
        **os.environ,
        **server.environment,
        # What the other tests of this room have made is not made again.
        "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    said = []
    for language, code in FENCE.findall(PAGE.read_text("utf-8")):
        program = {"python": [sys.executable, "-c"], "sh": ["bash", "-euc"]}[language]
        done = subprocess.run(
            [*program, code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout + done.stderr)
    _, trained, classified, explained, python, remote = said
    assert "3 classes in 24 groups: brick (8), grass (8), gravel (8)" in trained
    assert "my-textures@1.0.0 is in the zoo (onnx, torchscript, keras_v3)" in trained
    assert (tmp_path / "report" / "report.html").is_file()
    assert "novelty_threshold" in classified
    assert "see grass-0-explained.png" in explained
    assert (tmp_path / "grass-0-explained.png").is_file()
    assert python.splitlines()[-1].startswith("brick PredictionSet(coverage=0.9")
    assert "cross-validation" in remote
    assert remote.splitlines()[-1] == str(("grass",) * 8)
