"""The demo zoo and what made it."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# The recipe is a package beside the script that uses it, as Python finds it when that script runs.
sys.path.insert(0, str(EXAMPLES))


@pytest.fixture(scope="session")
def examples():
    return EXAMPLES


@pytest.fixture(scope="session")
def pictures(examples):
    return examples / "pictures"


@pytest.fixture(params=["digits", "textures"])
def package(request, examples):
    return examples / "zoo" / request.param
