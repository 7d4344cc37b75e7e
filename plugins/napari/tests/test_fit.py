import numpy as np
import pytest

from napari_zoobridge._fit import expectation, judge
from napari_zoobridge._pixels import PlaneSource
from zoobridge.client import AxisSize, Model, ModelInput


def model(channels=("grey",), *, fit="stretch", size=32, step=0, **more):
    sizes = {"Y": AxisSize(size, step), "X": AxisSize(size, step)}
    wanted = ModelInput(
        "CYX", channel_names=channels, sizes=sizes, fit=fit, intensity_low=0, intensity_high=255
    )
    return Model(id="m", input=wanted, **more)


def picture(shape, axes, dtype=np.uint8):
    return PlaneSource("p", np.zeros(shape, dtype), axes)


RGB = ("red", "green", "blue")


@pytest.mark.parametrize(
    ("wanted", "source", "regions", "fits", "words"),
    [
        (model(), picture((32, 32), "YX"), False, True, "Fits."),
        (model(RGB), picture((32, 32), "YX"), False, True, "grey is repeated"),
        (model(), picture((32, 32, 3), "YXC"), False, True, "colour is turned to grey"),
        (model(RGB), picture((32, 32, 4), "YXC"), False, True, "opacity is left out"),
        (
            model(("r", "g", "b", "y")),
            picture((32, 32, 3), "YXC"),
            False,
            False,
            "wants 4 channels",
        ),
        (model(), picture((2, 32, 32), "CYX"), False, False, "wants 1 channel (grey)"),
        (model(), picture((64, 32), "YX"), False, True, "planes are stretched to 32 × 32"),
        (model(fit="refuse"), picture((64, 32), "YX"), False, False, "32 × 32 pixels only"),
        (model(fit="refuse"), picture((64, 32), "YX"), True, True, "Fits."),
        (model(), picture((64, 32), "YX"), True, True, "regions of other sizes are stretched"),
        (
            model(fit="center"),
            picture((64, 32), "YX"),
            False,
            True,
            "32 × 32 pixels in their middle",
        ),
        (model(fit="pad"), picture((64, 32), "YX"), False, True, "and padded"),
        (model(fit="crop"), picture((64, 32), "YX"), True, True, "and cropped"),
        (model(size=16, step=16), picture((64, 32), "YX"), False, True, "Fits."),
        (model(), picture((32, 32), "YX", np.uint16), False, True, "uint16 is rescaled to 0 … 255"),
        (model(), picture((32, 32), "YX", np.float32), False, True, "Fits."),
        (
            Model(id="b", problem="a file is missing"),
            picture((9, 9), "YX"),
            False,
            False,
            "missing",
        ),
    ],
)
def test_the_user_is_told_before_a_run(wanted, source, regions, fits, words):
    report = judge(wanted, source, regions=regions)
    assert report.fits is fits
    assert words in report.sentence


def test_expectations_are_put_into_words():
    assert expectation(model(RGB)) == "32 × 32 pixels; red, green, blue; intensities 0 … 255"
    assert expectation(model(size=16, step=8)).startswith("16 + n·8 × 16 + n·8 pixels; grey")
    assert expectation(Model(id="b", problem="broken")) == "broken"
