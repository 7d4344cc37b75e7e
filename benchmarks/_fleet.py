"""Callers in processes of their own, which do the same thing over and over.

Reference and ZooBridge are driven by the same code: a *task* opens a *work* in each thread of each
process, and a turn repeats its step until the time is over.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from types import TracebackType

    from benchmarks._figures import Effort

__all__ = ["Fleet", "Sample", "Task", "alternate", "take_turns"]

_T = TypeVar("_T")

_LEAD_SECONDS = 0.05
_STEADY = 0.05
_LEAST_WARM_SECONDS = 3.0


class Task(Protocol):
    """What each caller does. Travels to the callers' processes."""

    def open(self) -> Callable[[], int]:
        """Prepare one caller; what is returned does one step and tells how many items it did."""
        ...


@dataclass(frozen=True)
class Sample:
    """What all callers did in one turn.

    Parameters
    ----------
    seconds
        From the common start to the end of the last step.
    items
        Items of all steps.
    latencies
        Seconds of each step.
    """

    seconds: float
    items: int
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Items in a second."""
        return self.items / self.seconds

    def milliseconds(self, percent: float = 50) -> float:
        """Return a percentile of the steps' time, in milliseconds."""
        return float(np.percentile(self.latencies, percent)) * 1e3


class Fleet:
    """Callers that run a task.

    Parameters
    ----------
    task
        What they do.
    threads
        Callers.
    processes
        Processes that they are spread over.
    environment
        Variables of these processes.
    """

    def __init__(
        self,
        task: Task,
        *,
        threads: int = 1,
        processes: int = 1,
        environment: dict[str, str] | None = None,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        shares = [len(range(n, threads, processes)) for n in range(min(processes, threads))]
        self._ends: list[Connection[Any, Any]] = []
        self._processes = []
        for share in shares:
            end, other = context.Pipe()
            process = context.Process(
                target=_caller, args=(other, task, share, environment or {}), daemon=True
            )
            process.start()
            other.close()
            self._ends.append(end)
            self._processes.append(process)
        self._answers()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for end in self._ends:
            end.close()
        for process in self._processes:
            process.join(10)
            process.kill()
            process.join()

    def run(self, seconds: float) -> Sample:
        """Let all callers repeat their step for so long."""
        start = time.perf_counter() + _LEAD_SECONDS
        for end in self._ends:
            end.send((start, start + seconds))
        answers = self._answers()
        return Sample(
            max(last for last, _, _ in answers) - start,
            sum(items for _, items, _ in answers),
            tuple(seconds for _, _, latencies in answers for seconds in latencies),
        )

    def warm(self, effort: Effort) -> None:
        """Run until the speed stays the same: sizes are learnt, and networks are compiled."""
        turn = min(1.0, effort.warm_seconds)
        least = min(_LEAST_WARM_SECONDS, effort.warm_seconds)
        ran, before = turn, self.run(turn).rate
        while ran < effort.warm_seconds:
            rate = self.run(turn).rate
            ran += turn
            if ran >= least and abs(rate - before) < _STEADY * before:
                return
            before = rate

    def _answers(self) -> list[Any]:
        answers = []
        for end in self._ends:
            try:
                kind, answer = end.recv()
            except EOFError:
                raise RuntimeError("a caller's process ended") from None
            if kind == "failed":
                raise RuntimeError(f"a caller failed:\n{answer}")
            answers.append(answer)
        return answers


def take_turns(
    rounds: int, first: Callable[[], _T], second: Callable[[], _T]
) -> tuple[list[_T], list[_T]]:
    """Call two functions one after the other, beginning with each as often."""
    found: tuple[list[_T], list[_T]] = ([], [])
    sides = [(first, found[0]), (second, found[1])]
    for _ in range(rounds):
        for call, results in sides:
            results.append(call())
        sides.reverse()
    return found


def alternate(effort: Effort, first: Fleet, second: Fleet) -> tuple[list[Sample], list[Sample]]:
    """Give two fleets their turns."""
    return take_turns(
        effort.rounds, lambda: first.run(effort.seconds), lambda: second.run(effort.seconds)
    )


def _caller(
    end: Connection[Any, Any], task: Task, threads: int, environment: dict[str, str]
) -> None:
    os.environ.update(environment)
    try:
        steps = [task.open() for _ in range(threads)]
        end.send(("ready", None))
        while True:
            try:
                start, limit = end.recv()
            except EOFError:
                return
            end.send(("ran", _turn(steps, start, limit)))
    except Exception:  # noqa: BLE001 - told to the process that measures
        end.send(("failed", traceback.format_exc()))


def _turn(
    steps: list[Callable[[], int]], start: float, limit: float
) -> tuple[float, int, list[float]]:
    counts = [0] * len(steps)
    ends = [0.0] * len(steps)
    latencies: list[list[float]] = [[] for _ in steps]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        step, times, items = steps[number], latencies[number], 0
        try:
            time.sleep(max(0.0, start - time.perf_counter()))
            before = time.perf_counter()
            while before < limit:
                items += step()
                after = time.perf_counter()
                times.append(after - before)
                before = after
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)
        counts[number], ends[number] = items, before

    others = [threading.Thread(target=work, args=(n,)) for n in range(1, len(steps))]
    for thread in others:
        thread.start()
    work(0)
    for thread in others:
        thread.join()
    if failures:
        raise failures[0]
    return max(ends), sum(counts), [one for each in latencies for one in each]
