"""``top``: what the loaded models do, live."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._screen import console, device_text, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table

    from zoobridge.client import ModelStatistics, ServerStatistics

__all__ = ["top"]

_ASK_SECONDS = 30.0
_COLUMNS = (
    "model", "framework", "device", "copies", "memory", "waiting", "requests", "failed", "rate",
    "queue", "prepare", "infer", "finish", "batch",
)  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """The server's statistics, and when they were read."""

    at: float
    said: ServerStatistics


@dataclass(frozen=True)
class _Row:
    """A model between two looks, or since it was loaded: what stands in a line.

    Parameters
    ----------
    rate
        Requests a second, failed ones included; `None` where there is but one look.
    queue_ms, preprocess_ms, inference_ms, postprocess_ms
        Of a request, on average; `None` where none was answered.
    batch
        Items of a batch, on average; `None` where none was run.
    """

    model: ModelStatistics
    rate: float | None
    queue_ms: float | None
    preprocess_ms: float | None
    inference_ms: float | None
    postprocess_ms: float | None
    batch: float | None


@click.command()
@click.option(
    "--once", is_flag=True, help="Print the totals since each model was loaded, and exit."
)
@click.option(
    "--interval", type=click.FloatRange(min=0.1), default=2.0, show_default=True,
    help="Seconds between updates.",
)  # fmt: skip
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document per update, each on a line."
)
@server_options
def top(once: bool, interval: float, as_json: bool, server: ServerOptions) -> None:  # noqa: FBT001 - click passes them by name
    """Show the loaded models live: requests, rates, times, batches and memory.

    Rates and times cover the interval since the last update; those of the first update, the time since
    the model was loaded. Times are averages of a request in milliseconds: waiting, preparing the
    picture, inference, finishing the answer. Press q or Ctrl-C to end. If the output is not a terminal,
    each update is printed as plain text.

    \b
    Examples:
      zoobridge top
      zoobridge top --once
      zoobridge top --interval 10 --json >> statistics.jsonl
    """  # noqa: D301
    with server.connect() as client:
        looks = (_Look(time.monotonic(), client.statistics(timeout=_ASK_SECONDS)) for _ in _ever())
        screen = console()
        if once:
            _print(next(looks), None, screen, as_json=as_json)
        elif as_json or not screen.is_terminal:
            before = None
            for look in looks:
                _print(look, before, screen, as_json=as_json)
                before = look
                time.sleep(interval)
        else:
            _live(looks, interval, screen, client.address)


def _ever() -> Iterator[None]:
    while True:
        yield


def _print(look: _Look, before: _Look | None, screen: Console, *, as_json: bool) -> None:
    if as_json:
        document = asdict(look.said) | {"models": [_document(row) for row in _rows(look, before)]}
        click.echo(json.dumps({"time": time.time()} | document))
    else:
        screen.print(_summary(look.said), markup=False)
        screen.print(_table(look, before))
    sys.stdout.flush()


def _document(row: _Row) -> dict[str, Any]:
    facts = asdict(row)
    model: dict[str, Any] = facts.pop("model")
    return model | facts


def _live(looks: Iterator[_Look], interval: float, screen: Console, address: str) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    title = f"zoobridge at {address}   (q ends)"
    before = None
    with _keys() as ended, Live(console=screen, screen=True, auto_refresh=False) as live:
        while True:
            look = next(looks)
            summary = Text(f"{title}\n{_summary(look.said)}\n")
            live.update(Group(summary, _table(look, before)), refresh=True)
            before = look
            if ended(interval):
                return


@contextlib.contextmanager
def _keys() -> Iterator[Any]:
    """Read keys as they are pressed; yields what waits for q or a timeout, and returns which came."""
    if sys.platform == "win32":
        yield _q_on_windows
        return
    import os
    import select
    import termios
    import tty

    def q(seconds: float) -> bool:
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0]:
                pressed = os.read(descriptor, 64)
                if not pressed or b"q" in pressed.lower():
                    return True
        return False

    descriptor = sys.stdin.fileno()
    if not os.isatty(descriptor):
        yield _sleep
        return
    kept = termios.tcgetattr(descriptor)
    # Keys come one by one, unseen; Ctrl-C stays what it is.
    tty.setcbreak(descriptor)
    try:
        yield q
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, kept)


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _q_on_windows(seconds: float) -> bool:
    import msvcrt

    keys: Any = msvcrt
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if keys.kbhit() and keys.getwch().lower() == "q":
            return True
        time.sleep(0.05)
    return False


def _summary(said: ServerStatistics) -> str:
    used = sum(model.memory_bytes for model in said.models) + said.standby_memory_bytes
    return (
        f"up {_duration(said.uptime_seconds)}   models {len(said.models)}"
        f"   memory {_size(used)} of {_size(said.memory_limit_bytes)}"
        f" (frameworks kept ready {_size(said.standby_memory_bytes)})"
        f"   server {_size(said.server_memory_bytes)}"
    )


def _table(look: _Look, before: _Look | None) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for index, column in enumerate(_COLUMNS):
        table.add_column(column, justify="left" if index < 3 else "right", no_wrap=True)
    for row in _rows(look, before):
        one = row.model
        cells = (
            f"{one.model}@{one.version}",
            one.framework,
            device_text(one.device, one.precision, one.device_memory_bytes),
            str(one.instances),
            _size(one.memory_bytes),
            str(one.waiting),
            str(one.requests),
            str(one.failures),
            "" if row.rate is None else f"{row.rate:.1f}/s",
            *(
                "" if value is None else f"{value:.2f}"
                for value in (
                    row.queue_ms, row.preprocess_ms, row.inference_ms, row.postprocess_ms,
                )
            ),
            "" if row.batch is None else f"{row.batch:.1f}",
        )  # fmt: skip
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _rows(look: _Look, before: _Look | None) -> list[_Row]:
    known = {} if before is None else {_key(model): model for model in before.said.models}
    seconds = 0.0 if before is None else look.at - before.at
    return [_row(model, known.get(_key(model)), seconds) for model in look.said.models]


def _key(model: ModelStatistics) -> tuple[str, ...]:
    return (model.model, model.version, model.framework, model.weights_format)


def _row(now: ModelStatistics, before: ModelStatistics | None, seconds: float) -> _Row:
    if before is not None and before.requests + before.failures > now.requests + now.failures:
        # It was reloaded in between.
        before = None
    requests = now.requests - (before.requests if before else 0)
    failures = now.failures - (before.failures if before else 0)
    items, batches = _batched(now)
    if before is not None:
        items_before, batches_before = _batched(before)
        items, batches = items - items_before, batches - batches_before

    def of_one(name: str) -> float | None:
        taken = getattr(now, name) - (getattr(before, name) if before else 0.0)
        return 1e3 * max(0.0, taken) / requests if requests else None

    return _Row(
        model=now,
        rate=(requests + failures) / seconds if before and seconds > 0 else None,
        queue_ms=of_one("queue_seconds"),
        preprocess_ms=of_one("preprocess_seconds"),
        inference_ms=of_one("inference_seconds"),
        postprocess_ms=of_one("postprocess_seconds"),
        batch=items / batches if batches > 0 else None,
    )


def _batched(model: ModelStatistics) -> tuple[int, int]:
    return (
        sum(one.size * one.count for one in model.batches),
        sum(one.count for one in model.batches),
    )


def _size(number: int) -> str:
    return size(number) or "0 B"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
