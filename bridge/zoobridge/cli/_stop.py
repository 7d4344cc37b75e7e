"""``stop``: stop the server of this machine."""

from __future__ import annotations

import time

import click

from zoobridge.cli._failure import verbose_option

__all__ = ["stop"]


@click.command()
@click.option("--all", "everyone", is_flag=True, help="Stop all your servers, not only the newest.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True,
    help="Seconds to wait for accepted requests.",
)  # fmt: skip
@verbose_option
def stop(everyone: bool, timeout: float) -> None:  # noqa: FBT001 - click passes it by name
    """Stop your server on this machine after it has answered the accepted requests."""
    from zoobridge.errors import ServerUnavailableError
    from zoobridge.protocol.connection import discover, request_stop

    servers = discover()
    if not servers:
        raise ServerUnavailableError("no server of yours runs on this machine")
    chosen = servers if everyone else servers[:1]
    for connection in chosen:
        request_stop(connection)
    deadline = time.monotonic() + timeout
    for connection in chosen:
        while any(one.path == connection.path for one in discover()):
            if time.monotonic() > deadline:
                raise ServerUnavailableError(
                    f"the server at {connection.address} (process {connection.pid}) still works "
                    f"after {timeout:g} s; wait longer (--timeout), or end the process"
                )
            time.sleep(0.05)
        click.echo(f"the server at {connection.address} has ended")
