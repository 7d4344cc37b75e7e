"""Whether a picture fits a model: the server's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoobridge.client._own_words import error_of
from zoobridge.client._request import Settings
from zoobridge.client._result import Conversion
from zoobridge.errors import ZooBridgeError
from zoobridge.protocol import enum_number, from_message
from zoobridge.protocol.v1 import classification_pb2 as pb
from zoobridge.protocol.v1 import image_pb2

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ImageCheck", "check_request"]


@dataclass(frozen=True)
class ImageCheck:
    """What would be done to a picture so that it fits a model, or why it does not fit.

    Parameters
    ----------
    error
        Why the picture does not fit, as classifying it would raise; `None` where it fits.
    conversions
        What would be done to every item, in order.
    channels
        Channels of the picture that the model sees, in its order.
    size
        Height and width of an item as the model sees it; zeros where that depends on the region.
    plane_axes
        Letters of the axes along which the picture falls into planes.
    planes
        How many planes there are.
    """

    error: ZooBridgeError | None = None
    conversions: tuple[Conversion, ...] = ()
    channels: tuple[int, ...] = ()
    size: tuple[int, int] = (0, 0)
    plane_axes: str = ""
    planes: int = 0

    @property
    def fits(self) -> bool:
        """Whether the server takes the picture."""
        return self.error is None

    @classmethod
    def from_message(cls, message: pb.CheckImageResponse) -> ImageCheck:
        """Return what a message says."""
        if message.WhichOneof("outcome") == "refusal":
            return cls(error_of(message.refusal))
        plan = message.plan
        return cls(
            None,
            tuple(from_message(Conversion, one) for one in plan.conversions),
            tuple(plan.channels),
            (plan.height, plan.width),
            "".join(plan.plane_axes),
            plan.planes,
        )


def check_request(
    model: str,
    shape: Sequence[int],
    dtype: npt.DTypeLike,
    axes: str,
    *,
    values: tuple[float, float] | None = None,
    significant_bits: int = 0,
    regions: bool = False,
    **options: Any,
) -> pb.CheckImageRequest:
    """Return the request of ``Client.check_image``, whose parameters these are.

    Raises
    ------
    InvalidRequestError
        If an option has no such value.
    """
    import numpy as np

    return pb.CheckImageRequest(
        model=model,
        pixels=image_pb2.Pixels(
            data_type=enum_number(  # type: ignore[arg-type]
                image_pb2.DataType, np.dtype(dtype).name, field="pixels.data_type"
            ),
            shape=shape,
            axes=axes,
            significant_bits=significant_bits,
        ),
        values=None if values is None else pb.ValueRange(low=values[0], high=values[1]),
        regions=regions,
        options=Settings(model=model, **options).to_message().options,
    )
