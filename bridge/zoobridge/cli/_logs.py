"""``logs``: what the server logged last, from wherever its managing token is known."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from zoobridge.cli._options import ServerOptions, server_options

if TYPE_CHECKING:
    from zoobridge.client import LogRecord

__all__ = ["logs"]

_ASK_SECONDS = 30.0
_APART_SECONDS = 1.0


@click.command()
@click.option("--follow", is_flag=True, help="Wait for further records until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print each record as a JSON object.")
@server_options
def logs(follow: bool, as_json: bool, server: ServerOptions) -> None:  # noqa: FBT001 - click passes them by name
    """Show the last records of the server's log, oldest first.

    The server keeps the last 1,000. Needs the server's managing token, which the command finds
    on your own machine.

    \b
    Examples:
      zoobridge logs
      zoobridge logs --follow
      zoobridge logs --json | jq 'select(.level == "error")'
    """  # noqa: D301
    after = 0
    with server.connect() as client:
        while True:
            for record in client.log_records(after=after, timeout=_ASK_SECONDS):
                click.echo(json.dumps(asdict(record)) if as_json else _line(record))
                after = record.number
            if not follow:
                return
            time.sleep(_APART_SECONDS)


def _line(record: LogRecord) -> str:
    """Write a record as the server writes it; nothing in it controls the terminal."""
    when = datetime.fromtimestamp(record.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    message = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in record.message
    )
    return f"{when} {record.level.upper():<7} {record.logger} {message}"
