"""The calls of the client that train models and explain answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoobridge.client._connection import Connection
from zoobridge.client._remote_project import RemoteTrainingProject
from zoobridge.client._request import parse_region
from zoobridge.client._training import AnswerExplanation
from zoobridge.client._training_images import image_message
from zoobridge.client._training_transport import TrainingTransport
from zoobridge.protocol import enum_number
from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.client._images import ImageLike
    from zoobridge.client._request import RegionLike

    OnStep = Callable[[str, int, int], None]

__all__ = ["TrainingCalls"]


class TrainingCalls(Connection):
    """What a client can ask of ``TrainingService``."""

    def training_projects(self, *, timeout: float | None = None) -> list[str]:
        """Return the names of the server's training projects. Needs the training token."""
        answer = self._trainer().unary("ListProjects", pb.ListProjectsRequest(), timeout)
        return list(answer.names)

    def training_project(self, name: str, *, existing: bool = False) -> RemoteTrainingProject:
        """Open a training project on the server, or create it. Needs the training token.

        Parameters
        ----------
        name
            Of the project, and by default of its model.
        existing
            Refuse a name that no project has, instead of creating one.

        Raises
        ------
        TrainingPermissionError
            If the token does not allow training.
        """
        self._trainer().unary(
            "OpenProject", pb.OpenProjectRequest(name=name, existing=existing), None
        )
        return RemoteTrainingProject(self._trainer(), name)

    def explain(
        self,
        model: str,
        picture: ImageLike,
        *,
        region: RegionLike | None = None,
        label: str = "",
        framework: str = "",
        windows: int = 7,
        method: str = "",
        axes: str = "",
        on_step: OnStep | None = None,
    ) -> AnswerExplanation:
        """Return what the answer to a picture rests on.

        Parameters
        ----------
        model
            ``id`` or ``id@version``.
        picture
            A file, an array, a PIL image, or the bytes of a picture.
        region
            A place in it; `None` for all of it.
        label
            The class to explain; the best one by default.
        framework
            As for :meth:`classify`.
        windows
            How many windows along each axis occlusion covers.
        method
            ``activation``: what each place adds to the score before the softmax, by the package's output of
            that name; ``occlusion``: how much the score falls where the picture is covered. Empty for the
            former where the package has it.
        axes
            Of an array.
        on_step
            Called as windows are covered.
        """
        how: Any = enum_number(pb.ExplanationMethod, method, field="method")
        request = pb.ExplainRequest(
            model=model,
            framework=framework,
            image=image_message(picture, axes, ""),
            region=None if region is None else parse_region(region).to_message(),
            label=label,
            windows=windows,
            method=how,
        )
        answer = self._trainer().last("Explain", request, "explanation", on_step)
        return AnswerExplanation.from_message(answer)

    def _trainer(self) -> TrainingTransport:
        return TrainingTransport(self._training, self._endpoint)
