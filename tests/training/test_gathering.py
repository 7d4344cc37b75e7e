"""What is fitted is bounded: many pictures are taken unchanged, and of more a random part."""

import numpy as np
import pytest

from training_examples import examples, write_patches
from zoobridge.training import Recipe, _gathering, fit_examples
from zoobridge.training._gathering import gather_unlabelled, views_of


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Patches that the trained model was not fitted on."""
    return sorted(write_patches(tmp_path_factory.mktemp("others"), range(8, 11)).rglob("*.png"))


def gathered(trained, paths, **options):
    steps = []
    annotated = {one.digest for one in trained.project.annotations}
    pool = gather_unlabelled(
        paths,
        annotated | options.pop("annotated", set()),
        trained.project.features,
        **{"views": 1, "seed": 0, **options},
        on_step=lambda *step: steps.append(step),
    )
    return pool, steps


def test_above_two_thousand_pictures_are_taken_unchanged():
    assert views_of(2000) == 8
    assert views_of(2001) == 1


def test_of_many_unlabelled_pictures_a_random_part_is_looked_at_and_it_is_said(
    trained, others, monkeypatch
):
    everything, _ = gathered(trained, others)
    assert len(everything.pictures) == everything.offered == 9
    assert everything.sentences == ()

    monkeypatch.setattr(_gathering, "_FITTED", 4)
    pool, steps = gathered(trained, others)
    assert pool.features.shape == (4, 1, 2768)
    assert steps[-1] == ("unlabelled pictures", 4, 4)
    assert pool.sentences == (
        "only 4 of the 9 unlabelled pictures, chosen at random, were looked at",
    )
    assert pool.pictures != gathered(trained, others, seed=1)[0].pictures


def test_the_part_stays_the_same_while_others_are_annotated(trained, others, monkeypatch):
    monkeypatch.setattr(_gathering, "_FITTED", 4)
    pool, _ = gathered(trained, others)
    first = pool.pictures[0].digest
    again, _ = gathered(trained, reversed(others), annotated={first})
    assert again.pictures[:3] == pool.pictures[1:]


def test_eight_views_are_taken_of_fewer_pictures(trained, others, monkeypatch):
    monkeypatch.setattr(_gathering, "TURNED", 2)
    assert gathered(trained, others[:3], views=8)[0].features.shape == (2, 8, 2768)


def test_what_is_said_of_the_pictures_is_among_the_fits_sentences():
    given = examples(groups=36, spread=0.1)
    pool = np.ones((1, 2, 16), np.float32)
    fitted = fit_examples(given, Recipe(repeats=1, folds=3), unlabelled=pool, sentences=["one"])
    assert fitted.improvement[0] == "one"
