import numpy as np
import pytest

from napari_zoobridge.layers import JoinedChannels, PlaneSource
from napari_zoobridge.runs import FitQuestion, expectation
from napari_zoobridge.runs._fit import report_of
from zoobridge.client import Conversion, ImageCheck, Model, ModelInput
from zoobridge.errors import ModelInputError
from zoobridge.protocol import AxisSize


def model(channels=("grey",), *, fit="stretch", size=32, step=0, **more):
    sizes = {"Y": AxisSize(size, step), "X": AxisSize(size, step)}
    wanted = ModelInput(
        "CYX", channel_names=channels, sizes=sizes, fit=fit, intensity_low=0, intensity_high=255
    )
    return Model(id="m", input=wanted, **more)


RGB = ("red", "green", "blue")


@pytest.mark.parametrize(
    ("check", "fits", "sentence"),
    [
        (ImageCheck(planes=1), True, "Fits."),
        (
            ImageCheck(
                conversions=(
                    Conversion("grey_to_rgb", "one channel repeated three times"),
                    Conversion("resized", "9 × 9 → 32 × 32"),
                )
            ),
            True,
            "Fits: grey to rgb (one channel repeated three times); resized (9 × 9 → 32 × 32).",
        ),
        (
            ImageCheck(
                conversions=(
                    Conversion("intensity_rescaled", "a → b", "c was assumed", "options.intensity"),
                )
            ),
            True,
            "Fits: intensity rescaled (a → b). Check: c was assumed; change that at “Intensities”.",
        ),
        (
            ImageCheck(ModelInputError("2 channels", metadata={"option": "options.channels"})),
            False,
            "2 channels. Mark the channel axis at “Axes”, or choose another layer.",
        ),
    ],
)
def test_the_servers_answer_is_put_into_words_of_the_form(check, fits, sentence):
    report = report_of(check)
    assert (report.fits, report.sentence) == (fits, sentence)


def picture(shape, axes, dtype=np.uint8):
    return PlaneSource("p", np.zeros(shape, dtype), axes)


def floats():
    """Two planes of 0…1 with one pixel that is not a number in the second."""
    pixels = np.linspace(0, 1, 2 * 32 * 32, dtype=np.float32).reshape(2, 32, 32)
    pixels[1, 0, 0] = np.nan
    return PlaneSource("p", pixels, "ZYX")


def joined_floats():
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))
    return PlaneSource("p", JoinedChannels((ramp, ramp, ramp)), "YXC")


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        (picture((32, 32), "YX"), True),
        (picture((5, 64, 64, 3), "ZYXC", np.uint16), True),
        (picture((2, 32, 32), "CYX"), False),
        (floats(), True),
        (joined_floats(), True),
    ],
)
def test_what_is_said_before_a_run_is_what_the_run_does(client, source, fits):
    model = client.model("textures")
    report = FitQuestion.about(model, source, regions=False, options={}).ask(client)
    (result,) = client.classify(
        "textures",
        source.read({"Z": 0} if "Z" in source.axes else {}),
        axes=source.plane_axes,
        values=source.values(),
    )
    assert report.fits is fits
    assert (result.error is None) is fits
    for one in result.conversions:
        assert one.detail in report.sentence
    if result.error is not None:
        assert report.sentence.startswith(str(result.error))


def test_expectations_are_put_into_words():
    assert expectation(model(RGB)) == "32 × 32 pixels; red, green, blue; intensities 0 … 255"
    assert expectation(model(size=16, step=8)).startswith("16 + n·8 × 16 + n·8 pixels; grey")
    assert expectation(Model(id="b", problem="broken")) == "broken"
