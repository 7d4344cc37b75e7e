"""The demo zoo, served, and its held-out pictures; and models that differ from its own."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from zoobridge.evaluation import read_dataset

PROJECT = Path(__file__).parents[2]
EXAMPLES = PROJECT / "examples"


@pytest.fixture(scope="session")
def write_linear():
    """Writes packages of one-matrix networks; see :mod:`networks`."""
    spec = importlib.util.spec_from_file_location("networks", Path(__file__).parent / "networks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["networks"] = module
    spec.loader.exec_module(module)
    return module.write_linear


@pytest.fixture(scope="session")
def rivals(tmp_path_factory, write_linear):
    """A zoo of two digit models, one learnt from 300 digits and one from 20, in words of their own."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    folder = tmp_path_factory.mktemp("rivals")
    pictures, classes = load_digits(return_X_y=True)
    for name, count in (("careful", 300), ("hasty", 20)):
        network = LogisticRegression(C=0.1, max_iter=2000)
        network.fit(pictures[:count] * (255 / 16), classes[:count])
        write_linear(
            folder / name, network.coef_.T, network.intercept_, [f"digit {n}" for n in range(10)]
        )
    return folder


@pytest.fixture(scope="session")
def zoo(zoobridge_server, rivals):
    """The server of the demo zoo and the rivals."""
    return zoobridge_server(EXAMPLES / "zoo", rivals, arguments=("--device", "cpu"))


@pytest.fixture(scope="session")
def client(zoo):
    return zoo.client


@pytest.fixture(scope="session")
def digits():
    return read_dataset(EXAMPLES / "pictures" / "digits")


@pytest.fixture(scope="session")
def mapping(tmp_path_factory):
    """What the rivals call the digits."""
    path = tmp_path_factory.mktemp("mapping") / "names.csv"
    path.write_text("class,label\n" + "".join(f"{n},digit {n}\n" for n in range(10)))
    return path


@pytest.fixture(scope="session")
def random():
    return np.random.default_rng(11)
