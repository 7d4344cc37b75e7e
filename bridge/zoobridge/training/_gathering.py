"""Gathering what is fitted: annotated pictures and unlabelled ones, with their features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.training._selection import Selection, select
from zoobridge.training.annotations import ChosenBy, file_digest
from zoobridge.training.features import VIEWS
from zoobridge.training.fit import Examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from zoobridge.training.annotations import Annotation
    from zoobridge.training.features import FeatureExtractor

    OnStep = Callable[[str, int, int], None]

__all__ = ["TURNED", "Unlabelled", "gather", "gather_unlabelled"]

#: With more items, a picture is taken unchanged.
TURNED: Final = 2000
#: With more items, a random part of them is taken.
_FITTED: Final = 20_000


@dataclass(frozen=True)
class Unlabelled:
    """A picture without a class."""

    digest: str
    path: str
    region: str = ""
    box: None = None


def gather(
    annotations: Iterable[Annotation],
    features: FeatureExtractor,
    *,
    seed: int,
    hand: bool = False,
    on_step: OnStep | None,
) -> tuple[Examples, Selection]:
    """Return what can be fitted, and the annotations behind it.

    Parameters
    ----------
    annotations
        Of all annotators.
    features
        Gives features.
    seed
        Of the random part where there are too many items.
    hand
        Compute features by hand too, for rivals.
    on_step
        Called as features are computed.

    Raises
    ------
    InvalidRequestError
        If nothing can be fitted.
    """
    selection = select(annotations, limit=_FITTED, seed=seed)
    chosen = selection.annotations
    views = VIEWS if len(chosen) <= TURNED else 1
    rows, kept, left_out = [], [], list(selection.left_out)
    for one in features.extract(chosen, views=views, on_item=_stage("features", on_step)):
        if one.features is None:
            left_out.append((chosen[one.place].name, one.problem))
        else:
            rows.append(one.features)
            kept.append(chosen[one.place])
    if not kept:
        reason = f": {left_out[0][1]}" if left_out else ""
        raise InvalidRequestError(f"none of the annotated pictures can be used{reason}")
    labels = tuple(sorted({annotation.label for annotation in kept}))
    _, groups = np.unique([annotation.group for annotation in kept], return_inverse=True)
    examples = Examples(
        names=tuple(annotation.name for annotation in kept),
        labels=labels,
        classes=np.array([labels.index(annotation.label) for annotation in kept]),
        groups=groups.astype(np.int64),
        features=np.stack(rows),
        fair=np.array([annotation.chosen_by is ChosenBy.RANDOM for annotation in kept]),
        hand=np.stack(features.by_hand(kept, on_item=_stage("features by hand", on_step)))
        if hand
        else None,
    )
    return examples, replace(selection, annotations=tuple(kept), left_out=tuple(left_out))


def gather_unlabelled(
    paths: Iterable[Path | Unlabelled],
    annotated: Iterable[str],
    features: FeatureExtractor,
    *,
    views: int,
    on_step: OnStep | None,
) -> list[tuple[Unlabelled, NDArray[np.float32]]]:
    """Return the pictures that are not annotated and can be read, with their features.

    Parameters
    ----------
    paths
        The pictures.
    annotated
        Digests of those that are annotated.
    features
        Gives features.
    views
        How many of the eight views.
    on_step
        Called as features are computed.
    """
    done = set(annotated)
    found = (
        one if isinstance(one, Unlabelled) else Unlabelled(file_digest(one), str(one))
        for one in paths
    )
    pool = [one for one in {one.digest: one for one in found}.values() if one.digest not in done]
    return [
        (pool[one.place], one.features)
        for one in features.extract(
            pool, views=views, on_item=_stage("unlabelled pictures", on_step)
        )
        if one.features is not None
    ]


def _stage(name: str, on_step: OnStep | None) -> Callable[[int, int], None] | None:
    if on_step is None:
        return None
    return lambda done, total: on_step(name, done, total)
