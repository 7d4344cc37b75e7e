"""Running a model over a dataset, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation._datasets import match_labels
from zoobridge.evaluation._outcomes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from zoobridge.client import Client, Results
    from zoobridge.evaluation._datasets import Dataset

__all__ = ["Answer", "Run", "run_model"]

_FORMAT = 1


@dataclass(frozen=True)
class Answer:
    """What a model answered for one picture.

    Parameters
    ----------
    item
        Index of the picture in the dataset.
    label
        The answered class; empty if the picture failed.
    scores
        One for each of the model's labels; empty where it gives none.
    error
        Why the picture failed; empty if it did not.
    """

    item: int
    label: str = ""
    scores: tuple[float, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Run:
    """The answers of one model with one framework on a dataset.

    Parameters
    ----------
    model, framework, digest
        Which weights answered, and with what.
    labels, score_kind
        The model's classes, and what its scores are.
    truth
        Index of each item's true class.
    answers
        One for each item, in the order of the dataset.
    throughput
        Pictures a second, sent as a stream, once the model is loaded; `None` if nothing was left to do.
    """

    model: str
    framework: str
    digest: str
    labels: tuple[str, ...]
    score_kind: str
    truth: tuple[int, ...]
    answers: tuple[Answer, ...]
    throughput: float | None

    @property
    def name(self) -> str:
        """``model:framework``."""
        return f"{self.model}:{self.framework}"

    @property
    def failures(self) -> tuple[Answer, ...]:
        """The pictures that have no answer, with the reason."""
        return tuple(answer for answer in self.answers if answer.error)

    def outcomes(self, without: frozenset[int] = frozenset()) -> Outcomes:
        """Return what measures take.

        Parameters
        ----------
        without
            Items to leave out besides the failures of this run: those that failed for another
            model, so that all are measured on the same items.

        Raises
        ------
        InvalidRequestError
            If no item is left.
        """
        kept = [one for one in self.answers if not one.error and one.item not in without]
        if not kept:
            raise InvalidRequestError(f"{self.name} answered none of the pictures")
        truth = np.array([self.truth[one.item] for one in kept], np.intp)
        index = {label: number for number, label in enumerate(self.labels)}
        predicted = np.array([index[one.label] for one in kept], np.intp)
        scores = np.array([one.scores for one in kept]) if kept[0].scores else None
        if scores is not None and scores.shape[1] == 1 and len(self.labels) == 2:
            return Outcomes.from_scores(self.labels, truth, scores, self.score_kind)
        return Outcomes(self.labels, truth, predicted, scores, self.score_kind)


def run_model(
    client: Client,
    model: str,
    dataset: Dataset,
    *,
    folder: Path,
    framework: str = "",
    mapping: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Classify a dataset's pictures, keeping every answer in a file as it comes.

    Called again with the same folder, it asks only for pictures that have no answer yet. Pictures
    that failed are asked for again.

    Parameters
    ----------
    client
        A connection to any server; the pictures are read here.
    model, framework
        ``id`` or ``id@version``, and with what to run it; the fastest safe one if empty.
    dataset
        The pictures.
    folder
        Where the answers are kept, one JSON object a line.
    mapping
        What the model calls a class of the dataset, where it is not the same.
    on_progress
        Called with the number of pictures done and of all.

    Raises
    ------
    InvalidRequestError
        If the model is broken or cannot run so, classes match none of its labels, or the folder
        holds answers of other weights or another dataset under the same name.
    """
    described = client.model(model)
    if described.problem:
        raise InvalidRequestError(f"{described.reference} cannot be used: {described.problem}")
    chosen = framework or next(iter(described.frameworks), "")
    if chosen not in described.frameworks:
        ready = ", ".join(described.frameworks) or "nothing that is installed"
        raise InvalidRequestError(
            f"{described.reference} does not run with {chosen or 'any framework'}; "
            f"it runs with {ready}"
        )
    weights = next(one for one in described.weights if one.framework == chosen and not one.problem)
    matched = match_labels(dataset.labels, described.labels, mapping)
    header = {
        "format": _FORMAT,
        "model": described.reference,
        "framework": chosen,
        "digest": weights.digest,
        "dataset": _fingerprint(dataset),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{described.reference}-{chosen}.jsonl"
    done = _read(path, header)
    left = [number for number in range(len(dataset.items)) if number not in done]
    if left:
        # Starting a framework takes longer than many pictures, and is no part of its speed.
        client.classify(described.reference, dataset.items[left[0]].path, framework=chosen)
    began = time.perf_counter()
    if left:
        _write(path, header, done)
        with (
            path.open("a", encoding="utf-8") as file,
            closing(
                client.classify_each(
                    described.reference,
                    [dataset.items[number].path for number in left],
                    framework=chosen,
                    all_scores=True,
                )
            ) as answered,
        ):
            for results in answered:
                answer = _answer(left[results[0].image_index], results)
                done[answer.item] = answer
                _append(file, asdict(answer))
                if on_progress is not None:
                    on_progress(len(done), len(dataset.items))
    seconds = time.perf_counter() - began
    return Run(
        model=described.reference,
        framework=chosen,
        digest=weights.digest,
        labels=described.labels,
        score_kind=described.score_kind,
        truth=tuple(matched[item.label] for item in dataset.items),
        answers=tuple(done[number] for number in range(len(dataset.items))),
        throughput=len(left) / seconds if left else None,
    )


def _fingerprint(dataset: Dataset) -> str:
    """Return a digest of the pictures' names, labels, sizes and times of change."""
    digest = hashlib.sha256()
    for item in dataset.items:
        try:
            facts = item.path.stat()
            state = f"{facts.st_size} {facts.st_mtime_ns}"
        except OSError:
            state = "unreadable"
        digest.update(json.dumps([str(item.path), item.label, state]).encode())
    return digest.hexdigest()


def _answer(number: int, results: Results) -> Answer:
    if len(results) != 1:
        return Answer(
            number,
            error=f"the picture holds {len(results)} planes, and has one label; give each its own",
        )
    result = results[0]
    if result.error is not None:
        return Answer(number, error=result.error.message)
    scores = () if result.scores is None else tuple(float(score) for score in result.scores)
    return Answer(number, result.label, scores)


def _read(path: Path, header: Mapping[str, Any]) -> dict[int, Answer]:
    """Return the answers of an earlier run; its last line may have been cut off."""
    if not path.exists():
        return {}
    lines = path.read_text("utf-8").splitlines(keepends=True)
    whole = [json.loads(line) for line in lines if line.endswith("\n")]
    if not whole:
        return {}
    if whole[0] != header:
        differing = ", ".join(key for key in header if whole[0].get(key) != header[key])
        raise InvalidRequestError(
            f"{path} holds answers with another {differing}; remove it, or name another folder"
        )
    found = (
        Answer(one["item"], one["label"], tuple(one["scores"]), one["error"]) for one in whole[1:]
    )
    return {answer.item: answer for answer in found if not answer.error}


def _write(path: Path, header: Mapping[str, Any], done: Mapping[int, Answer]) -> None:
    """Begin the file anew with what is done, in one step, so that nothing is lost midway."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        for record in (header, *(asdict(answer) for answer in done.values())):
            _append(file, record)
    os.replace(fresh, path)  # noqa: PTH105 - says that an existing file is replaced


def _append(file: TextIO, record: Mapping[str, Any]) -> None:
    file.write(f"{json.dumps(record)}\n")
    file.flush()
