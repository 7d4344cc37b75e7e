"""Keeping up with the zoo on disk."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.server._core import Core
    from zoobridge.zoo import ModelDescription

__all__ = ["ZooWatch"]

_log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 1.0
_FRAMEWORKS_EVERY: Final = 10


class ZooWatch:
    """Refreshes the catalog once a second, and unloads what is no longer in it.

    It looks for the frameworks too, every tenth time.

    Parameters
    ----------
    core
        Knows the zoo.
    changed
        Called after every look, with what can be served by name: a model's id and its
        ``id@version``, and whether it can.
    """

    def __init__(self, core: Core, changed: Callable[[dict[str, bool]], None]) -> None:
        self._core = core
        self._changed = changed
        self._known: dict[str, ModelDescription] = {}
        self._trouble = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="zoobridge-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        looks = 0
        while True:
            try:
                self._look()
                self._trouble = ""
            except (OSError, ZooBridgeError) as error:
                # A network drive may be away for a while; what is known stays served.
                if str(error) != self._trouble:
                    self._trouble = str(error)
                    _log.warning("zoo unreadable why=%r", self._trouble)
            if self._stopped.wait(_POLL_SECONDS):
                return
            looks += 1
            if looks % _FRAMEWORKS_EVERY == 0:
                self._core.choices.look()

    def _look(self) -> None:
        first = not self._known
        self._core.refresh()
        models = {model.reference: model for model in self._core.catalog.models()}
        for reference, model in models.items():
            if reference not in self._known:
                if model.problem:
                    _log.warning("model broken model=%s why=%r", reference, model.problem)
                else:
                    _log.log(
                        logging.DEBUG if first else logging.INFO, "model listed model=%s", reference
                    )
        gone = [
            old
            for reference, old in self._known.items()
            # What was broken cannot have been loaded.
            if _digests(old) and _digests(models.get(reference)) != _digests(old)
        ]
        self._known = models
        self._changed(self._serving(models))
        for old in gone:
            _log.info("model changed or removed model=%s", old.reference)
            # It answers its accepted work first, which may take a while.
            threading.Thread(
                target=self._core.engine.unload, args=(old,), name="zoobridge-unload", daemon=True
            ).start()

    def _serving(self, models: dict[str, ModelDescription]) -> dict[str, bool]:
        serving: dict[str, bool] = {}
        for reference, model in models.items():
            usable = self._core.choices.is_usable(model)
            serving[reference] = usable
            # Newest first: an id without a version means that one.
            serving.setdefault(model.id, usable)
        return serving


def _digests(model: ModelDescription | None) -> frozenset[str]:
    return frozenset(weights.digest for weights in model.weights) if model else frozenset()
