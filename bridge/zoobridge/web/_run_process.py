"""The process of one comparison: ``python -m zoobridge.web._run_process``.

It reads what to do as one JSON line from standard input, writes events as JSON lines to standard
output, and ends when standard input is closed, so that it never outlives the page. Pictures are read
here, and the statistics' libraries loaded: neither concerns the page's process.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.client import connect
from zoobridge.errors import InvalidRequestError, ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.client import Client, EvaluationRow
    from zoobridge.evaluation import Comparison, Dataset

__all__ = ["main"]

_MISTAKES = 500
# Mistakes of a folder that the page shows as pictures.
_LAID = 60


def main() -> None:
    """Do what standard input asks for."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a library prints must not stand among the events.
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_page, name="lifeline", daemon=True).start()
    try:
        for event in _events(asked):
            output.write(json.dumps(event) + "\n")
            output.flush()
    except ZooBridgeError as error:
        output.write(json.dumps({"error": error.message, "reason": error.reason}) + "\n")
        output.flush()
    # The thread that waits for the page's end holds standard input.
    output.close()
    os._exit(0)


def _end_with_the_page() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(1)


def _events(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with connect(**asked["server"]) as client:
        if not asked["path"]:
            from zoobridge.evaluation import Dataset, LabelledItem

            items = tuple(
                LabelledItem(Path(one["path"]), (one["label"],)) for one in asked["items"]
            )
            pictures = [{"picture": one["id"]} for one in asked["items"]]
            yield from _here(client, asked, Dataset(items), pictures)
        elif asked["beside"]:
            yield from _beside(client, asked)
        else:
            yield from _on_the_server(client, asked)


def _beside(client: Client, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Compare models on a folder of the server, which this process can read as well."""
    from zoobridge.evaluation import read_dataset

    # Whether the folder is allowed is the server's to say.
    with closing(
        client.evaluate_iter(asked["models"], asked["path"], mapping=asked["mapping"])
    ) as steps:
        next(steps, None)
    dataset = read_dataset(Path(asked["path"]))
    yield from _here(client, asked, dataset, None)


def _here(
    client: Client,
    asked: dict[str, Any],
    dataset: Dataset,
    pictures: list[dict[str, str]] | None,
) -> Iterator[dict[str, Any]]:
    """Compare models on pictures that lie here, and write the report.

    `pictures` says how the page finds each; `None`: mistakes are laid out for it.
    """
    from zoobridge.evaluation import evaluate_iter, write_report

    folder = Path(asked["folder"])
    comparison: Comparison | None = None
    steps = evaluate_iter(
        client, asked["models"], dataset, folder=folder / "answers", mapping=asked["mapping"]
    )
    with closing(steps):
        for update in steps:
            comparison = update.comparison or comparison
            yield {
                "progress": None if update.progress is None else asdict(update.progress),
                **({} if update.comparison is None else {"rows": _rows(update.comparison)}),
            }  # fmt: skip
    if comparison is None:
        raise InvalidRequestError("no picture was answered by any model")
    write_report(comparison, dataset, folder / "report", command=asked["command"])
    yield {
        "end": {
            "conclusions": list(comparison.conclusions),
            "report": True,
            "mistakes": _mistakes(comparison, dataset, pictures, folder / "mistakes"),
            "failures": [
                {"item": dataset.items[one.item].name, "model": row.run.name, "reason": one.error}
                for row in comparison.rows
                for one in row.run.failures
            ],
        }
    }


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    rows = []
    for row in comparison.rows:
        values = {}
        for measure in comparison.measures:
            found, interval = row.measures[measure.name], row.intervals.get(measure.name)
            values[measure.name] = {
                "value": found.value,
                "reason": found.reason,
                "low": None if interval is None else interval.low,
                "high": None if interval is None else interval.high,
                "unit": measure.unit,
            }
        rows.append({"name": row.run.name, "failed": len(row.run.failures), "values": values})
    return rows


def _mistakes(
    comparison: Comparison, dataset: Dataset, pictures: list[dict[str, str]] | None, folder: Path
) -> list[dict[str, Any]]:
    """Return what was answered wrongly, with where the page finds the picture."""
    found: list[dict[str, Any]] = []
    laid: dict[int, dict[str, str]] = {}
    for row in comparison.rows:
        for place, item in enumerate(comparison.items):
            if not row.outcomes.correct[place]:
                if pictures is None and item not in laid:
                    laid[item] = _laid(dataset.items[item].path, folder, len(laid))
                found.append(
                    {
                        **(laid if pictures is None else pictures)[item],
                        "item": item,
                        "model": row.run.name,
                        "truth": dataset.items[item].label,
                        "label": row.answered(place),
                    }
                )
    return found[:_MISTAKES]


def _laid(path: Path, folder: Path, number: int) -> dict[str, str]:
    """Lay a picture out for the page, as long as there are few; return where it lies."""
    if number >= _LAID:
        return {}
    folder.mkdir(exist_ok=True)
    place = folder / f"{number}{path.suffix}"
    try:
        os.link(path, place)
    except OSError:
        # Another disk, or another user's file.
        shutil.copyfile(path, place)
    return {"path": os.fspath(place), "name": path.name}


def _on_the_server(client: Client, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Have the server compare models on pictures that lie with it."""
    steps = client.evaluate_iter(asked["models"], asked["path"], mapping=asked["mapping"])
    with closing(steps):
        for update in steps:
            event: dict[str, Any] = {"rows": [_served_row(row) for row in update.rows]}
            if update.progress is not None:
                event["progress"] = asdict(update.progress)
            yield event
            if update.result is not None:
                yield {
                    "end": {
                        "conclusions": list(update.result.conclusions),
                        "report": False,
                        "mistakes": [],
                        "failures": [asdict(one) for one in update.result.failures],
                    }
                }


def _served_row(row: EvaluationRow) -> dict[str, Any]:
    values = {name: asdict(value) | {"unit": ""} for name, value in row.values.items()}
    return {"name": row.name, "failed": row.failed, "values": values}


if __name__ == "__main__":
    main()
