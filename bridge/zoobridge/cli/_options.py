"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from zoobridge.cli._failure import verbose_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.client import Client

__all__ = ["open_client", "server_options"]

Function = TypeVar("Function", bound="Callable[..., Any]")


def server_options(command: Function) -> Function:
    """Add ``--server``, ``--token``, ``--ca``, ``--tls/--no-tls`` and ``--verbose`` to a command.

    The command takes them as ``**server`` and passes them to :func:`open_client`.
    """
    for option in (
        verbose_option,
        click.option(
            "--tls/--no-tls", default=None,
            help="Whether to encrypt. Default: if --ca is given or the server is elsewhere.",
        ),
        click.option(
            "--ca", type=click.Path(exists=True, dir_okay=False), envvar="ZOOBRIDGE_CA",
            show_envvar=True, help="Certificates (PEM) to check the server's by.",
        ),
        click.option(
            "--token", envvar="ZOOBRIDGE_TOKEN", show_envvar=True,
            help="The server's token. Default: what the server of this machine left for you.",
        ),
        click.option(
            "--server", metavar="HOST:PORT", envvar="ZOOBRIDGE_ADDRESS", show_envvar=True,
            help="The server. Default: the one that you run on this machine.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def open_client(server: dict[str, Any]) -> Client:
    """Connect as the options of :func:`server_options` say.

    Raises
    ------
    ZooBridgeError
        If no server answers.
    """
    from zoobridge.client import connect

    return connect(server["server"], token=server["token"], ca=server["ca"], tls=server["tls"])
