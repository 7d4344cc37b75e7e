import pytest

from napari_zoobridge.layers import PlaneAxesError, parse_axes, propose_axes


@pytest.mark.parametrize(
    ("shape", "options", "axes"),
    [
        ((64, 48), {}, "YX"),
        ((5, 64, 48), {}, "ZYX"),
        ((7, 5, 64, 48), {}, "TZYX"),
        ((64, 48, 3), {"rgb": True}, "YXC"),
        ((9, 64, 48, 4), {"rgb": True}, "ZYXC"),
        ((3, 64, 48), {"channels": 3}, "CYX"),
        ((3, 64, 48), {"channels": 1}, "ZYX"),
        ((4, 7, 64, 48), {"channels": 4}, "CZYX"),
        ((5, 64, 48), {"axis_labels": ("time", "y", "x")}, "TYX"),
        ((5, 64, 48), {"axis_labels": ("-3", "-2", "-1")}, "ZYX"),
        ((5, 2, 64, 48), {"axis_labels": ("t", "c", "y", "x")}, "TCYX"),
        ((5, 64, 48), {"displayed": (0, 2)}, "YZX"),
        ((5, 64, 48), {"displayed": (2, 1)}, "ZXY"),
        ((2, 3, 4, 5, 64, 48), {}, "APTZYX"),
    ],
)
def test_axes_are_proposed_from_what_is_known(shape, options, axes):
    proposed = propose_axes(shape, **options)
    assert sorted(proposed) == sorted(set(proposed))
    if axes == "APTZYX":  # only the order of the spare letters is free
        assert proposed.endswith("TZYX")
    else:
        assert proposed == axes
    assert parse_axes(proposed, shape, rgb=options.get("rgb", False)) == proposed


def test_a_line_of_pixels_has_no_plane():
    with pytest.raises(PlaneAxesError, match="fewer than two axes"):
        propose_axes((64,))


def test_typed_axes_may_be_small_and_spaced():
    assert parse_axes(" t yx ", (3, 4, 5)) == "TYX"


@pytest.mark.parametrize(
    ("axes", "shape", "rgb", "words"),
    [
        ("ZYX", (4, 5), False, "name 3 axes, the picture has 2"),
        ("YY", (4, 5), False, "name an axis twice"),
        ("ZX", (4, 5), False, "lack Y or X"),
        ("Y1", (4, 5), False, "upper-case letters only"),
        ("", (4, 5), False, "name 0 axes"),
        ("CYX", (4, 5, 3), True, "must end with C"),
    ],
)
def test_wrong_axes_are_refused_with_a_sentence(axes, shape, rgb, words):
    with pytest.raises(PlaneAxesError, match=words):
        parse_axes(axes, shape, rgb=rgb)
