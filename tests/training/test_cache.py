"""The cache of features: bounded, shared, and what it gives does not depend on what it kept."""

from contextlib import closing

import numpy as np

from training_examples import examples
from zoobridge.training.features import FeatureCache, feature_key


def features(seed=0):
    return examples(groups=2, views=8, dimensions=32, seed=seed).features[0]


def test_what_is_kept_is_what_was_returned_when_it_was_put(tmp_path):
    with closing(FeatureCache(tmp_path / "features.sqlite")) as cache:
        put = cache.put("a", features())
        np.testing.assert_array_equal(cache.get("a", 8), put)
        np.testing.assert_array_equal(cache.get("a", 1), put[:1])
        assert cache.get("b", 1) is None
    np.testing.assert_allclose(put, features(), atol=1e-3)


def test_fewer_views_than_are_wanted_are_none(tmp_path):
    with closing(FeatureCache(tmp_path / "features.sqlite")) as cache:
        cache.put("a", features()[:1])
        assert cache.get("a", 8) is None


def test_two_projects_write_at_once_and_see_what_the_other_has_written(tmp_path):
    path = tmp_path / "features.sqlite"
    with closing(FeatureCache(path)) as one, closing(FeatureCache(path)) as other:
        one.put("a", features())
        other.put("b", features(1))
        one.put("c", features(2))
        assert other.get("a", 8) is not None
        assert one.get("b", 8) is not None


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path):
    size = features().astype(np.float16).nbytes
    path = tmp_path / "features.sqlite"
    with closing(FeatureCache(path, limit=100 * size)) as cache:
        for number in range(3):
            cache.put(str(number), features(number))
    with closing(FeatureCache(path, limit=2 * size)) as cache:
        cache.get("0", 8)
    with closing(FeatureCache(path)) as cache:
        kept = [name for name in "012" if cache.get(name, 8) is not None]
    assert kept == ["0", "2"]


def test_the_key_depends_on_model_picture_and_region():
    keys = {feature_key(*parts) for parts in [("m", "p", ""), ("m", "p", "1"), ("n", "p", "")]}
    assert len(keys) == 3
