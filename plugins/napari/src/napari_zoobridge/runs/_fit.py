"""Whether an image fits a model: the server's answer, before a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zoobridge.results import control_of, in_own_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_zoobridge.layers import PlaneSource
    from zoobridge.client import Client, Conversion, ImageCheck, Model, ModelInput

__all__ = ["FitQuestion", "FitReport", "advice", "expectation", "report_of"]

# Looking for the smallest and the greatest value of more pixels would hold the window up.
_FEW_PIXELS = 1 << 22
_REMEDIES = {
    "options.channels": ". Mark the channel axis at “Axes”, or choose another layer.",
    "options.fit": " at “Other sizes”, or classify regions of that size, or a grid.",
}
_SECONDS = 10.0


@dataclass(frozen=True)
class FitReport:
    """Whether an image fits a model.

    Parameters
    ----------
    fits
        The server accepts the layer's planes, unchanged or converted.
    sentence
        Why not, or what is converted on the way.
    """

    fits: bool
    sentence: str


@dataclass(frozen=True)
class FitQuestion:
    """What decides whether an image fits a model.

    Parameters
    ----------
    model
        ``id@version``.
    axes, shape, dtype
        Those of one plane, as it is sent.
    regions
        Regions of various sizes are classified rather than whole planes.
    values
        The smallest and the greatest value, where they are found quickly.
    options
        Options of the run, by name.
    """

    model: str
    axes: str
    shape: tuple[int, ...]
    dtype: str
    regions: bool
    values: tuple[float, float] | None = None
    options: tuple[tuple[str, Any], ...] = field(default=())

    @classmethod
    def about(
        cls, model: Model, source: PlaneSource, *, regions: bool, options: Mapping[str, Any]
    ) -> FitQuestion:
        """Return the question for a model and a layer."""
        axes = source.plane_axes
        quick = source.in_memory and 0 < math.prod(source.shape) <= _FEW_PIXELS
        return cls(
            model.reference,
            axes,
            tuple(source.length(letter) for letter in axes),
            np.dtype(source.array.dtype).name,
            regions,
            source.values() if quick else None,
            tuple(options.items()),
        )

    def ask(self, client: Client) -> FitReport:
        """Return the server's answer.

        Raises
        ------
        ZooBridgeError
            The server does not answer, or does not know the model.
        """
        check = client.check_image(
            self.model,
            self.shape,
            self.dtype,
            self.axes,
            values=self.values,
            regions=self.regions,
            timeout=_SECONDS,
            **dict(self.options),
        )
        return report_of(check)


def report_of(check: ImageCheck) -> FitReport:
    """Return a server's answer as a sentence."""
    if check.error is not None:
        asked = check.error.metadata.get("option", check.error.field)
        remedy = _REMEDIES.get(asked, "")
        said = f"{check.error.message}{remedy}" if remedy else in_own_words(check.error)
        return FitReport(fits=False, sentence=said)
    done = [f"{one.kind.replace('_', ' ')} ({one.detail})" for one in check.conversions]
    parts = [f"Fits: {'; '.join(done)}." if done else "Fits.", *advice(check.conversions)]
    return FitReport(fits=True, sentence=" ".join(parts))


def advice(conversions: Iterable[Conversion]) -> list[str]:
    """Return each assumption once, with the control that changes it."""
    found = {(one.notice, control_of(one.notice_field)) for one in conversions if one.notice}
    return [
        f"Check: {notice}" + (f"; change that at {control}." if control else ".")
        for notice, control in sorted(found)
    ]


def expectation(model: Model) -> str:
    """Describe a model's input in one line."""
    wanted = model.input
    if wanted is None:
        return model.problem or "unknown"
    channels = ", ".join(wanted.channel_names) or "one grey channel"
    sizes = [_size_text(wanted, axis) for axis in "YX"]
    size = " × ".join(sizes)
    parts = [f"{size} pixels", channels]
    if wanted.intensity_range is not None:
        low, high = wanted.intensity_range
        parts.append(f"intensities {low:g} … {high:g}")
    return "; ".join(parts)


def _size_text(wanted: ModelInput, axis: str) -> str:
    size = wanted.sizes.get(axis)
    if size is None:
        return "any"
    return f"{size.min} + n·{size.step}" if size.step else str(size.min)
