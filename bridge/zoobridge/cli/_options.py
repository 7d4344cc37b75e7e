"""Options that several commands share."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._failure import verbose_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from zoobridge.client import Client

__all__ = ["ServerOptions", "chosen_format", "server_options"]


@dataclass(frozen=True)
class ServerOptions:
    """Which server to use, as the options of :func:`server_options` say."""

    address: str | None
    token: str | None
    ca: str | None
    tls: bool | None

    def connect(self) -> Client:
        """Connect to it.

        Raises
        ------
        ZooBridgeError
            If no server answers.
        """
        from zoobridge.client import connect

        return connect(self.address, token=self.token, ca=self.ca, tls=self.tls)


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--server``, ``--token``, ``--ca``, ``--tls/--no-tls`` and ``--verbose`` to a command.

    The command takes the first four as one argument ``server``, a :class:`ServerOptions`.
    """

    @functools.wraps(command)
    def decorated(
        *arguments: Any,
        server: str | None,
        token: str | None,
        ca: str | None,
        tls: bool | None,
        **options: Any,
    ) -> None:
        command(*arguments, server=ServerOptions(server, token, ca, tls), **options)

    for option in (
        verbose_option,
        click.option(
            "--tls/--no-tls", default=None,
            help="Encrypt the connection.  [default: with --ca, or if the server is remote]",
        ),
        click.option(
            "--ca", type=click.Path(exists=True, dir_okay=False), envvar="ZOOBRIDGE_CA",
            show_envvar=True, help="CA certificates (PEM) to verify the server.",
        ),
        click.option(
            "--token", envvar="ZOOBRIDGE_TOKEN", show_envvar=True,
            help="The server's token.  [default: from your server on this machine]",
        ),
        click.option(
            "--server", metavar="HOST:PORT", envvar="ZOOBRIDGE_ADDRESS", show_envvar=True,
            help="Address of the server.  [default: your server on this machine]",
        ),
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated


def chosen_format(form: str | None, output: Path | None, formats: Sequence[str]) -> str:
    """Return how results are written: as said, else as the file's ending says, else as a table.

    Parameters
    ----------
    form, output
        What was said, and the file; `None` where nothing was, and for the screen.
    formats
        Those of files.

    Raises
    ------
    UsageError
        If a file is to hold a table, or nothing says how it is written.
    """
    if output is None:
        return form or "table"
    if form == "table":
        raise click.UsageError("a table is for the screen; write a file with --format csv")
    ending = form or output.suffix.lower().removeprefix(".")
    if ending not in formats:
        said = f"{', '.join(formats[:-1])} or {formats[-1]}"
        raise click.UsageError(f"cannot infer the format of {output}; use --format {said}")
    return ending
