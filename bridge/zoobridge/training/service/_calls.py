"""The calls of ``TrainingService`` on one project."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from google.protobuf.json_format import MessageToJson, Parse

from zoobridge.errors import InvalidRequestError
from zoobridge.files import write_whole
from zoobridge.protocol.v1 import training_pb2 as pb
from zoobridge.training._gathering import Unlabelled, views_of
from zoobridge.training._project import TrainingProject
from zoobridge.training.annotations import Annotation, ChosenBy, now
from zoobridge.training.fit import Recipe
from zoobridge.training.service._figures import figures_message
from zoobridge.training.service._items import ItemStore, StoredItem
from zoobridge.training.service._labelled_items import LabelledItems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

    from zoobridge.client import Client
    from zoobridge.training._progress import OnStep

__all__ = ["ProjectCalls"]

_LONGEST_NAME: Final = 200
#: The request of the last fit, which a later process repeats: the same annotations give the same model.
_LAST_FIT: Final = "last_fit.json"
#: What an item's file is called.
_FILE: Final = re.compile(r"[0-9a-f]{64}\.(?:tif|picture)")


class ProjectCalls:
    """A project that is served.

    Methods named as calls of the contract take its request and yield its responses. Those in
    :attr:`LONG` run on one thread, and all others on another.

    Parameters
    ----------
    name
        Of the project.
    folder
        Of the project.
    zoo
        Where it publishes.
    client
        Connected to the server.
    """

    #: Calls that compute.
    LONG: Final = frozenset({"Suggest", "Fit", "GetTrainingReport", "Publish"})

    def __init__(self, name: str, folder: Path, *, zoo: Path, client: Client) -> None:
        self._folder = folder
        self._project = TrainingProject(name, folder=folder, client=client, zoo=zoo)
        self._items = ItemStore(folder)
        self._figures: pb.TrainingFigures | None = None
        self._ahead = deque(self._project.annotations)
        self._labelled = LabelledItems(self._ahead)

    def close(self) -> None:
        """Close the project's files."""
        self._items.close()
        self._project.close()

    def warm_one(self) -> bool:
        """Compute the features of an annotated item that lacks them; return whether there was one.

        What is computed while a person looks at the next item need not be computed when a model is
        fitted.
        """
        if not self._ahead:
            return False
        views = views_of(len(self._labelled))
        for _ in self._project.features.extract([self._ahead.popleft()], views=views):
            pass
        return True

    def OpenProject(  # noqa: N802 - as in the contract
        self, request: pb.OpenProjectRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """Describe the project."""
        del request, on_step
        yield pb.OpenProjectResponse(
            project=pb.ProjectSummary(
                name=self._project.name,
                classes=self._labelled.counts(),
                annotated=len(self._labelled),
                unlabelled=len(self._items) - len(self._labelled),
                pictures=len(self._items),
                bytes=self._items.bytes,
            )
        )

    def Annotate(  # noqa: N802
        self, request: pb.AnnotateRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """Keep items and their classes."""
        del on_step
        if not request.items:
            request.items.add()
        for item in request.items:
            if len(item.label) > _LONGEST_NAME or (item.label and not item.label.strip()):
                raise InvalidRequestError(
                    f"a class needs a name of up to {_LONGEST_NAME} characters",
                    field="items.label",
                )
        if request.picture:
            if len(request.items) > 1 or request.items[0].HasField("region"):
                raise InvalidRequestError(
                    "a picture that was sent before is one item; send one item without a region",
                    field="items",
                )
            stored = [self._items.get(request.picture)]
        else:
            stored = self._items.add(request)
        given = [
            self._annotation(one, item, request)
            for one, item in zip(stored, request.items, strict=True)
            if item.label
        ]
        self._project.add(given)
        self._ahead.extend(given)
        self._labelled.add(given)
        yield pb.AnnotateResponse(
            id=request.id,
            annotated=pb.Annotated(
                items=[self._described(one, self._labelled.last(one.digest)) for one in stored],
                classes=self._labelled.counts(),
            ),
        )

    def UndoAnnotation(  # noqa: N802
        self, request: pb.UndoAnnotationRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """Take the last annotation back."""
        del request, on_step
        undone = self._project.undo()
        self._labelled = LabelledItems(self._project.annotations)
        response = pb.UndoAnnotationResponse(classes=self._labelled.counts())
        if undone is not None:
            response.undone.CopyFrom(self._described(self._items.get(undone.digest), undone))
            remaining = self._labelled.last(undone.digest)
            response.label_now = "" if remaining is None else remaining.label
        yield response

    def ListAnnotations(  # noqa: N802
        self, request: pb.ListAnnotationsRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """List all annotations."""
        del request, on_step
        yield pb.ListAnnotationsResponse(
            annotations=[
                self._described(self._items.get(one.digest), one)
                for one in self._project.annotations
            ]
        )

    def Suggest(  # noqa: N802
        self, request: pb.SuggestRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """Choose items without a class."""
        count = request.count or 1
        pool = self._unlabelled()
        response = pb.SuggestedItems()
        if request.random:
            order = np.random.default_rng().permutation(len(pool))[:count]
            for place in order.tolist():
                item = self._items.get(pool[place].digest).to_message()
                response.items.append(pb.SuggestedItem(item=item))
        else:
            for one in self._project.suggest(pool, count, on_step=on_step) if pool else ():
                item = self._items.get(one.path.name.partition(".")[0]).to_message()
                response.items.append(pb.SuggestedItem(item=item, label=one.label, score=one.score))
        yield pb.SuggestResponse(suggested=response)

    def Fit(self, request: pb.FitRequest, on_step: OnStep) -> Iterator[Message]:  # noqa: N802
        """Fit and measure."""
        self._project.recipe = Recipe(seed=request.seed)
        begun = time.monotonic()
        fitted = self._project.fit(
            rivals=request.rivals,
            unlabelled=self._unlabelled() if request.use_unlabelled else (),
            on_step=on_step,
        )
        items = [self._items.get(one.digest).to_message() for one in self._project.used]
        unused = [(self._named(name), reason) for name, reason in self._project.left_out]
        figures = figures_message(fitted, items, unused, time.monotonic() - begun)
        self._figures = figures
        write_whole(self._folder / _LAST_FIT, MessageToJson(request))
        yield pb.FitResponse(figures=figures)

    def _fit_again(self, on_step: OnStep) -> None:
        """Fit as it was done last, if the process that did it has ended."""
        last = self._folder / _LAST_FIT
        if self._project.fitted is None and last.exists():
            for _ in self.Fit(Parse(last.read_text("utf-8"), pb.FitRequest()), on_step):
                pass

    def GetTrainingReport(  # noqa: N802
        self, request: pb.GetTrainingReportRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """Give the report of the last fit."""
        del request
        self._fit_again(on_step)
        with tempfile.TemporaryDirectory() as scratch:
            record = self._project.report(scratch)
            page = Path(scratch, "report.html").read_text("utf-8")
        yield pb.GetTrainingReportResponse(
            figures=self._figures,
            html=_FILE.sub(lambda found: html.escape(self._named(found[0])), page),
            json=json.dumps(self._with_names(record), ensure_ascii=False, indent=1),
            annotations_csv=self._table(),
        )

    def Publish(  # noqa: N802
        self, request: pb.PublishRequest, on_step: OnStep
    ) -> Iterator[Message]:
        """Write the package."""
        self._fit_again(on_step)
        on_step("package", 0, 1)
        published = self._project.publish(
            request.name,
            description=request.description,
            authors=tuple(request.authors),
            license_id=request.license,
            reference=not request.without_embeddings,
        )
        on_step("package", 1, 1)
        yield pb.PublishResponse(
            published=pb.PublishedModel(
                id=published.id, version=published.version, formats=published.formats
            )
        )

    def _unlabelled(self) -> list[Unlabelled]:
        return [
            Unlabelled(one.digest, str(self._items.path(one)))
            for one in self._items
            if one.digest not in self._labelled
        ]

    def _annotation(
        self, stored: StoredItem, item: pb.ItemLabel, request: pb.AnnotateRequest
    ) -> Annotation:
        return Annotation(
            digest=stored.digest,
            path=str(self._items.path(stored)),
            label=item.label,
            group=item.group or request.group or stored.group or stored.source,
            annotator=request.annotator,
            time=now(),
            chosen_by=ChosenBy.SUGGESTED if item.suggested else ChosenBy.RANDOM,
        )

    def _described(self, stored: StoredItem, given: Annotation | None) -> pb.TrainingAnnotation:
        found = pb.TrainingAnnotation(item=stored.to_message())
        if given is not None:
            found.label, found.group = given.label, given.group
            found.annotator, found.time = given.annotator, given.time
            found.suggested = given.chosen_by is ChosenBy.SUGGESTED
        return found

    def _named(self, path: str) -> str:
        return self._items.get(Path(path).name.partition(".")[0]).shown

    def _with_names(self, value: Any) -> Any:
        """Return a record with callers' names in the place of the server's paths."""
        if isinstance(value, dict):
            return {key: self._with_names(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._with_names(one) for one in value]
        own = isinstance(value, str) and value.startswith(str(self._folder))
        return self._named(value) if own else value

    def _table(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(
            ["path", "label", "region", "group", "annotator", "time", "chosen_by", "digest"]
        )
        for one in self._project.annotations:
            item = self._items.get(one.digest)
            writer.writerow(
                [
                    *(item.name, one.label, item.region, one.group, one.annotator, one.time),
                    *(str(one.chosen_by), one.digest),
                ]
            )
        return text.getvalue()
