"""Classes as features of a layer, beside the columns that are there already.

pandas takes longer to import than all of the widgets, so it is imported with the first result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zoobridge.results._records import Record
from napari_zoobridge.targets import ItemKind

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METADATA_KEY", "add_features", "column_name", "own_columns", "remove_features"]

METADATA_KEY = "zoobridge"
_INDEX = "index"
#: Of models that say how far to rely on an answer.
_RELIABILITY = ("prediction_set", "novelty", "unlike_training")


def column_name(text: str) -> str:
    """Turn a name into one that napari's text templates can refer to: ``{score_my_class}``."""
    return re.sub(r"\W+", "_", text).strip("_") or "_"


def own_columns(layer: Any) -> list[str]:
    """List the feature columns of a layer that ZooBridge added."""
    return [
        name
        for name in layer.metadata.get(METADATA_KEY, {}).get("columns", [])
        if name in layer.features
    ]


def add_features(
    layer: Any,
    records: Sequence[Record],
    labels: Sequence[str],
    *,
    name: str = "class",
    all_scores: bool = False,
) -> dict[str, str]:
    """Write results into a layer's features.

    Columns that ZooBridge added before under the same name are replaced; those of the user stay
    as they are, and where one has the wanted name, ours gets a number behind it.

    Parameters
    ----------
    layer
        A Shapes, Points or Labels layer.
    records
        Results of its items. Rows without one are left missing.
    labels
        All classes of the model: the categories, in its order.
    name
        The class column; the others derive from it: ``score`` beside ``class``.
    all_scores
        One more column for each class with its score.

    Returns
    -------
    dict
        The names that the columns got: by ``class``, ``score``, ``classes`` (all that reach the
        threshold, for models of independent classes), ``score:LABEL``, and for models whose answers
        say how far to rely on them ``prediction_set``, ``novelty`` and ``unlike_training``.
    """
    suffix = "" if name == "class" else f"_{name.removeprefix('class_')}"
    import pandas as pd

    replaced = [column for column in own_columns(layer) if _belongs(layer, column, name)]
    frame = pd.DataFrame(layer.features).drop(columns=replaced)

    frame, rows = _rows(layer, frame, records)
    wanted: dict[str, pd.Series[Any]] = {
        "class": _series(
            frame, rows, [record.label for record in records], pd.CategoricalDtype(list(labels))
        ),
        "score": _series(frame, rows, [_number(record.score) for record in records], np.float64),
    }
    if any(record.result.score_kind == "independent_probability" for record in records):
        counting = [", ".join(record.result.positives) for record in records]
        wanted["classes"] = _series(frame, rows, counting, object)
    sets = [record.result.prediction_set for record in records]
    if any(one is not None for one in sets):
        texts = ["" if one is None else "|".join(one.labels) for one in sets]
        wanted["prediction_set"] = _series(frame, rows, texts, object)
    novelties = [record.result.novelty for record in records]
    if any(one is not None for one in novelties):
        values = [_number(None if one is None else one.value) for one in novelties]
        wanted["novelty"] = _series(frame, rows, values, np.float64)
        exceeded = [one is not None and one.exceeded for one in novelties]
        wanted["unlike_training"] = _series(frame, rows, exceeded, object)
    if all_scores:
        for index, label in enumerate(labels):
            values = [
                float("nan") if record.result.scores is None else float(record.result.scores[index])
                for record in records
            ]
            wanted[f"score:{label}"] = _series(frame, rows, values, np.float64)

    names: dict[str, str] = {}
    for key, series in wanted.items():
        base = {
            "class": name,
            **{one: f"{one}{suffix}" for one in ("score", "classes", *_RELIABILITY)},
        }.get(key, column_name(f"score{suffix}_{key.removeprefix('score:')}"))
        names[key] = _free_name(base, frame)
        frame[names[key]] = series
    layer.features = frame
    entry = layer.metadata.setdefault(METADATA_KEY, {})
    groups = entry.setdefault("groups", {})
    groups[name] = list(names.values())
    entry["columns"] = [column for group in groups.values() for column in group]
    return names


def remove_features(layer: Any) -> None:
    """Take away every column that :func:`add_features` added, and rows that it made for them."""
    import pandas as pd

    entry = layer.metadata.get(METADATA_KEY, {})
    if "columns" not in entry:
        return
    frame = pd.DataFrame(layer.features).drop(columns=own_columns(layer))
    before = entry.pop("before_rows", None)
    if before is not None:
        # A row that the user has filled since then is the user's.
        others = frame.drop(columns=_INDEX, errors="ignore")
        made = (np.arange(len(frame)) >= before["rows"]) & others.isna().all(axis=1).to_numpy()
        frame = frame.loc[~made]
        if not before["index"] and _INDEX in frame and frame.shape[1] == 1:
            frame = pd.DataFrame()
        for column, dtype in before["dtypes"].items():
            if column in frame and not frame[column].isna().any():
                frame[column] = frame[column].astype(dtype)
    layer.features = frame
    for key in ("columns", "groups"):
        entry.pop(key, None)
    if not entry:
        layer.metadata.pop(METADATA_KEY, None)


def _belongs(layer: Any, column: str, name: str) -> bool:
    groups: Mapping[str, list[str]] = layer.metadata.get(METADATA_KEY, {}).get("groups", {})
    return column in groups.get(name, [])


def _number(score: float | None) -> float:
    return float("nan") if score is None else float(score)


def _free_name(base: str, frame: pd.DataFrame) -> str:
    name, number = base, 2
    while name in frame:
        name, number = f"{base}_{number}", number + 1
    return name


def _series(
    frame: pd.DataFrame, rows: Sequence[int], values: Sequence[Any], dtype: Any
) -> pd.Series[Any]:
    import pandas as pd

    column: list[Any] = [None] * len(frame)
    for row, value in zip(rows, values, strict=True):
        if 0 <= row < len(column):
            column[row] = value
    return pd.Series(column, index=frame.index, dtype=dtype)


def _rows(
    layer: Any, frame: pd.DataFrame, records: Sequence[Record]
) -> tuple[pd.DataFrame, list[int]]:
    """Find the row of each record, and add rows for labels that have none."""
    import pandas as pd

    indexes = [record.item.index for record in records]
    if not records or records[0].item.kind is not ItemKind.LABEL:
        return frame, indexes
    # Rows that are added leave holes in the user's columns, which changes their types.
    layer.metadata.setdefault(METADATA_KEY, {}).setdefault(
        "before_rows",
        {"rows": len(frame), "index": _INDEX in frame, "dtypes": dict(frame.dtypes)},
    )
    if _INDEX not in frame and frame.shape[1]:
        # The user's table has no index column: napari then takes row n for label n.
        missing = max(indexes) + 1 - len(frame)
        if missing > 0:
            frame = frame.reindex(range(max(indexes) + 1))
        return frame, indexes
    known = list(frame[_INDEX]) if _INDEX in frame else []
    new = [label for label in indexes if label not in set(known)]
    if _INDEX not in frame:
        frame = pd.DataFrame({_INDEX: new})
    elif new:
        frame = pd.concat([frame, pd.DataFrame({_INDEX: new})], ignore_index=True)
    place = {label: row for row, label in enumerate(frame[_INDEX])}
    return frame, [place[label] for label in indexes]
