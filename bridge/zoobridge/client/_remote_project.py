"""A training project on a server, in the manners of :class:`zoobridge.TrainingProject`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.client._annotate_messages import annotate_request
from zoobridge.client._folders import find_labelled
from zoobridge.client._images import sources
from zoobridge.client._own_words import error_of
from zoobridge.client._training import (
    AnnotatedItems,
    ProjectSummary,
    PublishedModel,
    SuggestedItem,
    TrainingAnnotation,
    TrainingFigures,
    TrainingItem,
    TrainingReport,
    UndoneAnnotation,
)
from zoobridge.client._training_images import image_message, with_pixels
from zoobridge.errors import InvalidRequestError, ZooBridgeError
from zoobridge.protocol import from_message
from zoobridge.protocol.v1 import image_pb2
from zoobridge.protocol.v1 import training_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zoobridge.client._images import ImageLike, Images
    from zoobridge.client._request import RegionLike
    from zoobridge.client._training_transport import TrainingTransport

    OnStep = Callable[[str, int, int], None]

__all__ = ["RemoteTrainingProject"]


class RemoteTrainingProject:
    """A training project on a server; made by :meth:`Client.training_project`.

    Everything is on the server's disk when a method returns, and survives its restart. May be used
    from several threads.

    Parameters
    ----------
    transport
        Makes the calls.
    name
        Of the project.
    """

    def __init__(self, transport: TrainingTransport, name: str) -> None:
        self._transport = transport
        self.name = name

    def summary(self) -> ProjectSummary:
        """Return the state of the project."""
        request = pb.OpenProjectRequest(name=self.name, existing=True)
        answer = self._transport.unary("OpenProject", request)
        return from_message(ProjectSummary, answer.project)

    @property
    def annotations(self) -> tuple[TrainingAnnotation, ...]:
        """All annotations, in the order in which they were made."""
        request = pb.ListAnnotationsRequest(project=self.name)
        answer = self._transport.unary("ListAnnotations", request)
        return tuple(from_message(TrainingAnnotation, one) for one in answer.annotations)

    def annotate(
        self,
        picture: ImageLike | TrainingItem,
        label: str,
        *,
        region: RegionLike | None = None,
        group: str = "",
        annotator: str | None = None,
        suggested: bool = False,
        axes: str = "",
    ) -> TrainingAnnotation:
        """Give a class to a picture, or to a place in it; it is on disk when this returns.

        Parameters
        ----------
        picture
            A file, an array, a PIL image, the bytes of a picture; or an item that was sent before.
        label
            The class.
        region
            ``x, y, width, height`` in pixels; `None` for the whole picture.
        group
            What must not be divided between training and test; the picture by default.
        annotator
            Who gives the class; the user by default.
        suggested
            Whether :meth:`suggest` chose the item; such a one is never tested on.
        axes
            Of an array.

        Raises
        ------
        InvalidRequestError
            If the picture cannot be read, or the class has no name.
        """
        if not label.strip():
            raise InvalidRequestError("a class needs a name")
        done = self.add(
            picture,
            regions=None if region is None else [region],
            labels=[label],
            group=group,
            annotator=annotator,
            suggested=suggested,
            axes=axes,
        )
        return done.items[0]

    def add(
        self,
        picture: ImageLike | TrainingItem,
        *,
        regions: Sequence[RegionLike] | None = None,
        labels: Sequence[str] = (),
        groups: Sequence[str] = (),
        group: str = "",
        annotator: str | None = None,
        suggested: bool = False,
        axes: str = "",
        name: str = "",
    ) -> AnnotatedItems:
        """Add places of one picture, with their classes or without.

        Parameters
        ----------
        picture, group, annotator, suggested, axes
            As for :meth:`annotate`.
        regions
            Places; `None` for the whole picture.
        labels
            A class for each place, empty where it is not known; none for items that
            :meth:`suggest` is to choose from.
        groups
            A group for each place, in place of `group`; empty where `group` holds.
        name
            What to call the picture; its file's name by default.
        """
        request = annotate_request(
            self.name,
            picture,
            regions,
            labels,
            groups=groups,
            group=group,
            annotator=annotator,
            suggested=suggested,
        )
        if not isinstance(picture, TrainingItem):
            request.image.CopyFrom(image_message(picture, axes, name))
        (answer,) = self._annotated(iter([request]))
        if isinstance(answer, ZooBridgeError):
            raise answer
        return answer

    def annotate_folder(
        self,
        source: str | os.PathLike[str],
        *,
        group_by: Callable[[Path], str] | None = None,
        on_step: OnStep | None = None,
    ) -> list[tuple[str, str]]:
        """Annotate the pictures of a folder that has a sub-folder for each class.

        Parameters
        ----------
        source
            The folder.
        group_by
            Returns for the path of a picture what must not be split between training and test: its
            plate, patient or day; a :class:`zoobridge.training.GroupRule` does. Each picture by
            default.
        on_step
            Called as pictures are sent.

        Returns
        -------
        list
            Pictures that were not taken, each with the reason.
        """
        files, beside = find_labelled(source)
        left_out = [(str(one.path), one.why) for one in beside]
        # Groups first: what a rule raises while pictures are sent would end the stream.
        groups = ["" if group_by is None else group_by(path) for path, _ in files]
        requests = (
            self._sent(path, label, group, number)
            for number, ((path, label), group) in enumerate(zip(files, groups, strict=True))
        )
        for number, (answer, (path, _)) in enumerate(
            zip(self._annotated(requests), files, strict=False)
        ):
            if isinstance(answer, ZooBridgeError):
                left_out.append((str(path), answer.message))
            if on_step is not None:
                on_step("pictures", number + 1, len(files))
        return left_out

    def undo(self) -> UndoneAnnotation | None:
        """Take the last annotation back; return it, or `None` where nothing is left to take back."""
        request = pb.UndoAnnotationRequest(project=self.name)
        answer = self._transport.unary("UndoAnnotation", request)
        return from_message(UndoneAnnotation, answer) if answer.HasField("undone") else None

    def rename_class(self, old: str, new: str) -> AnnotatedItems | None:
        """Give all items of a class another class; with the name of another class, join them.

        Each person's annotations stay theirs. After an interruption, call it again for the rest.
        Returns the last item with the project's classes; `None` where no item had the class.
        """
        if not new.strip():
            raise InvalidRequestError("a class needs a name", field="items.label")
        given = [one for one in self.annotations if one.label == old]
        requests = (
            annotate_request(
                *(self.name, one.item, None, [new]),
                group=one.group, annotator=one.annotator, suggested=one.suggested,
            )
            for one in given
        )  # fmt: skip
        last = None
        for answer in self._annotated(requests):
            if isinstance(answer, ZooBridgeError):
                raise answer
            last = answer
        return last

    def suggest(
        self,
        pictures: Images | None = None,
        count: int = 1,
        *,
        random: bool = False,
        on_step: OnStep | None = None,
    ) -> list[SuggestedItem]:
        """Return the items whose classes would inform most, the most informative first.

        Parameters
        ----------
        pictures
            Pictures to add first; `None` to choose from those that were added.
        count
            How many are wanted.
        random
            Choose at random, for a fair test.
        on_step
            Called as features are computed.
        """
        if pictures is not None:
            found, _ = sources(pictures)
            requests = (self._with_image(one.name, *one.read()) for one in found)
            for answer in self._annotated(requests):
                if isinstance(answer, ZooBridgeError):
                    raise answer
        request = pb.SuggestRequest(project=self.name, count=count, random=random)
        answer = self._transport.last("Suggest", request, "suggested", on_step)
        return [from_message(SuggestedItem, one) for one in answer.items]

    def fit(
        self,
        *,
        rivals: bool = False,
        use_unlabelled: bool = False,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> TrainingFigures:
        """Fit a model on the annotations, and measure it on pictures that it has not seen.

        Parameters
        ----------
        rivals
            Try other kinds of classifiers too.
        use_unlabelled
            Let the items without a class help; taken only where that was measured to.
        seed
            Of everything random.
        on_step
            Called as the work continues; what it raises ends the work, and what is done is kept.

        Raises
        ------
        InvalidRequestError
            If there are fewer than two classes, or a class has too few pictures or groups.
        """
        request = pb.FitRequest(
            project=self.name, rivals=rivals, use_unlabelled=use_unlabelled, seed=seed
        )
        return from_message(
            TrainingFigures, self._transport.last("Fit", request, "figures", on_step)
        )

    def report(self, folder: str | os.PathLike[str] | None = None) -> TrainingReport:
        """Return the report of the last fit, and write it into a folder.

        Parameters
        ----------
        folder
            Where ``report.html``, ``report.json`` and ``annotations.csv`` go; `None` to write
            nothing.
        """
        request = pb.GetTrainingReportRequest(project=self.name)
        report = from_message(TrainingReport, self._transport.unary("GetTrainingReport", request))
        if folder is not None:
            target = Path(folder)
            target.mkdir(parents=True, exist_ok=True)
            (target / "report.html").write_text(report.html, "utf-8")
            (target / "report.json").write_text(report.json, "utf-8")
            (target / "annotations.csv").write_text(report.annotations_csv, "utf-8")
        return report

    def publish(
        self,
        name: str = "",
        *,
        description: str = "",
        authors: Sequence[str] = (),
        license_id: str = "",
        reference: bool = True,
        on_step: OnStep | None = None,
    ) -> PublishedModel:
        """Write the model of the last fit into the server's zoo, which lists it when this returns.

        Parameters
        ----------
        name
            Of the model; that of the project by default.
        description, authors, license_id
            As in a BioImage.IO description.
        reference
            Keep the training pictures' embeddings in the package, which novelty needs.
        on_step
            Called as the work continues.

        Raises
        ------
        InvalidRequestError
            If nothing was fitted, or the zoo has another model of that name.
        """
        request = pb.PublishRequest(
            project=self.name,
            name=name,
            description=description,
            authors=authors,
            license=license_id,
            without_embeddings=not reference,
        )
        return from_message(
            PublishedModel, self._transport.last("Publish", request, "published", on_step)
        )

    def delete(self) -> None:
        """Remove the project with its pictures from the server; published models stay."""
        self._transport.unary("DeleteProject", pb.DeleteProjectRequest(name=self.name))

    def _sent(self, path: Path, label: str, group: str, number: int) -> pb.AnnotateRequest:
        request = annotate_request(self.name, path, None, [label], group=group)
        request.id = str(number)
        try:
            request.image.CopyFrom(image_message(path, "", ""))
        except ZooBridgeError:
            # The server says why a picture without pixels is none; the others are sent.
            request.image.name = str(path)
        return request

    def _with_image(
        self, name: str, image: image_pb2.Image, data: bytes | memoryview
    ) -> pb.AnnotateRequest:
        request = annotate_request(self.name, name, None, ())
        request.image.CopyFrom(with_pixels(image, data))
        return request

    def _annotated(
        self, requests: Iterable[pb.AnnotateRequest]
    ) -> Iterator[AnnotatedItems | ZooBridgeError]:
        for answer in self._transport.stream("Annotate", iter(requests)):
            if answer.WhichOneof("outcome") == "error":
                yield error_of(answer.error)
            else:
                yield from_message(AnnotatedItems, answer.annotated)
