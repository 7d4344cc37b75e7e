"""The example programs do what their first line says."""

import os
import subprocess
import sys

import pytest


def run(program, environment=None):
    return subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def environment(zoobridge_server, examples):
    return zoobridge_server(examples / "zoo").environment


def test_the_demo_ends_well(examples):
    done = run(examples / "demo.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "greatest difference between frameworks" in done.stdout
    assert done.stdout.rstrip().endswith("server stopped cleanly")


def test_the_demo_fails_where_there_is_no_zoo(examples, tmp_path):
    program = tmp_path / "demo.py"
    program.write_text((examples / "demo.py").read_text("utf-8"), "utf-8")
    (tmp_path / "pictures").symlink_to(examples / "pictures")
    done = run(program)
    assert done.returncode == 1
    assert "the server did not start" in done.stderr


def test_the_quickstart_prints_a_table(environment, examples):
    done = run(examples / "quickstart.py", environment)
    assert done.returncode == 0, done.stderr
    assert "[100 rows x" in done.stdout


def test_the_regions_are_told_apart(environment, examples):
    done = run(examples / "regions.py", environment)
    assert done.returncode == 0, done.stderr
    truth = {}
    for line in (examples / "pictures" / "mosaic" / "regions.csv").read_text().splitlines()[1:]:
        fields = line.split(",")
        truth[fields[0]] = fields[-1]
    told = dict(line.split()[:2] for line in done.stdout.splitlines())
    assert told.keys() == truth.keys()
    assert sum(told[name] == truth[name] for name in truth) >= 57
