"""Weights for each framework, written by programs of their own: PyTorch and TensorFlow never meet."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MAKERS = Path(__file__).parent / "makers"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Run a program of ``makers/`` once, and tell the folder that it wrote to."""
    folders: dict[str, Path] = {}

    def make(program: str) -> Path:
        if program not in folders:
            folder = tmp_path_factory.mktemp(program)
            subprocess.run(
                [sys.executable, str(MAKERS / f"{program}.py"), str(folder)],
                check=True,
                env=os.environ | {"ORT_DISABLE_TELEMETRY": "1", "TMPDIR": str(folder)},
            )
            folders[program] = folder
        return folders[program]

    return make


@pytest.fixture
def alone(tmp_path: Path) -> Callable[..., None]:
    """Run a program that makes assertions, in a process (and so with a framework) of its own."""

    def run(program: str, *arguments: Path | str) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            env=os.environ | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return run
