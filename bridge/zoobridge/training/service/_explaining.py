"""The call that explains an answer; it belongs to no project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from zoobridge.protocol import enum_number
from zoobridge.protocol.v1 import training_pb2 as pb
from zoobridge.training.explain import ExplanationMethod, explain_pixels
from zoobridge.training.service._cutting import cut_region, picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.message import Message

    from zoobridge.client import Client

__all__ = ["ExplainingCalls"]

_WINDOWS: Final = 7
_METHODS: Final[dict[int, ExplanationMethod]] = {
    pb.EXPLANATION_METHOD_UNSPECIFIED: "auto",
    pb.EXPLANATION_METHOD_ACTIVATION: "activation",
    pb.EXPLANATION_METHOD_OCCLUSION: "occlusion",
}


class ExplainingCalls:
    """Explains answers.

    Parameters
    ----------
    client
        Connected to the server.
    """

    #: See :attr:`ProjectCalls.LONG`.
    LONG: Final = frozenset({"Explain"})

    def __init__(self, client: Client) -> None:
        self._client = client

    def close(self) -> None:
        """Nothing is open."""

    def warm_one(self) -> bool:
        """Nothing is computed ahead."""
        return False

    def Explain(  # noqa: N802 - as in the contract
        self, request: pb.ExplainRequest, on_step: Callable[[str, int, int], None]
    ) -> Iterator[Message]:
        """Explain an answer."""
        pixels, _ = cut_region(picture_of(request.image), request.region)
        found = explain_pixels(
            self._client,
            request.model,
            pixels,
            label=request.label,
            framework=request.framework,
            windows=request.windows or _WINDOWS,
            method=_METHODS.get(request.method, "auto"),
            on_window=lambda done, total: on_step("windows", done, total),
        )
        height, width = found.values.shape
        how: Any = enum_number(pb.ExplanationMethod, found.method, field="method")
        yield pb.ExplainResponse(
            explanation=pb.AnswerExplanation(
                model=found.model,
                label=found.label,
                score=found.score,
                height=height,
                width=width,
                values=found.values.ravel().tolist(),
                method=how,
            )
        )
