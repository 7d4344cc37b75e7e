"""The demo zoo, served, and its held-out pictures."""

from pathlib import Path

import pytest

from zoobridge.evaluation import read_dataset

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def client(zoobridge_server):
    return zoobridge_server(EXAMPLES / "zoo", arguments=("--device", "cpu")).client


@pytest.fixture(scope="session")
def digits():
    return read_dataset(EXAMPLES / "pictures" / "digits")
