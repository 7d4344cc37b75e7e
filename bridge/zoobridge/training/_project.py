"""A training project: from annotations to a model in the zoo."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from zoobridge.client import connect, find_images
from zoobridge.errors import InvalidRequestError, ServerError, UnknownModelError
from zoobridge.files import write_whole
from zoobridge.training._fitted import Fitted, fit_examples
from zoobridge.training._report import write_report
from zoobridge.training._selection import Selection, select
from zoobridge.training.annotations import (
    Annotation,
    AnnotationJournal,
    ChosenBy,
    annotator_name,
    file_digest,
    now,
    read_labelled,
)
from zoobridge.training.features import (
    VIEWS,
    FeatureCache,
    FeatureExtractor,
    backbone_parameters,
)
from zoobridge.training.fit import Examples, Recipe, check_classes, fit_head, softmax
from zoobridge.training.package import EMBEDDER, Published, publish_model, write_embedder
from zoobridge.training.suggest import farthest_first, margin_then_farthest
from zoobridge.zoo import slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from zoobridge.client import Client
    from zoobridge.training.annotations import Found, GroupRule

__all__ = ["Suggestion", "TrainingProject"]


_LISTED_SECONDS: Final = 30.0
#: With more items, a picture is taken as it is; with more still, a random part of them is taken.
_TURNED: Final = 2000
_FITTED: Final = 20_000


@dataclass(frozen=True)
class Suggestion:
    """A picture whose class would tell most.

    Parameters
    ----------
    path
        The picture.
    label
        What the model so far takes it for; empty where there is none.
    score
        Its probability.
    """

    path: Path
    label: str = ""
    score: float | None = None


@dataclass(frozen=True)
class _Unlabelled:
    digest: str
    path: str
    region: str = ""
    box: None = None


class TrainingProject:
    """Annotations, features and fits of one question. A context manager.

    What was annotated and computed is on disk at once: a project that is opened again goes on.
    Pictures are never moved or written.

    Parameters
    ----------
    name
        Of the project, and of its model.
    folder
        Where its annotations are kept; by default among the user's data.
    client
        Connected to the server that computes features and serves the model; by default the user's
        own.
    zoo
        The zoo's folder, on this machine; by default the server's first.
    recipe
        How to fit.

    Raises
    ------
    InvalidRequestError
        If the folder holds something else, or the server's zoo is not on this machine.

    Examples
    --------
    >>> project = zoobridge.TrainingProject("My cells")  # doctest: +SKIP
    >>> project.annotate_folder("cells/")  # doctest: +SKIP
    >>> project.fit().balanced_accuracy  # doctest: +SKIP
    0.91
    >>> project.publish().reference  # doctest: +SKIP
    'my-cells@1.0.0'
    """

    def __init__(
        self,
        name: str,
        *,
        folder: str | os.PathLike[str] | None = None,
        client: Client | None = None,
        zoo: str | os.PathLike[str] | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        if not name.strip():
            raise InvalidRequestError("a project needs a name, which its model will have")
        self.name = name
        self.recipe = recipe or Recipe()
        self.folder = Path(folder) if folder is not None else _projects() / _folder_name(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._id = _project_id(self.folder / "project.json", name)
        self._journal = AnnotationJournal(self.folder / "annotations.jsonl")
        self._own_client = client is None
        self._client = client
        self._zoo = None if zoo is None else Path(zoo)
        self._cache: FeatureCache | None = None
        self._extractor: FeatureExtractor | None = None
        self._selection: Selection | None = None
        self._kept: tuple[Annotation, ...] = ()
        self._fitted: Fitted | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the project's files, and the connection if the project made it."""
        self._journal.close()
        if self._cache is not None:
            self._cache.close()
            self._cache = self._extractor = None
        if self._own_client and self._client is not None:
            self._client.close()
            self._client = None

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """All annotations, in the order in which they were made."""
        return tuple(self._journal)

    @property
    def fitted(self) -> Fitted | None:
        """The last fit; `None` before the first."""
        return self._fitted

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Annotations that the last fit could not use, each with the reason."""
        return () if self._selection is None else self._selection.left_out

    def annotate(
        self,
        path: str | os.PathLike[str],
        label: str,
        *,
        region: tuple[int, int, int, int] | None = None,
        group: str = "",
        annotator: str | None = None,
        suggested: bool = False,
    ) -> Annotation:
        """Give a class to a picture, or to a box in it; it is on disk when this returns.

        Parameters
        ----------
        path
            The picture's file.
        label
            The class.
        region
            ``x, y, width, height`` in pixels; `None` for the whole picture.
        group
            What must not be split between training and test; the picture by default.
        annotator
            Who gives the class; the user by default.
        suggested
            Whether :meth:`suggest` chose the picture; such a one is never tested on.

        Raises
        ------
        InvalidRequestError
            If the picture cannot be read, or the class has no name.
        """
        if not label.strip():
            raise InvalidRequestError("a class needs a name")
        digest = file_digest(Path(path))
        annotation = Annotation(
            digest=digest,
            path=str(Path(path).absolute()),
            label=label,
            region="" if region is None else ",".join(map(str, region)),
            group=group or digest,
            annotator=annotator_name() if annotator is None else annotator,
            time=now(),
            chosen_by=ChosenBy.SUGGESTED if suggested else ChosenBy.RANDOM,
        )
        self._journal.add([annotation])
        return annotation

    def annotate_folder(
        self,
        source: str | os.PathLike[str],
        *,
        group_by: GroupRule | None = None,
        on_step: Callable[[str, int, int], None] | None = None,
    ) -> Found:
        """Take the classes of a folder with a folder per class, or of a table.

        Parameters
        ----------
        source
            See :func:`zoobridge.training.read_labelled`.
        group_by
            What must not be split between training and test; each picture by default.
        on_step
            Called as the files are read.

        Raises
        ------
        InvalidRequestError
            If it is neither.
        """

        def read(done: int, total: int) -> None:
            if on_step is not None:
                on_step("reading pictures", done, total)

        found = read_labelled(Path(source), group_by=group_by, on_file=read)
        self._journal.add(found.annotations)
        return found

    def undo(self) -> Annotation | None:
        """Take the last annotation back, and return it."""
        return self._journal.undo()

    def suggest(
        self,
        pictures: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        count: int = 1,
        *,
        on_step: Callable[[str, int, int], None] | None = None,
    ) -> list[Suggestion]:
        """Return the pictures whose classes would tell most, the most telling first.

        Of those that the model so far is least sure of, the ones that are farthest from what is
        annotated and from each other. Pictures that are annotated already are not suggested.

        Parameters
        ----------
        pictures
            A folder, a pattern, or paths.
        count
            How many are wanted.
        on_step
            Called as features are computed.
        """
        paths = _paths(pictures)
        done = {annotation.digest for annotation in self._journal}
        pool = [_Unlabelled(file_digest(path), str(path)) for path in paths]
        pool = [one for one in pool if one.digest not in done]
        rows, kept = [], []
        for one in self._features().extract(pool, views=1, on_item=_stage("features", on_step)):
            if one.features is not None:
                rows.append(one.features[0])
                kept.append(pool[one.place])
        if not kept:
            return []
        embeddings = np.stack(rows)
        known = self._examples(on_step) if len(self._journal) else None
        if known is None or len(known.labels) < 2:
            before = embeddings[:0] if known is None else known.features[:, 0]
            chosen = farthest_first(embeddings, before, count)
            return [Suggestion(Path(kept[one].path)) for one in chosen]
        head = fit_head(known, self.recipe)
        probabilities = softmax(head.logits(embeddings))
        chosen = margin_then_farthest(embeddings, probabilities, known.features[:, 0], count)
        best = probabilities.argmax(axis=1)
        return [
            Suggestion(
                Path(kept[one].path), head.labels[best[one]], float(probabilities[one].max())
            )
            for one in chosen
        ]

    def fit(
        self,
        *,
        rivals: bool = False,
        on_step: Callable[[str, int, int], None] | None = None,
    ) -> Fitted:
        """Fit a model on the annotations, and measure it on pictures that it has not seen.

        Parameters
        ----------
        rivals
            Try other heads too.
        on_step
            Called as the work goes on; what it raises ends the work, and what is done is kept.

        Raises
        ------
        InvalidRequestError
            If there are fewer than two classes, or a class has too few pictures or groups.
        """
        check_classes([annotation.label for annotation in self._journal])
        examples = self._examples(on_step)
        check_classes([examples.labels[one] for one in examples.classes])
        recipe = self.recipe if len(examples) <= _TURNED else replace(self.recipe, repeats=1)
        self._fitted = fit_examples(examples, recipe, rivals=rivals, on_step=on_step)
        return self._fitted

    def report(self, folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Return the figures of the last fit as plain values, and write them as a page.

        Parameters
        ----------
        folder
            Where ``report.html``, ``report.json`` and ``annotations.csv`` go; `None` to write
            nothing.

        Raises
        ------
        InvalidRequestError
            If nothing was fitted.
        """
        fitted = self._need_fit()
        record = {**fitted.to_record(), "left_out": [list(one) for one in self.left_out]}
        if folder is not None:
            write_report(
                Path(folder), self.name, fitted, self._kept, record, self._journal.to_csv()
            )
        return record

    def publish(
        self,
        name: str = "",
        *,
        description: str = "",
        authors: Sequence[str] = (),
        license_id: str = "",
        formats: tuple[str, ...] = (),
        reference: bool = True,
        wait: bool = True,
    ) -> Published:
        """Write the model of the last fit into the zoo, as a new version if it is there already.

        Parameters
        ----------
        name
            Of the model; that of the project by default.
        description, authors, license_id
            As in a BioImage.IO description.
        formats
            ``onnx``, ``torchscript``, ``keras_v3``; all that can be written here by default.
        reference
            Keep the training pictures' embeddings in the package, which novelty needs.
        wait
            Return when the server lists the model.

        Raises
        ------
        InvalidRequestError
            If nothing was fitted, or the zoo has another model of that name.
        ServerError
            If the package cannot be written, or the server does not list it.
        """
        fitted = self._need_fit()
        published = publish_model(
            fitted,
            backbone_parameters(_cache_folder()),
            zoo=self._zoo_folder(),
            name=name or self.name,
            project=self._id,
            embedder_digest=self._features().digest,
            digests=[annotation.digest for annotation in self._kept],
            description=description,
            authors=authors,
            license_id=license_id,
            formats=formats,
            reference=reference,
        )
        if wait:
            self._wait_for(published.reference)
        return published

    def _need_fit(self) -> Fitted:
        if self._fitted is None:
            raise InvalidRequestError("nothing was fitted yet; call fit() first")
        return self._fitted

    def _examples(self, on_step: Callable[[str, int, int], None] | None) -> Examples:
        """Return what can be fitted, with its features."""
        selection = select(self._journal, limit=_FITTED, seed=self.recipe.seed)
        annotations = selection.annotations
        views = VIEWS if len(annotations) <= _TURNED else 1
        features, kept, left_out = [], [], list(selection.left_out)
        for one in self._features().extract(
            annotations, views=views, on_item=_stage("features", on_step)
        ):
            if one.features is None:
                left_out.append((annotations[one.place].name, one.problem))
            else:
                features.append(one.features)
                kept.append(annotations[one.place])
        if not kept:
            reason = f": {left_out[0][1]}" if left_out else ""
            raise InvalidRequestError(f"none of the annotated pictures can be used{reason}")
        self._selection = replace(selection, left_out=tuple(left_out))
        self._kept = tuple(kept)
        labels = tuple(sorted({annotation.label for annotation in kept}))
        _, groups = np.unique([annotation.group for annotation in kept], return_inverse=True)
        return Examples(
            names=tuple(annotation.name for annotation in kept),
            labels=labels,
            classes=np.array([labels.index(annotation.label) for annotation in kept]),
            groups=groups.astype(np.int64),
            features=np.stack(features),
            fair=np.array([annotation.chosen_by is ChosenBy.RANDOM for annotation in kept]),
        )

    def _features(self) -> FeatureExtractor:
        if self._extractor is None:
            folder = _cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            if not self._lists(EMBEDDER):
                write_embedder(self._zoo_folder(), backbone_parameters(folder))
                self._wait_for(EMBEDDER)
            self._cache = FeatureCache(folder / "features.sqlite")
            self._extractor = FeatureExtractor(self._connected(), EMBEDDER, self._cache)
        return self._extractor

    def _connected(self) -> Client:
        if self._client is None:
            self._client = connect()
        return self._client

    def _zoo_folder(self) -> Path:
        if self._zoo is None:
            folders = [Path(one) for one in self._connected().info().zoo_folders]
            self._zoo = next((one for one in folders if one.is_dir()), None)
        if self._zoo is None:
            raise InvalidRequestError(
                "the server's zoo is not on this machine; name a folder of it (--zoo), or serve one "
                "here: zoobridge serve path/to/zoo"
            )
        return self._zoo

    def _lists(self, reference: str) -> bool:
        try:
            return not self._connected().model(reference).problem
        except UnknownModelError:
            return False

    def _wait_for(self, reference: str) -> None:
        limit = time.monotonic() + _LISTED_SECONDS
        while not self._lists(reference):
            if time.monotonic() > limit:
                raise ServerError(
                    f"{reference} lies in {self._zoo_folder()}, but the server does not list it; "
                    "does it serve that folder?"
                )
            time.sleep(0.1)


def _projects() -> Path:
    from platformdirs import user_data_path

    return user_data_path("zoobridge", appauthor=False) / "projects"


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("zoobridge", appauthor=False) / "training"


def _folder_name(name: str) -> str:
    # Different names may have the same slug.
    return f"{slug(name)[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _project_id(path: Path, name: str) -> str:
    """Return the id of the project in a file, which is written if it is not there."""
    if path.exists():
        try:
            return str(json.loads(path.read_text("utf-8"))["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRequestError(
                f"{path} describes no project ({error}); name another folder"
            ) from error
    project_id = secrets.token_hex(16)
    write_whole(path, json.dumps({"id": project_id, "name": name}))
    return project_id


def _paths(
    pictures: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Path]:
    if isinstance(pictures, (str, os.PathLike)):
        return list(find_images(pictures).files)
    return [Path(one) for one in pictures]


def _stage(
    name: str, on_step: Callable[[str, int, int], None] | None
) -> Callable[[int, int], None] | None:
    if on_step is None:
        return None
    return lambda done, total: on_step(name, done, total)
