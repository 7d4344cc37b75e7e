"""``load`` and ``unload``: what is in memory."""

from __future__ import annotations

import click

from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._screen import size

__all__ = ["load", "unload"]


@click.command()
@click.argument("name", metavar="MODEL")
@click.option("--framework", default="", help="Framework.  [default: the fastest safe one]")
@server_options
def load(name: str, framework: str, server: ServerOptions) -> None:
    """Load a model now, so that its first request does not wait.

    Needs the server's managing token, which the command finds on your own machine.
    """
    with server.connect() as client:
        loaded = client.load(name, framework)
    memory = f", {size(loaded.memory_bytes)}" if loaded.memory_bytes else ""
    click.echo(
        f"{name} is loaded: {loaded.framework} ({loaded.weights_format}) on {loaded.device}{memory}"
    )


@click.command()
@click.argument("name", metavar="MODEL")
@click.option("--framework", default="", help="Unload only the instance of this framework.")
@server_options
def unload(name: str, framework: str, server: ServerOptions) -> None:
    """Unload a model after its accepted requests are answered, and free its memory.

    Needs the server's managing token, which the command finds on your own machine.
    """
    with server.connect() as client:
        count = client.unload(name, framework)
    copies = "copy" if count == 1 else "copies"
    click.echo(f"{count} {copies} of {name} freed" if count else f"{name} was not loaded")
