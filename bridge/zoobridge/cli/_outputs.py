"""Where results go: a table on the screen, or CSV, JSON and JSON lines to a stream or a file."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from zoobridge.cli._csv_file import CsvFile, csv_line
from zoobridge.cli._screen import table
from zoobridge.client import table_columns

if TYPE_CHECKING:
    from collections.abc import Sequence, Set
    from pathlib import Path
    from types import TracebackType

    from zoobridge.client import Result, Results

__all__ = ["Output", "open_output"]


def open_output(
    form: str,
    path: Path | None,
    *,
    top: int,
    labels: Sequence[str],
    digests: Set[str],
    resume: bool,
    reliability: bool = False,
) -> Output:
    """Open an output.

    Parameters
    ----------
    form
        ``table``, ``csv``, ``json`` or ``jsonl``.
    path
        The file; `None` for the standard output.
    top
        Number of classes to write.
    labels
        The model's labels, where all scores are written.
    digests
        The digests that the model's results may carry; those of a file that is resumed must be
        among them.
    resume
        Go on with the file.
    reliability
        Whether the model's answers carry prediction sets or novelty.

    Raises
    ------
    InvalidRequestError
        If the file to resume holds something else.
    OSError
        If the file cannot be opened.
    """
    if form == "table":
        return _Table(None, top, labels, reliability=reliability)
    if form == "csv":
        columns = table_columns(top=top, errors=True, labels=labels, reliability=reliability)
        table_file = CsvFile.open(path, columns, digests, resume=resume) if path else None
        return _Csv(table_file, top, labels, reliability=reliability)
    file = CsvFile(path) if path is not None else None
    kind = _Json if form == "json" else _JsonLines
    return kind(file, top, labels, reliability=reliability)


class Output(ABC):
    """Takes results picture by picture; a context manager that closes what it writes to."""

    def __init__(
        self, file: CsvFile | None, top: int, labels: Sequence[str], *, reliability: bool
    ) -> None:
        self._file = file
        self._top = top
        self._labels = labels
        self._reliability = reliability

    @property
    def path(self) -> Path | None:
        """The file; `None` for the standard output."""
        return self._file.path if self._file is not None else None

    @property
    def done(self) -> Set[str]:
        """Names of the pictures whose results a resumed file holds already."""
        return self._file.done if self._file is not None else frozenset()

    @property
    def hint(self) -> str:
        """How to continue after an interruption, as the end of a sentence."""
        return f" in {self.path}" if self.path is not None else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def begin(self) -> None:  # noqa: B027 - most have nothing to write
        """Write what comes before the first result."""

    @abstractmethod
    def write(self, results: Results) -> None:
        """Write the results of one picture."""

    def end(self) -> None:  # noqa: B027 - most have nothing to write
        """Write what comes after the last result."""

    def _put(self, text: str) -> None:
        """Write text as a whole or not at all, where it goes to a file."""
        data = text.encode("utf-8", "surrogateescape")
        if self._file is not None:
            self._file.append(data)
            return
        stream: BinaryIO = sys.stdout.buffer
        stream.write(data)
        stream.flush()


class _Table(Output):
    """Collects everything, since the width of a column depends on all of its cells."""

    def __init__(
        self, file: CsvFile | None, top: int, labels: Sequence[str], *, reliability: bool
    ) -> None:
        super().__init__(file, top, labels, reliability=reliability)
        self._results: list[Result] = []

    def write(self, results: Results) -> None:
        self._results += results

    def end(self) -> None:
        if not self._results:
            return
        errors = any(result.error is not None for result in self._results)
        hidden = {"model", "version", "digest"}
        columns = table_columns(
            top=self._top, errors=errors, labels=self._labels, reliability=self._reliability
        )
        names = [name for name in columns if name not in hidden]
        records = [result.to_record(top=self._top, labels=self._labels) for result in self._results]
        table(names, [[row[name] for name in names] for row in records], caption=self._caption())

    def _caption(self) -> str:
        done = next((one for one in self._results if one.error is None), None)
        if done is None:
            return ""
        model = done.model
        reference = f"{model.id}@{model.version}" if model.version else model.id
        precision = "" if model.precision in ("", "float32") else f" in {model.precision}"
        kind = done.score_kind.replace("_", " ") or "unknown kind"
        return (
            f"{reference} (digest {model.digest[:12]}…), {model.framework} "
            f"{model.framework_version} on {model.device}{precision}; score: {kind}"
        )


class _Csv(Output):
    @property
    def hint(self) -> str:
        return f" in {self.path}; continue with --resume" if self.path is not None else ""

    def begin(self) -> None:
        if self._file is None or self._file.is_empty:
            self._put(csv_line(self._columns))

    def write(self, results: Results) -> None:
        rows = (one.to_record(top=self._top, labels=self._labels) for one in results)
        self._put("".join(csv_line([row[name] for name in self._columns]) for row in rows))

    @property
    def _columns(self) -> tuple[str, ...]:
        return table_columns(
            top=self._top, errors=True, labels=self._labels, reliability=self._reliability
        )


class _JsonLines(Output):
    def write(self, results: Results) -> None:
        self._put("".join(self._text(result) + "\n" for result in results))

    def _text(self, result: Result) -> str:
        row: dict[str, Any] = result.to_record(top=self._top)
        error = row.pop("error")
        if not self._reliability:
            for name in ("prediction_set", "novelty", "novelty_threshold"):
                del row[name]
        elif result.prediction_set is not None:
            row["prediction_set"] = list(result.prediction_set.labels)
        row["framework"] = result.model.framework
        row["framework_version"] = result.model.framework_version
        row["device"] = result.model.device
        row["precision"] = result.model.precision
        row["score_kind"] = result.score_kind
        row["conversions"] = [
            {
                "kind": one.kind,
                "detail": one.detail,
                **({"notice": one.notice} if one.notice else {}),
            }
            for one in result.conversions
        ]
        if self._labels:
            scores = result.to_record(top=0, labels=self._labels)
            row["scores"] = {label: scores[f"score:{label}"] for label in self._labels}
        row["error"] = error
        row["reason"] = result.error.reason if result.error is not None else None
        return json.dumps(row, ensure_ascii=False)


class _Json(_JsonLines):
    """One array, closed even after an interruption, so that it can always be read."""

    _started = False

    def begin(self) -> None:
        self._put("[")

    def write(self, results: Results) -> None:
        for result in results:
            self._put((",\n" if self._started else "\n") + self._text(result))
            self._started = True

    def end(self) -> None:
        self._put("\n]\n")
