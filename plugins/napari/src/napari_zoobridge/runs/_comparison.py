"""Several models on the same items."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_zoobridge.runs._run import Options, Run, Stoppable, joined
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_zoobridge.runs._run import Update
    from napari_zoobridge.targets import Plan

__all__ = ["Comparison"]


@dataclass
class Comparison(Stoppable):
    """Several models on the same items, one after the other.

    Parameters
    ----------
    client
        The connection.
    contestants
        Model (``id@version``) and framework (empty for the fastest) by the name to show.
    plan
        What to classify.
    options
        How; the framework of each contestant takes the place of theirs.
    """

    contestants: Mapping[str, tuple[str, str]]
    plan: Plan
    options: Options = field(default_factory=Options)
    _runs: list[Run] = field(default_factory=list, init=False)

    def stop(self) -> None:
        """End all of it."""
        super().stop()
        for run in self._runs:
            run.stop()

    def updates(self, seconds: float) -> Iterator[tuple[str, Update | ZooBridgeError]]:
        """Yield what is new of each contestant, or the error that ended it; the others continue.

        Parameters
        ----------
        seconds
            Updates that come within this time are joined.

        Raises
        ------
        StoppedError
            It was stopped.
        EmptyTargetError
            Nothing to classify.
        """
        items = self.plan.items(self._keep_on)
        plan = replace(self.plan, items=lambda _keep_on: items)
        for name, (model, framework) in self.contestants.items():
            self._keep_on()
            run = Run(self.client, model, plan, replace(self.options, framework=framework))
            self._runs.append(run)
            try:
                for update in joined(run.updates(), seconds):
                    yield name, update
            except ZooBridgeError as error:
                self._keep_on()
                yield name, error
