"""Ids and versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobridge.zoo._identity import age_key, id_problem, is_id, slug


@given(st.text())
def test_a_slug_of_anything_is_an_id(text):
    assert is_id(slug(text))
    assert ".." not in slug(text)


@given(st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?", fullmatch=True))
def test_the_slug_of_a_plain_id_is_itself(text):
    assert slug(text) == text


@pytest.mark.parametrize("text", ["", "-a", "A", "a/b", "a b", "a@1", "x" * 65, "ä", "a\n"])
def test_what_is_no_id(text):
    assert not is_id(text)


@pytest.mark.parametrize("text", ["digits", "10.5281/zenodo.1", "a..b", "Ünal/model", ""])
def test_harmless_ids_have_no_problem(text):
    assert id_problem(text) == ""


@pytest.mark.parametrize("text", ["..", "a/..", "/a", "\\a", "c:/a", "~/a", "a\x00b"])
def test_dangerous_ids_have_one(text):
    assert id_problem(text)


def test_versions_are_ordered_as_python_packages_are():
    ordered = ["", "nightly", "0.9", "1.0rc1", "1.0", "1.0.1", "1.10", "2"]
    assert (
        sorted(["1.10", "2", "1.0", "", "1.0.1", "1.0rc1", "nightly", "0.9"], key=age_key)
        == ordered
    )
