"""Loads the chosen model while the user makes the other choices."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_zoobridge.connection._background import in_background
from zoobridge.errors import AuthenticationError, ManagingPermissionError

if TYPE_CHECKING:
    from qtpy.QtCore import QObject

    from zoobridge.client import Client

__all__ = ["Preload"]

_SETTLED_MILLISECONDS = 300
_log = logging.getLogger(__name__)


class Preload:
    """Asks the server to load a model before the first request, one model at a time.

    A failure is only logged; the first request then waits for the model.

    Parameters
    ----------
    parent
        What ends the waiting with its own end.
    """

    def __init__(self, parent: QObject) -> None:
        self._wanted: tuple[Client, str, str] | None = None
        self._asked: tuple[Client, str, str] | None = None
        self._refuses: Client | None = None
        self._busy = False
        self._settled = QTimer(parent)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MILLISECONDS)
        self._settled.timeout.connect(self._load)

    def want(self, client: Client, model: str, framework: str) -> None:
        """Let a model be loaded, once the choice has stayed for a moment.

        Parameters
        ----------
        client
            The connection.
        model
            ``id@version``.
        framework
            The chosen framework; empty for the fastest.
        """
        wanted = (client, model, framework)
        if wanted != self._wanted:
            self._wanted = wanted
            self._settled.start()

    def _load(self) -> None:
        wanted = self._wanted
        if self._busy or wanted is None or wanted == self._asked or wanted[0] is self._refuses:
            return
        self._asked, self._busy = wanted, True
        client, model, framework = wanted

        def failed(error: Exception) -> None:
            _log.info("%s was not loaded beforehand: %s", model, error)
            if isinstance(error, (AuthenticationError, ManagingPermissionError)):
                # It needs the token that its owner has, which will not come by asking again.
                self._refuses = client

        def finished() -> None:
            self._busy = False
            self._load()

        in_background(lambda: client.load(model, framework), failed=failed, finished=finished)
