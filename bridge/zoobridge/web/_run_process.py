"""The process of one comparison: ``python -m zoobridge.web._run_process``.

It reads what to do as one JSON line from standard input, writes events as JSON lines to standard
output, and ends when standard input is closed, so that it never outlives the page. Pictures are read
here, and the statistics' libraries loaded: neither concerns the page's process.
"""

from __future__ import annotations

import json
import os
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

    from zoobridge.client import Client, Evaluation, EvaluationRow
    from zoobridge.evaluation import Comparison, Dataset

__all__ = ["main"]


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
        else:
            yield from _on_the_server(client, asked)


def _here(
    client: Client,
    asked: dict[str, Any],
    dataset: Dataset,
    pictures: list[dict[str, str]],
) -> Iterator[dict[str, Any]]:
    """Compare models on pictures that lie here, and write the report.

    `pictures` says how the page finds each.
    """
    from zoobridge.evaluation import (
        evaluate_iter,
        find_mistakes,
        repeating_command,
        write_report,
    )

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
    mapping = asked["mapping"]
    command = repeating_command(comparison, "FOLDER", mapping=mapping)
    write_report(comparison, dataset, folder / "report", command=command, mapping=mapping)
    yield {
        "end": {
            "conclusions": list(comparison.conclusions),
            "report": True,
            "mistakes": [
                asdict(one) | pictures[one.item] for one in find_mistakes(comparison, dataset)
            ],
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


def _on_the_server(client: Client, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Have the server compare models on pictures that lie with it, and send its report."""
    report = Path(asked["folder"]) / "report"
    steps = client.evaluate_iter(
        asked["models"], asked["path"], mapping=asked["mapping"], report=report
    )
    result: Evaluation | None = None
    with closing(steps):
        for update in steps:
            result = update.result
            event: dict[str, Any] = {"rows": [_served_row(row) for row in update.rows]}
            if update.progress is not None:
                event["progress"] = asdict(update.progress)
            yield event
    assert result is not None  # noqa: S101 - without it, an error was raised
    sent = report / "mistakes.json"
    mistakes = json.loads(sent.read_text("utf-8")) if sent.exists() else []
    for one in mistakes:
        picture = one.pop("picture")
        one |= {"name": Path(one["name"]).name}
        if picture:
            one |= {"path": os.fspath(report / picture)}
    yield {
        "end": {
            "conclusions": list(result.conclusions),
            "report": sent.exists(),
            "mistakes": mistakes,
            "failures": [asdict(one) for one in result.failures],
        }
    }


def _served_row(row: EvaluationRow) -> dict[str, Any]:
    values = {name: asdict(value) | {"unit": ""} for name, value in row.values.items()}
    return {"name": row.name, "failed": row.failed, "values": values}


if __name__ == "__main__":
    main()
