"""Evaluating models on a dataset: one after the other, with progress, and resumable."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.comparison._compare import compare_runs
from zoobridge.evaluation.datasets._labels import labels_for
from zoobridge.evaluation.measures._measures import measures_named
from zoobridge.evaluation.runs._model_run import chosen_weights, run_model_iter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from zoobridge.client import Client
    from zoobridge.evaluation.comparison._comparison import Comparison
    from zoobridge.evaluation.datasets._dataset import Dataset
    from zoobridge.evaluation.runs._run import Run

__all__ = ["Update", "evaluate", "evaluate_iter"]

# Every so many answers an update is told.
_EVERY = 10

# Intervals that are shown for a while need not be exact.
_PARTIAL_RESAMPLES = 100


@dataclass(frozen=True)
class Update:
    """How far an evaluation is.

    Parameters
    ----------
    model
        The model that works now, as ``id@version:framework``.
    done, failed, total
        Its items that are answered, those among them that failed, and all.
    models_done, models_total
        Models that are done, and all.
    comparison
        The models that are done, compared, with rougher intervals; last the whole comparison.
    """

    model: str
    done: int
    failed: int
    total: int
    models_done: int
    models_total: int
    comparison: Comparison | None = None

    @property
    def finished(self) -> bool:
        """Whether this is the last one, with the whole comparison."""
        return self.models_done == self.models_total


def evaluate(
    client: Client,
    models: Sequence[str],
    dataset: Dataset,
    *,
    folder: Path,
    mapping: Mapping[str, str] | None = None,
    measures: Sequence[str] = (),
    rank_by: str = "",
    seed: int = 0,
    resamples: int = 1000,
    on_update: Callable[[Update], None] | None = None,
) -> Comparison:
    """Evaluate models as :func:`evaluate_iter` does, and return the whole comparison."""
    comparison: Comparison | None = None
    steps = evaluate_iter(
        client, models, dataset, folder=folder, mapping=mapping, measures=measures,
        rank_by=rank_by, seed=seed, resamples=resamples,
    )  # fmt: skip
    with closing(steps):
        for update in steps:
            comparison = update.comparison
            if on_update is not None:
                on_update(update)
    assert comparison is not None  # noqa: S101 - the last update has it
    return comparison


def evaluate_iter(
    client: Client,
    models: Sequence[str],
    dataset: Dataset,
    *,
    folder: Path,
    mapping: Mapping[str, str] | None = None,
    measures: Sequence[str] = (),
    rank_by: str = "",
    seed: int = 0,
    resamples: int = 1000,
) -> Generator[Update, None, None]:
    """Run models over a dataset, and compare them.

    Everything that can be refused is, before the first picture is read. Closing the generator
    cancels what is under way; what was answered stays in `folder`, and the same call goes on from
    there.

    Parameters
    ----------
    client
        A connection to any server; the pictures are read here.
    models
        ``id`` or ``id@version``, each with ``:framework`` to name one; without, the model has a row
        for each framework that can run it.
    dataset
        Labelled items.
    folder
        Where answers are kept.
    mapping
        What models call a class of the dataset, where it is not the same.
    measures
        Names of the measures; all if empty.
    rank_by
        The measure that orders the rows; accuracy if empty.
    seed, resamples
        Of the intervals.

    Raises
    ------
    InvalidRequestError
        If a model cannot run, a measure is not known, classes match no label, or the folder holds
        answers of something else.
    ZooBridgeError
        If the server fails; what was answered is kept.
    """
    order = rank_by or "accuracy"
    measures_named((*measures, order))
    plan = _plan(client, models)
    for model, _ in plan:
        labels_for(
            dataset.labels, client.model(model).labels, mapping, multi_label=dataset.multi_label
        )
    clustered = len({item.path for item in dataset.items}) < len(dataset.items)
    runs: list[Run] = []
    for model, framework in plan:
        name, total = f"{model}:{framework}", len(dataset.items)
        steps = run_model_iter(
            client, model, dataset, folder=folder, framework=framework, mapping=mapping
        )
        with closing(steps):
            yield Update(name, 0, 0, total, len(runs), len(plan))
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    runs.append(end.value)
                    break
                if step.done % _EVERY == 0 or step.done == total:
                    yield Update(name, step.done, step.failed, total, len(runs), len(plan))
        last = len(runs) == len(plan)
        failed = len(runs[-1].failures)
        if not last and all(len(run.failures) == total for run in runs):
            # Nothing to compare yet; another model may do better.
            yield Update(name, total, failed, total, len(runs), len(plan))
            continue
        comparison = compare_runs(
            runs, measures=measures, rank_by=order, seed=seed,
            resamples=resamples if last else min(resamples, _PARTIAL_RESAMPLES),
            clustered=clustered,
        )  # fmt: skip
        yield Update(name, total, failed, total, len(runs), len(plan), comparison)


def _plan(client: Client, models: Sequence[str]) -> list[tuple[str, str]]:
    """Return each model's reference with each framework that it is to run with."""
    found: list[tuple[str, str]] = []
    for given in models:
        name, _, framework = given.partition(":")
        described, _ = chosen_weights(client, name, framework)
        for one in (framework,) if framework else described.frameworks:
            if (described.reference, one) in found:
                raise InvalidRequestError(
                    f"{described.reference}:{one} is named twice; name each model once"
                )
            found.append((described.reference, one))
    if not found:
        raise InvalidRequestError("no model is named")
    return found
