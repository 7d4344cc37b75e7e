"""The real scripts, run as a plugin runs them, beside the served demo zoo."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Called:
    """What a call left behind; `document` is `None` if none exists."""

    code: int
    errors: str
    document: Any


@dataclass
class Plugin:
    """Calls the scripts in a working directory of its own."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, name, *words, python=sys.executable):
        script = Path(sys.executable).with_name(f"deepclas4bio-{name}")
        done = subprocess.run(
            [python, script, *map(str, words)], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.stdout == ""
        answer = self.folder / "data.json"
        document = json.loads(answer.read_bytes().decode("ascii")) if answer.exists() else None
        return Called(done.returncode, done.stderr, document)

    def config(self, name="config.json", **content):
        path = self.folder / name
        path.write_text(json.dumps(content), "utf-8")
        return path


@pytest.fixture(scope="session")
def served(zoobridge_server):
    return zoobridge_server(EXAMPLES / "zoo", arguments=("--device", "cpu"))


@pytest.fixture
def plugin(served, tmp_path):
    (tmp_path / "working directory").mkdir()
    return Plugin(tmp_path / "working directory", served.environment)


@pytest.fixture(scope="session")
def pictures():
    return EXAMPLES / "pictures"
