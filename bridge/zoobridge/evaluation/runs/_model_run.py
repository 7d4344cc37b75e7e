"""Running a model over a dataset; an interrupted run continues where it stopped."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from zoobridge.client import EvaluationProgress
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
    from zoobridge.evaluation.datasets._dataset import Dataset, LabelledItem

__all__ = ["choose_weights", "run_model"]

_FORMAT = 2

# Objects of a picture that are asked for at once: an answer is kept as soon as all of them are done.
_OBJECTS = 64


# What a journal's header names, in the words of a notice.
_QUESTION = {"digest": "weights", "dataset": "data"}


def run_model(
    client: Client,
    model: Model,
    weights: Weights,
    dataset: Dataset,
    *,
    folder: Path,
    mapping: Mapping[str, str] | None = None,
) -> Generator[EvaluationProgress, None, Run]:
    """Classify a dataset's items, keeping every answer in a file as it comes.

    Called again with the same folder, it classifies only items that have no answer yet, and those
    that failed. Where the weights or the data have changed since, it starts again and says so.
    Closing the generator cancels what is under way.

    Parameters
    ----------
    client
        A connection to any server; the pictures are read here.
    model, weights
        What answers: :func:`choose_weights`.
    dataset
        The items.
    folder
        Where the answers are kept.
    mapping
        What the model calls a class of the dataset, where it is not the same.

    Yields
    ------
    EvaluationProgress
        First before anything is classified.

    Raises
    ------
    InvalidRequestError
        If classes match none of the model's labels.
    """
    labels, matched = labels_for(
        dataset.labels, model.labels, mapping, multi_label=dataset.multi_label
    )
    name = model.reference
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
    step = EvaluationProgress(
        f"{name}:{weights.framework}", total - len(left), 0, total, 0, 1, _notice(journal)
    )
    yield step
    if left or journal.costs is None:
        with journal:
            # Starting a framework takes longer than many pictures, and is not part of its speed.
            warm_up(client, name, weights.framework, [dataset.items[one] for one in left])
            failed = 0
            with closing(_ask(client, name, weights.framework, dataset.items, left)) as answers:
                for answer in answers:
                    journal.add(answer)
                    failed += bool(answer.error)
                    yield replace(step, done=len(journal.answers), failed=failed)
            answered = [
                item
                for number, item in enumerate(dataset.items)
                if not journal.answers[number].error
            ]
            journal.finish(measure_costs(client, model, weights, answered, journal.throughput))
    return Run(
        model=name,
        framework=weights.framework,
        digest=weights.digest,
        labels=labels,
        score_kind=model.score_kind,
        threshold=model.threshold,
        classes=_classes(labels, matched),
        dataset=header["dataset"],
        truth=tuple(tuple(matched[label] for label in item.labels) for item in dataset.items),
        multi_label=dataset.multi_label,
        answers=tuple(
            _one_or_rest(journal.answers[number], labels, model) for number in range(total)
        ),
        costs=journal.costs or Costs(),
    )


def _notice(journal: Journal) -> str:
    if journal.replaced:
        changed = ", ".join(_QUESTION.get(key, key) for key in journal.replaced)
        return f"the earlier answers are for other {changed}; starting again"
    if journal.answers:
        return f"using {len(journal.answers)} answers of an earlier run"
    return ""


def choose_weights(model: Model, framework: str) -> Weights:
    """Return the weights of a model that a framework runs; without a name, the fastest safe ones.

    Raises
    ------
    InvalidRequestError
        If the model is broken, or the framework cannot run it.
    """
    if model.problem:
        raise InvalidRequestError(f"{model.reference} cannot be used: {model.problem}")
    chosen = framework or next(iter(model.frameworks), "")
    if chosen not in model.frameworks:
        ready = ", ".join(model.frameworks) or "no installed framework"
        raise InvalidRequestError(
            f"{model.reference} does not run with {chosen or 'any framework'}; it runs with {ready}"
        )
    return next(one for one in model.weights if one.framework == chosen and not one.problem)


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
    client: Client, model: str, framework: str, items: Sequence[LabelledItem], left: Sequence[int]
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
