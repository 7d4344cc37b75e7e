"""Trust: calibrated probabilities, prediction sets, novelty."""

from zoobridge.training.trust._calibration import (
    conformal_threshold,
    expected_calibration_error,
    fit_temperature,
)
from zoobridge.training.trust._novelty import foreign, leave_one_out, novelty, novelty_threshold

__all__ = [
    "conformal_threshold",
    "expected_calibration_error",
    "fit_temperature",
    "foreign",
    "leave_one_out",
    "novelty",
    "novelty_threshold",
]
