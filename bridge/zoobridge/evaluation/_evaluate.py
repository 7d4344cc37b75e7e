"""Evaluating models on a dataset: one after the other, with progress, and resumable."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zoobridge.client import EvaluationUpdate
from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.comparison._compare import compare_runs
from zoobridge.evaluation.comparison._records import evaluation_of, rows_of
from zoobridge.evaluation.datasets._labels import labels_for
from zoobridge.evaluation.measures._measures import measures_named
from zoobridge.evaluation.runs._model_run import choose_weights, run_model

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from zoobridge.client import Client, Model, Weights
    from zoobridge.evaluation.comparison._comparison import Comparison
    from zoobridge.evaluation.datasets._dataset import Dataset
    from zoobridge.evaluation.runs._run import Run

__all__ = ["DEFAULT_RESAMPLES", "Update", "evaluate", "evaluate_iter"]

DEFAULT_RESAMPLES = 1000

# An update is yielded after so many answers.
_EVERY = 10

# Intervals that are shown for a while need not be exact.
_PARTIAL_RESAMPLES = 100


@dataclass(frozen=True)
class Update(EvaluationUpdate):
    """The state of an evaluation that runs here.

    Parameters
    ----------
    comparison
        The models that are done, compared, with coarser intervals; in the end the whole comparison.
        `None` while nothing new can be compared.
    """

    comparison: Comparison | None = None


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
    resamples: int = DEFAULT_RESAMPLES,
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
    resamples: int = DEFAULT_RESAMPLES,
    run_id: str = "",
) -> Generator[Update, None, None]:
    """Run models over a dataset, and compare them.

    Everything that can be refused is, before the first picture is read. Closing the generator
    cancels what is under way. What was answered stays in `folder`: the same call continues from
    there, and a call about other weights or data starts again and says so.

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
    run_id
        Name of the run, for its updates.

    Raises
    ------
    InvalidRequestError
        If a model cannot run, a measure is not known, or classes match no label.
    ZooBridgeError
        If the server fails; what was answered is kept.
    """
    order = rank_by or "accuracy"
    measures_named((*measures, order))
    plan = _plan(client, models)
    for model, _ in plan:
        labels_for(dataset.labels, model.labels, mapping, multi_label=dataset.multi_label)
    clustered = len({item.path for item in dataset.items}) < len(dataset.items)
    update = Update(run_id=run_id, items=len(dataset.items))
    runs: list[Run] = []
    for model, weights in plan:
        steps = run_model(client, model, weights, dataset, folder=folder, mapping=mapping)
        with closing(steps):
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    runs.append(end.value)
                    break
                progress = replace(step, models_done=len(runs), models_total=len(plan))
                if step.done % _EVERY == 0 or step.done == step.total or step.notice:
                    update = replace(update, progress=progress, comparison=None)
                    yield update
        last = len(runs) == len(plan)
        progress = replace(
            progress, done=update.items, failed=len(runs[-1].failures), models_done=len(runs)
        )
        if not last and all(len(run.failures) == update.items for run in runs):
            # Nothing to compare yet; another model may do better.
            yield replace(update, progress=progress, comparison=None)
            continue
        comparison = compare_runs(
            runs, measures=measures, rank_by=order, seed=seed,
            resamples=resamples if last else min(resamples, _PARTIAL_RESAMPLES),
            clustered=clustered,
        )  # fmt: skip
        update = replace(
            update,
            progress=progress,
            rows=rows_of(comparison, confusion=last),
            result=evaluation_of(comparison, dataset, run_id=run_id) if last else None,
            comparison=comparison,
        )
        yield update


def _plan(client: Client, models: Sequence[str]) -> list[tuple[Model, Weights]]:
    """Return each model with each of its weights that are to run; each is asked for once."""
    described: dict[str, Model] = {}
    found: list[tuple[Model, Weights]] = []
    for given in models:
        name, _, framework = given.partition(":")
        if name not in described:
            described[name] = client.model(name)
        model = described[name]
        chosen = choose_weights(model, framework)
        for one in (framework,) if framework else model.frameworks:
            weights = choose_weights(model, one) if one != chosen.framework else chosen
            if any((model.reference, one) == (m.reference, w.framework) for m, w in found):
                raise InvalidRequestError(
                    f"{model.reference}:{one} is named twice; name each model once"
                )
            found.append((model, weights))
    if not found:
        raise InvalidRequestError("name at least one model")
    return found
