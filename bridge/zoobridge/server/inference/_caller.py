"""Who makes a call, as far as shared memory is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from zoobridge.errors import ManagingPermissionError
from zoobridge.server._peer import user_of_peer
from zoobridge.server._permission import Role

if TYPE_CHECKING:
    import grpc

    from zoobridge.server._permission import Permissions

__all__ = ["MANAGER", "Caller", "Callers", "Owner"]

#: A user id of this machine, or :data:`MANAGER`.
Owner = int

#: The owner of what was registered with the managing token from another machine.
MANAGER: Final[Owner] = -1


@dataclass(frozen=True)
class Caller:
    """A caller that may have shared memory regions.

    Parameters
    ----------
    owner
        Whom its regions belong to.
    manager
        Whether it sent the managing token: it may open every object, and sees everybody's regions.
    """

    owner: Owner
    manager: bool


class Callers:
    """Finds out who makes a call.

    Parameters
    ----------
    permissions
        Knows the managing token.
    port
        The server's.
    """

    def __init__(self, permissions: Permissions, port: int) -> None:
        self._permissions = permissions
        self._port = port

    def of(self, context: grpc.ServicerContext) -> Caller:
        """Return the caller.

        Raises
        ------
        ManagingPermissionError
            If it is neither a user of this machine nor sent the managing token.
        """
        manager = self._permissions.role(context.invocation_metadata()) is Role.MANAGER
        user = user_of_peer(context.peer(), self._port)
        # While the call is active its connection is open, and nobody else has its port.
        if user is not None and context.is_active():
            return Caller(user, manager)
        if manager:
            return Caller(MANAGER, manager)
        raise ManagingPermissionError(
            "shared memory is for programs on the server's own machine, which connect to 127.0.0.1 "
            "or ::1 and whose user the kernel names; send the bytes instead, or the managing token "
            "as metadata 'authorization: Bearer TOKEN'"
        )
