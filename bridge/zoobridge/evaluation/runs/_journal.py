"""The file that saves a run's answers as they arrive, so that an interrupted run can continue."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from zoobridge.errors import InvalidRequestError
from zoobridge.evaluation.measures._outcomes import Costs
from zoobridge.files import AppendedFile, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

__all__ = ["Answer", "Journal"]


@dataclass(frozen=True)
class Answer:
    """What a model answered for one item.

    Parameters
    ----------
    item
        Index of the item in the dataset.
    label
        The answered class, the best one; empty if the item failed.
    scores
        One for each of the model's labels; empty where it gives none.
    error
        Why the item failed; empty if it did not.
    session, seconds
        Which call of the run answered, from 0, and how long after it had begun to ask.
    """

    item: int
    label: str = ""
    scores: tuple[float, ...] = ()
    error: str = ""
    session: int = field(default=0, compare=False)
    seconds: float = field(default=0.0, compare=False)


class Journal:
    """One JSON object a line: what is run, then the answers, then what they cost.

    Parameters
    ----------
    path
        The file; read if it is there. Its last line may have been cut off.
    header
        What is run. The answers of a file about something else are replaced; :attr:`replaced`
        then names the entries that differ.

    Raises
    ------
    InvalidRequestError
        If the file is damaged.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self._path = path
        self._header = dict(header)
        self._file: AppendedFile | None = None
        self.answers: dict[int, Answer] = {}
        self.costs: Costs | None = None
        self.session = 0
        self.replaced: tuple[str, ...] = ()
        if path.exists():
            self._read()

    def __enter__(self) -> Self:
        """Begin the file anew with what is done, in one step, so that nothing is lost midway."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        records = (self._header, *(asdict(answer) for answer in self.answers.values()))
        write_whole(self._path, "".join(f"{json.dumps(record)}\n" for record in records))
        self._file = AppendedFile(self._path, self._path.stat().st_size)
        self.costs = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, answer: Answer) -> None:
        """Keep an answer."""
        kept = replace(answer, session=self.session)
        self.answers[kept.item] = kept
        self._append(asdict(kept))

    def finish(self, costs: Costs) -> None:
        """Keep what the run cost."""
        self.costs = costs
        self._append({"costs": asdict(costs)})

    @property
    def throughput(self) -> float | None:
        """Items answered a second, over all calls of the run; `None` where no time was taken."""
        ends: dict[int, float] = {}
        good = [answer for answer in self.answers.values() if not answer.error]
        for answer in good:
            ends[answer.session] = max(ends.get(answer.session, 0.0), answer.seconds)
        seconds = sum(ends.values())
        return len(good) / seconds if seconds else None

    def _append(self, record: Mapping[str, Any]) -> None:
        assert self._file is not None, "the journal is not open"  # noqa: S101
        self._file.append(f"{json.dumps(record)}\n".encode())

    def _read(self) -> None:
        lines = self._path.read_text("utf-8").splitlines(keepends=True)
        try:
            whole = [json.loads(line) for line in lines if line.endswith("\n")]
            if not whole:
                return
            if whole[0] != self._header:
                self.replaced = tuple(
                    key for key in self._header if whole[0].get(key) != self._header[key]
                )
                return
            for record in whole[1:]:
                if "costs" in record:
                    self.costs = Costs(
                        **{**record["costs"], "latencies": tuple(record["costs"]["latencies"])}
                    )
                    continue
                answer = Answer(**{**record, "scores": tuple(record["scores"])})
                self.session = max(self.session, answer.session + 1)
                if not answer.error:
                    self.answers[answer.item] = answer
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidRequestError(
                f"{self._path} is damaged ({error}); remove it to start again"
            ) from error
