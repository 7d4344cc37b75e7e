"""Running a model over a dataset, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.datasets._labels import labels_for
from zoobridge.evaluation.measures._outcomes import Costs
from zoobridge.evaluation.runs._costs import measure_costs, warm_up
from zoobridge.evaluation.runs._journal import Answer, Journal
from zoobridge.evaluation.runs._run import Run

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from zoobridge.client import Client, Model, Result, Weights
    from zoobridge.evaluation.datasets._dataset import Dataset, Item

__all__ = ["Progress", "chosen_weights", "run_model", "run_model_iter"]

_FORMAT = 2

# Objects of a picture that are asked for at once: an answer is kept as soon as all of them are done.
_OBJECTS = 64


@dataclass(frozen=True)
class Progress:
    """How far a run is: items that are answered, items among them that failed, and all items."""

    done: int
    failed: int
    total: int


def run_model(
    client: Client,
    model: str,
    dataset: Dataset,
    *,
    folder: Path,
    framework: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Run:
    """Classify a dataset's items, as :func:`run_model_iter` does, and return the run."""
    steps = run_model_iter(
        client, model, dataset, folder=folder, framework=framework, mapping=mapping
    )
    while True:
        try:
            next(steps)
        except StopIteration as end:
            run: Run = end.value
            return run


def run_model_iter(
    client: Client,
    model: str,
    dataset: Dataset,
    *,
    folder: Path,
    framework: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Generator[Progress, None, Run]:
    """Classify a dataset's items, keeping every answer in a file as it comes.

    Called again with the same folder, it asks only for items that have no answer yet. Items that
    failed are asked for again. Closing the generator cancels what is under way.

    Parameters
    ----------
    client
        A connection to any server; the pictures are read here.
    model, framework
        ``id`` or ``id@version``, and with what to run it; the fastest safe one if empty.
    dataset
        The items.
    folder
        Where the answers are kept.
    mapping
        What the model calls a class of the dataset, where it is not the same.

    Raises
    ------
    InvalidRequestError
        If the model is broken or cannot run so, classes match none of its labels, or the folder
        holds answers of other weights or another dataset under the same name.
    """
    described, weights = chosen_weights(client, model, framework)
    labels, matched = labels_for(
        dataset.labels, described.labels, mapping, multi_label=dataset.multi_label
    )
    name = described.reference
    header: dict[str, Any] = {
        "format": _FORMAT,
        "model": name,
        "framework": weights.framework,
        "digest": weights.digest,
        "dataset": _fingerprint(dataset),
    }
    journal = Journal(folder / f"{name}-{weights.framework}.jsonl", header)
    total = len(dataset.items)
    left = [number for number in range(total) if number not in journal.answers]
    if left or journal.costs is None:
        with journal:
            # Starting a framework takes longer than many pictures, and is no part of its speed.
            warm_up(client, name, weights.framework, [dataset.items[one] for one in left])
            failed = 0
            with closing(_ask(client, name, weights.framework, dataset.items, left)) as answers:
                for answer in answers:
                    journal.add(answer)
                    failed += bool(answer.error)
                    yield Progress(len(journal.answers), failed, total)
            answered = [
                item
                for number, item in enumerate(dataset.items)
                if not journal.answers[number].error
            ]
            journal.finish(measure_costs(client, described, weights, answered, journal.throughput))
    return Run(
        model=name,
        framework=weights.framework,
        digest=weights.digest,
        labels=labels,
        score_kind=described.score_kind,
        threshold=described.threshold,
        classes=_classes(labels, matched),
        dataset=header["dataset"],
        truth=tuple(tuple(matched[label] for label in item.labels) for item in dataset.items),
        multi_label=dataset.multi_label,
        answers=tuple(
            _one_or_rest(journal.answers[number], labels, described) for number in range(total)
        ),
        costs=journal.costs or Costs(),
    )


def chosen_weights(client: Client, model: str, framework: str) -> tuple[Model, Weights]:
    """Return a model's description, and the weights that a framework runs.

    Raises
    ------
    InvalidRequestError
        If the model is broken, or the framework cannot run it.
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
    return described, weights


def _one_or_rest(answer: Answer, labels: tuple[str, ...], described: Model) -> Answer:
    """Return the answer of a single output as one of two classes; any other as it is."""
    if labels == described.labels or answer.error or not answer.scores:
        return answer
    least = 0.0 if described.score_kind == "logit" else described.threshold
    return replace(answer, label=labels[int(answer.scores[0] >= least)])


def _classes(labels: Sequence[str], matched: Mapping[str, int]) -> tuple[str, ...]:
    words: dict[int, list[str]] = {}
    for word, index in matched.items():
        words.setdefault(index, []).append(word)
    return tuple(" or ".join(words.get(index, [label])) for index, label in enumerate(labels))


def _ask(
    client: Client, model: str, framework: str, items: Sequence[Item], left: Sequence[int]
) -> Generator[Answer, None, None]:
    """Yield the answers of items: whole pictures as a stream, then objects picture by picture."""
    began = time.perf_counter()
    whole = [number for number in left if items[number].region is None]
    options: dict[str, Any] = {"framework": framework, "all_scores": True}
    if whole:
        paths = [items[number].path for number in whole]
        with closing(client.classify_each(model, paths, **options)) as answered:
            for results in answered:
                number = whole[results[0].image_index]
                yield _answer(number, list(results), 1, 0, time.perf_counter() - began)
    objects = sorted(set(left) - set(whole), key=lambda number: (str(items[number].path), number))
    for path, group in groupby(objects, key=lambda number: items[number].path):
        numbers = list(group)
        for first in range(0, len(numbers), _OBJECTS):
            part = numbers[first : first + _OBJECTS]
            regions = [region for one in part if (region := items[one].region) is not None]
            found = list(client.classify(model, path, regions=regions, **options))
            seconds = time.perf_counter() - began
            for place, number in enumerate(part):
                yield _answer(number, found, len(part), place, seconds)


def _answer(
    number: int, results: Sequence[Result], expected: int, place: int, seconds: float
) -> Answer:
    """Return one item's answer out of a picture's results."""
    first = results[0]
    if len(results) == 1 and first.error is not None:
        # The picture as a whole, with all its objects.
        return Answer(number, error=first.error.message, seconds=seconds)
    if len(results) != expected:
        planes = len(results) // expected
        return Answer(
            number,
            error=f"the picture holds {planes} planes, and has one label; give each its own",
            seconds=seconds,
        )
    result = results[place]
    if result.error is not None:
        return Answer(number, error=result.error.message, seconds=seconds)
    scores = () if result.scores is None else tuple(float(score) for score in result.scores)
    return Answer(number, result.label, scores, seconds=seconds)


def _fingerprint(dataset: Dataset) -> str:
    """Return a digest of the items' places and labels, and their files' sizes and times of change."""
    digest = hashlib.sha256()
    for item in dataset.items:
        try:
            facts = item.path.stat()
            state = f"{facts.st_size} {facts.st_mtime_ns}"
        except OSError:
            state = "unreadable"
        shape = b""
        if item.region is not None:
            region = item.region
            box = f"{region.x} {region.y} {region.width} {region.height}"
            shape = box.encode() + (b"" if region.mask is None else region.mask.tobytes())
        digest.update(json.dumps([item.name, item.labels, state]).encode() + shape)
    return digest.hexdigest()
