"""How far an evaluation is, on standard error, and what is saved of one that stops."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zoobridge.cli._screen import note, progress_bar
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

    from zoobridge.client import EvaluationProgress

__all__ = ["following"]


Show = Callable[["EvaluationProgress | None"], None]


@contextmanager
def following(ctx: click.Context) -> Iterator[Show]:
    """Give what shows how far an evaluation is; where it stops early, say what is saved.

    Parameters
    ----------
    ctx
        The command, which Ctrl-C ends with code 130.
    """
    last: EvaluationProgress | None = None
    try:
        with _shown() as show:

            def take(step: EvaluationProgress | None) -> None:
                nonlocal last
                if step is not None:
                    if step.notice and (last is None or last.notice != step.notice):
                        note(f"{step.model}: {step.notice}")
                    last = step
                    show(step)

            yield take
    except KeyboardInterrupt:
        note(f"stopped; {_saved(last)}")
        ctx.exit(130)
    except (ZooBridgeError, OSError):
        if last is not None:
            note(_saved(last))
        raise


def _saved(last: EvaluationProgress | None) -> str:
    if last is None:
        return "nothing was classified yet"
    return (
        f"{last.model}: {last.done} of {last.total} answers are saved, and {last.models_done} of "
        f"{last.models_total} models are done; run the same command again to continue"
    )


@contextmanager
def _shown() -> Iterator[Callable[[EvaluationProgress], None]]:
    """Show a bar where there is a screen, else a line for each model."""
    bar = progress_bar()
    if bar is not None:
        with bar:
            task = bar.add_task("reading the data", total=None)
            yield lambda step: bar.update(
                task, description=step.model, completed=step.done, total=step.total
            )
        return
    begun: set[str] = set()

    def begin(step: EvaluationProgress) -> None:
        if step.model not in begun:
            begun.add(step.model)
            note(f"{step.model}: {step.total} items")

    yield begin
