"""Fixtures for tests of the zoo."""

import pytest

from adding import FRAMEWORKS, LABELS, onnx_here
from tiny_packages import Recipe
from zoobridge.zoo import (
    Catalog,
    NewModel,
    StatedLayout,
    TrustStore,
    add_model,
    validate_package,
)

LAYOUT = ("axes", "size", "channels", "channel_names")


@pytest.fixture
def recipe(tmp_path):
    return Recipe(tmp_path / "zoo" / "tiny")


@pytest.fixture
def make_recipe(tmp_path):
    return lambda name, **options: Recipe(tmp_path / "zoo" / name, **options)


@pytest.fixture
def read(tmp_path):
    from zoobridge.zoo import read_package

    return lambda path: read_package(path, unpack_to=tmp_path / "cache")


@pytest.fixture
def zoo(tmp_path):
    (tmp_path / "zoo").mkdir()
    return tmp_path / "zoo"


@pytest.fixture
def trust(tmp_path):
    return TrustStore(tmp_path / "config" / "trusted.json")


@pytest.fixture
def open_catalog(zoo, trust, tmp_path):
    def open_it(*folders):
        return Catalog(folders or [zoo], cache=tmp_path / "cache", trust=trust)

    return open_it


@pytest.fixture
def catalog(open_catalog):
    return open_catalog()


@pytest.fixture
def add(tmp_path, trust):
    def add_it(path, open_network=onnx_here, **said):
        layout = {key: said.pop(key) for key in LAYOUT if key in said}
        new = NewModel(
            **{"name": "Surfaces", "labels": LABELS, "layout": StatedLayout(**layout)} | said
        )
        return add_model(path, new, zoo=tmp_path / "zoo", open_network=open_network, trust=trust)

    return add_it


@pytest.fixture
def validate(tmp_path, trust):
    def validate_it(path, open_network=onnx_here, confined=True, frameworks=FRAMEWORKS):
        return validate_package(
            path,
            unpack_to=tmp_path / "cache",
            open_network=open_network,
            frameworks=frameworks,
            confined=confined,
            trust=trust,
        )

    return validate_it
