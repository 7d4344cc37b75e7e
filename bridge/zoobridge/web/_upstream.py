"""The connection to the ZooBridge server, found again when the server comes back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from zoobridge.client import connect_async
from zoobridge.errors import AuthenticationError, ManagingPermissionError, ServerUnavailableError
from zoobridge.protocol.connection import discover

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from zoobridge.client import AsyncClient
    from zoobridge.web._config import ServerChoice

__all__ = ["Upstream"]

_ANSWER_SECONDS = 10.0


class Upstream:
    """Keeps a client of the server.

    Parameters
    ----------
    choice
        Which server.
    """

    def __init__(self, choice: ServerChoice) -> None:
        self._choice = choice
        self._client: AsyncClient | None = None
        self._lock = asyncio.Lock()

    @property
    def choice(self) -> ServerChoice:
        """The server, with its address as far as it is known."""
        if self._client is None:
            return self._choice
        return replace(self._choice, address=self._client.address)

    async def client(self) -> AsyncClient:
        """Return the client, reconnected if the last call found no server.

        Raises
        ------
        ServerUnavailableError
            If no server answers.
        """
        async with self._lock:
            if self._client is None:
                self._client = await self._connect(self._choice)
            return self._client

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[AsyncClient]:
        """Give the client for a call; where the server is gone, the next call looks for it anew."""
        client = await self.client()
        try:
            yield client
        except ServerUnavailableError:
            # Calls of others on this channel end by themselves; it is closed with the last of them.
            if self._client is client:
                self._client = None
            raise

    @asynccontextmanager
    async def managing(self, token: str) -> AsyncIterator[AsyncClient]:
        """Give a client that carries a visitor's own token; the page's where it is empty."""
        if not token:
            async with self.calling() as client:
                yield client
            return
        client = await self._connect(replace(self._choice, token=token))
        try:
            yield client
        finally:
            await client.close()

    async def require_managing(self, token: str) -> None:
        """Check a managing token with the server.

        Raises
        ------
        AuthenticationError
            If it is not a token of the server.
        ManagingPermissionError
            If it allows classifying only.
        """
        if not token.isascii() or not token.isprintable() or not token:
            raise AuthenticationError("this token is not known here")
        async with self.managing(token) as client:
            if not (await client.info(timeout=_ANSWER_SECONDS)).zoo_folders:
                raise ManagingPermissionError(
                    "this token allows classifying only; give the managing token"
                )

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _connect(self, choice: ServerChoice) -> AsyncClient:
        address = choice.address
        if choice.pid:
            found = await asyncio.to_thread(discover)
            address = next((one.address for one in found if one.pid == choice.pid), None)
            if address is None:
                raise ServerUnavailableError(f"the server of process {choice.pid} is not ready")
        return await connect_async(
            address, token=choice.token, ca=choice.ca, tls=choice.tls, timeout=_ANSWER_SECONDS
        )
