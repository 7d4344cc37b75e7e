"""Gathering what is fitted: annotated pictures and unlabelled ones, with their features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.training._progress import stage
from zoobridge.training._selection import Selection, select
from zoobridge.training.annotations import ChosenBy, file_digest, has_changed
from zoobridge.training.features import VIEWS, changed_error
from zoobridge.training.fit import Examples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from zoobridge.training._progress import OnStep
    from zoobridge.training.annotations import Annotation
    from zoobridge.training.features import FeatureExtractor

__all__ = ["TURNED", "Pool", "Unlabelled", "gather", "gather_unlabelled", "views_of"]

#: With more items, a picture is taken unchanged.
TURNED: Final = 2000
#: With more items, a random part of them is taken.
_FITTED: Final = 20_000


def views_of(count: int) -> int:
    """Return how many views of each of so many annotated pictures are taken."""
    return VIEWS if count <= TURNED else 1


@dataclass(frozen=True)
class Unlabelled:
    """A picture without a class."""

    digest: str
    path: str
    region: str = ""
    box: None = None


@dataclass(frozen=True, eq=False)
class Pool:
    """Pictures without a class that can be read.

    Parameters
    ----------
    pictures
        The pictures.
    features
        ``(pictures, views, dimensions)``.
    offered
        How many there are; where these are too many, `pictures` are of a random part.
    """

    pictures: tuple[Unlabelled, ...]
    features: NDArray[np.float32]
    offered: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """What must be said of them."""
        if self.offered <= (most := _most(self.features.shape[1])):
            return ()
        return (
            f"only {most:,} of the {self.offered:,} unlabelled pictures, chosen at random, were "
            "looked at",
        )


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
    chosen, left_out = [], list(selection.left_out)
    digest_of = cache(file_digest)
    for one in selection.annotations:
        # Its features may be remembered, so that nothing else would notice.
        if has_changed(one, digest_of):
            left_out.append((one.name, changed_error(Path(one.path)).message))
        else:
            chosen.append(one)
    views = views_of(len(chosen))
    rows, kept = [], []
    for found in features.extract(chosen, views=views, on_item=stage("features", on_step)):
        if found.features is None:
            left_out.append((chosen[found.place].name, found.problem))
        else:
            rows.append(found.features)
            kept.append(chosen[found.place])
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
        hand=np.stack(features.by_hand(kept, on_item=stage("features by hand", on_step)))
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
    seed: int,
    on_step: OnStep | None,
) -> Pool:
    """Return the pictures that are not annotated and can be read, with their features.

    As many numbers are kept as for annotated pictures: of more pictures a random part is taken, and the
    same ones again while others of them are annotated, so that their features need not be computed anew.

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
    seed
        Of the random part.
    on_step
        Called as features are computed.
    """
    done = set(annotated)
    found = (
        one if isinstance(one, Unlabelled) else Unlabelled(file_digest(one), str(one))
        for one in paths
    )
    pool = [one for one in {one.digest: one for one in found}.values() if one.digest not in done]
    offered, most = len(pool), _most(views)
    if offered > most:
        pool = sorted(pool, key=lambda one: _rank(one, seed))[:most]
    kept, rows = [], []
    for one in features.extract(pool, views=views, on_item=stage("unlabelled pictures", on_step)):
        if one.features is not None:
            kept.append(pool[one.place])
            rows.append(one.features)
    stacked = np.stack(rows) if rows else np.empty((0, views, 0), np.float32)
    return Pool(tuple(kept), stacked, offered)


def _most(views: int) -> int:
    return _FITTED if views == 1 else TURNED


def _rank(picture: Unlabelled, seed: int) -> bytes:
    """Return a picture's place in a random order that does not depend on the others."""
    return hashlib.sha256(f"{seed} {picture.digest}".encode()).digest()
