"""All that takes long in a fit says how far it is, and can be ended there."""

from dataclasses import replace

import pytest

from training_examples import examples
from zoobridge.training import Recipe, fit_examples

ONCE = Recipe(repeats=1, folds=3)
STAGES = ("cross-validation", "rivals", "unlabelled", "shuffled classes")


def fit(on_step):
    given = examples(groups=36, views=1, spread=0.3)
    return fit_examples(
        replace(given, hand=given.features[:, 0]),
        ONCE,
        rivals=True,
        unlabelled=examples(groups=30, views=1, spread=0.3, seed=1).features,
        on_step=on_step,
    )


def test_every_stage_counts_to_its_end():
    steps = {}
    fit(lambda stage, done, total: steps.setdefault(stage, []).append((done, total)))
    assert tuple(steps) == STAGES
    for counted in steps.values():
        total = counted[0][1]
        assert counted == [(done, total) for done in range(1, total + 1)]


@pytest.mark.parametrize("ended", STAGES)
def test_every_stage_can_be_ended(ended):
    seen = []

    def stop(stage, done, _):
        seen.append(stage)
        if (stage, done) == (ended, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(stop)
    assert seen.count(ended) == 2
