"""How far an evaluation is, on the standard error, and what is kept of one that stops."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from zoobridge.cli._screen import note, progress_bar
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import click

__all__ = ["Step", "following"]


class Step(Protocol):
    """How far it is: the model that works, its items that are done and all, and the models."""

    @property
    def model(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def models_done(self) -> int: ...
    @property
    def models_total(self) -> int: ...


@contextmanager
def following(ctx: click.Context, *, go_on: str) -> Iterator[Callable[[Step | None], None]]:
    """Give what shows how far an evaluation is; where it stops before its end, tell what is kept.

    Parameters
    ----------
    ctx
        The command, which Ctrl-C ends with code 130.
    go_on
        How to go on after an interruption, to end a sentence with.
    """
    last: Step | None = None
    try:
        with _shown() as show:

            def take(step: Step | None) -> None:
                nonlocal last
                if step is not None:
                    last = step
                    show(step)

            yield take
    except KeyboardInterrupt:
        note(f"stopped; {_kept(last, go_on)}")
        ctx.exit(130)
    except (ZooBridgeError, OSError):
        if last is not None:
            note(_kept(last, go_on))
        raise


def _kept(last: Step | None, go_on: str) -> str:
    if last is None:
        return "nothing was classified yet"
    return (
        f"{last.model}: {last.done} of {last.total} answers are kept, and {last.models_done} of "
        f"{last.models_total} models are done; {go_on}"
    )


@contextmanager
def _shown() -> Iterator[Callable[[Step], None]]:
    """Show a bar where there is a screen, else a line for each model."""
    bar = progress_bar()
    if bar is not None:
        with bar:
            task = bar.add_task("reading the data", total=None)
            yield lambda step: bar.update(
                task, description=step.model, completed=step.done, total=step.total
            )
        return
    told: set[str] = set()

    def tell(step: Step) -> None:
        if step.model not in told:
            told.add(step.model)
            note(f"{step.model}: {step.total} items")

    yield tell
