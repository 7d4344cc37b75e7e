"""A training project: from annotations to a model in the zoo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from zoobridge.errors import InvalidRequestError
from zoobridge.training._fitted import Fitted, fit_examples
from zoobridge.training._gathering import TURNED, gather, gather_unlabelled
from zoobridge.training._project_folder import picture_paths, project_folder, project_id
from zoobridge.training._report import write_report
from zoobridge.training.annotations import (
    Annotation,
    AnnotationJournal,
    ChosenBy,
    annotator_name,
    file_digest,
    now,
    read_labelled,
)
from zoobridge.training.fit import Recipe, check_classes, fit_head, softmax
from zoobridge.training.package import Published, publish_model
from zoobridge.training.served import TrainingZoo
from zoobridge.training.suggest import Suggestion, farthest_first, margin_then_farthest

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from zoobridge.client import Client
    from zoobridge.training._gathering import Pool, Unlabelled
    from zoobridge.training._progress import OnStep
    from zoobridge.training._selection import Selection
    from zoobridge.training.annotations import Found, GroupRule
    from zoobridge.training.features import FeatureExtractor
    from zoobridge.training.fit import Examples
    from zoobridge.training.improve import MethodName

__all__ = ["Suggestion", "TrainingProject"]


class TrainingProject:
    """Annotations, features and fits of one question. A context manager.

    What was annotated and computed is on disk at once: a project continues when it is opened again.
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
        self.folder = Path(folder) if folder is not None else project_folder(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._id = project_id(self.folder / "project.json", name)
        self._journal = AnnotationJournal(self.folder / "annotations.jsonl")
        self._served = TrainingZoo(client, None if zoo is None else Path(zoo))
        self._selection: Selection | None = None
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
        self._served.close()

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """All annotations, in the order in which they were made."""
        return tuple(self._journal)

    @property
    def fitted(self) -> Fitted | None:
        """The last fit; `None` before the first."""
        return self._fitted

    @property
    def used(self) -> tuple[Annotation, ...]:
        """The annotation of each example of the last fit."""
        return () if self._selection is None else self._selection.annotations

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Annotations that the last fit could not use, each with the reason."""
        return () if self._selection is None else self._selection.left_out

    @property
    def features(self) -> FeatureExtractor:
        """Gives features of pictures; made on first use, with the embedding model in the zoo."""
        return self._served.features

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

    def add(self, annotations: Iterable[Annotation]) -> None:
        """Add annotations that were made elsewhere; they are on disk when this returns."""
        self._journal.add(annotations)

    def annotate_folder(
        self,
        source: str | os.PathLike[str],
        *,
        group_by: GroupRule | None = None,
        replace: bool = False,
        on_step: OnStep | None = None,
    ) -> Found:
        """Take the classes of a folder with a folder per class, or of a table.

        Parameters
        ----------
        source
            See :func:`zoobridge.training.read_labelled`.
        group_by
            What must not be split between training and test; each picture by default.
        replace
            Forget annotations of pictures that are not there.
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
        if replace:
            self._journal.keep_only(found.annotations)
        self._journal.add(found.annotations)
        return found

    def undo(self) -> Annotation | None:
        """Take the last annotation back, and return it."""
        return self._journal.undo()

    def suggest(
        self,
        pictures: str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Unlabelled],
        count: int = 1,
        *,
        on_step: OnStep | None = None,
    ) -> list[Suggestion]:
        """Return the pictures whose classes would inform most, the most informative first.

        Of those that the model so far is least sure of, the ones that are farthest from what is
        annotated and from each other. Pictures that are annotated already are not suggested. Of more
        than 20,000 pictures, a random part is looked at.

        Parameters
        ----------
        pictures
            A folder, a pattern, or paths.
        count
            How many are wanted.
        on_step
            Called as features are computed.
        """
        pool = self._pool(picture_paths(pictures), 1, on_step)
        if not pool.pictures:
            return []
        paths = [Path(one.path) for one in pool.pictures]
        embeddings = pool.features[:, 0]
        known = self._gathered(on_step)[0] if len(self._journal) else None
        if known is None or len(known.labels) < 2:
            before = embeddings[:0] if known is None else known.features[:, 0]
            chosen = farthest_first(embeddings, before, count)
            return [Suggestion(paths[one]) for one in chosen]
        head = fit_head(known, self.recipe)
        probabilities = softmax(head.logits(embeddings))
        chosen = margin_then_farthest(embeddings, probabilities, known.features[:, 0], count)
        best = probabilities.argmax(axis=1)
        return [
            Suggestion(paths[one], head.labels[best[one]], float(probabilities[one].max()))
            for one in chosen
        ]

    def fit(
        self,
        *,
        rivals: bool = False,
        unlabelled: str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Unlabelled] = (),
        improve: MethodName = "data",
        on_step: OnStep | None = None,
    ) -> Fitted:
        """Fit a model on the annotations, and measure it on pictures that it has not seen.

        Parameters
        ----------
        rivals
            Try other heads and features too.
        unlabelled
            Pictures without a class; taken with ten labels a class, unless the model gets worse. Of
            more than 2,000 (20,000 where more than 2,000 are annotated) a random part is looked at.
        improve
            How they become examples; see :data:`zoobridge.training.improve.METHODS`.
        on_step
            Called as the work continues; what it raises ends the work, and what is done is kept.

        Raises
        ------
        InvalidRequestError
            If there are fewer than two classes, or a class has too few pictures or groups.
        """
        check_classes([annotation.label for annotation in self._journal])
        examples, self._selection = self._gathered(on_step, hand=rivals)
        check_classes([examples.labels[one] for one in examples.classes])
        recipe = self.recipe if len(examples) <= TURNED else replace(self.recipe, repeats=1)
        pool = self._pool(picture_paths(unlabelled), examples.features.shape[1], on_step)
        self._fitted = fit_examples(
            examples,
            recipe,
            rivals=rivals,
            unlabelled=pool.features if pool.pictures else None,
            improve=improve,
            sentences=(*self._selection.sentences, *pool.sentences),
            on_step=on_step,
        )
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
            write_report(Path(folder), self.name, fitted, self.used, record, self._journal.to_csv())
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
            self._served.backbone(),
            zoo=self._served.folder,
            name=name or self.name,
            project=self._id,
            embedder_digest=self.features.digest,
            digests=[annotation.digest for annotation in self.used],
            description=description,
            authors=authors,
            license_id=license_id,
            formats=formats,
            reference=reference,
        )
        if wait:
            self._served.wait_for(published.reference)
        return published

    def _need_fit(self) -> Fitted:
        if self._fitted is None:
            raise InvalidRequestError("nothing was fitted yet; call fit() first")
        return self._fitted

    def _gathered(
        self, on_step: OnStep | None, *, hand: bool = False
    ) -> tuple[Examples, Selection]:
        seed = self.recipe.seed
        return gather(self._journal, self.features, seed=seed, hand=hand, on_step=on_step)

    def _pool(self, paths: list[Path | Unlabelled], views: int, on_step: OnStep | None) -> Pool:
        digests = (annotation.digest for annotation in self._journal)
        seed = self.recipe.seed
        return gather_unlabelled(
            paths, digests, self.features, views=views, seed=seed, on_step=on_step
        )
