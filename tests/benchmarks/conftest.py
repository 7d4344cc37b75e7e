"""The benchmarks are a package at the project's root, as ``python -m benchmarks`` finds it there."""

import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

sys.path.insert(0, str(PROJECT))


@pytest.fixture(scope="session")
def project():
    return PROJECT
