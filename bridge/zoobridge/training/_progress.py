"""Progress of long work, stage by stage."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["OnStep", "stage"]

#: Called with what is done, how many steps of it, and of how many; what it raises ends the work.
OnStep = Callable[[str, int, int], None]


def stage(name: str, on_step: OnStep | None) -> Callable[[int, int], None] | None:
    """Return what to call within one stage; `None` without a listener.

    Parameters
    ----------
    name
        Of the stage.
    on_step
        Called with it.
    """
    if on_step is None:
        return None
    return lambda done, total: on_step(name, done, total)
