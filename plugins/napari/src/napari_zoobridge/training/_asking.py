"""Asking the server over the connection that there is now."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoobridge.errors import ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_zoobridge.training._session import TrainingSession
    from zoobridge.client import Client

__all__ = ["over"]


def over(
    session: TrainingSession | None,
    client: Client | None,
    work: Callable[[], Any],
    *,
    steps: bool,
) -> Callable[[], Any]:
    """Return work that a thread does over a connection, where that of the session was lost.

    Parameters
    ----------
    session
        The session; `None` before there is one.
    client
        The connection of now; `None` where there is none.
    work
        A function, or with `steps` a generator function.
    steps
        Whether values come while it works.
    """

    def whole() -> Any:
        with _closed_is_lost():
            if session is not None and client is not None:
                session.use(client)
            return work()

    def by_steps() -> Iterator[Any]:
        with _closed_is_lost():
            if session is not None and client is not None:
                session.use(client)
            yield from work()

    return by_steps if steps else whole


@contextmanager
def _closed_is_lost() -> Iterator[None]:
    """Raise what users know where a connection was closed, for which gRPC has an error of its own."""
    try:
        yield
    except ValueError as error:
        if "closed" not in str(error):
            raise
        raise ServerUnavailableError(
            "the connection to the server was lost; do it again when the light is green"
        ) from error
