"""Scores of the classification extension are written so that none is lost."""

import numpy as np
import pytest

from zoobridge.server.inference._infer import _best_classes


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_scores_come_back_as_they_were(dtype):
    scores = np.array([[1e-9, 0.9, 123456.789, 3e-38]]).astype(dtype)
    written = _best_classes(scores, ["a", "b", "c", "d"], 4)
    back = {int(row.split(b":")[1]): float(row.split(b":")[0]) for row in written}
    for index, score in back.items():
        assert np.dtype(dtype).type(score) == scores[0, index]


def test_small_scores_are_not_zero():
    (written,) = _best_classes(np.array([[1e-9]], np.float32), ["a"], 1)
    assert written == b"1e-09:0:a"
