"""Fixtures for tests of the zoo."""

import pytest

from tiny_packages import Recipe


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
