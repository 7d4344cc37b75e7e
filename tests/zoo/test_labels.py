"""Which names of a package name classes."""

import pytest

from zoobridge.zoo._labels import are_placeholders


@pytest.mark.parametrize("names", [["channel0", "channel1"], ["Channel_0"], ["channel 12"]])
def test_placeholders_are_known(names):
    assert are_placeholders(names)


@pytest.mark.parametrize("names", [["0", "1"], ["channel0", "grass"], ["class 0"], ["channel"]])
def test_names_are_no_placeholders(names):
    assert not are_placeholders(names)
