"""How a model is found by its name."""

import pytest

from tiny_packages import add_package
from zoobridge.errors import UnknownModelError


def test_an_unknown_model_is_answered_with_near_names(catalog, zoo):
    add_package(zoo, "textures")
    catalog.refresh()
    with pytest.raises(UnknownModelError, match="did you mean textures") as caught:
        catalog.find("texture")
    assert caught.value.field == "model"


def test_an_unknown_version_is_answered_with_those_there_are(catalog, zoo):
    add_package(zoo)
    catalog.refresh()
    with pytest.raises(UnknownModelError, match=r"no version 2\.0; it has: 1\.0\.0"):
        catalog.find("tiny@2.0")


def test_an_empty_zoo_says_so(catalog):
    catalog.refresh()
    with pytest.raises(UnknownModelError, match="zoobridge add"):
        catalog.find("digits")


def test_before_the_first_refresh_the_zoo_is_said_to_be_read_still(catalog, zoo):
    add_package(zoo)
    with pytest.raises(UnknownModelError, match="still being read"):
        catalog.find("tiny")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "@", "a@b@c", "x" * 9_999])
def test_a_name_is_looked_up_and_never_a_path(catalog, zoo, name):
    add_package(zoo)
    catalog.refresh()
    with pytest.raises(UnknownModelError):
        catalog.find(name)


def test_the_original_id_and_capitals_are_accepted(catalog, zoo):
    add_package(zoo, "one", id="10.5281/zenodo.5764892")
    catalog.refresh()
    for name in [
        "10.5281/zenodo.5764892",
        "10.5281/zenodo.5764892@1.0.0",
        "10.5281-ZENODO.5764892",
    ]:
        assert catalog.find(name).id == "10.5281-zenodo.5764892"
