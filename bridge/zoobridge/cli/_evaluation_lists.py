"""``measures`` and ``readers``: what evaluations are made of."""

from __future__ import annotations

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._screen import json_text, table

__all__ = ["measures", "readers"]

_LISTING = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="Output format.",
)  # fmt: skip
_AT_SERVER = click.option(
    "--at-server", is_flag=True, help="Ask the server instead of this installation."
)


@click.command()
@_LISTING
@_AT_SERVER
@server_options
def measures(form: str, at_server: bool, server: ServerOptions) -> None:  # noqa: FBT001 - click's call
    """List the measures: what each says, when it applies, and which values are better.

    \b
    Examples:
      zoobridge measures
      zoobridge measures --at-server --format json
    """  # noqa: D301
    from zoobridge.client import Measure
    from zoobridge.protocol import from_message

    if at_server:
        with server.connect() as client:
            found = client.measures()
    else:
        with needs_extra("evaluation", "measuring"):
            from zoobridge.evaluation import list_measures
        found = [from_message(Measure, one) for one in list_measures().measures]
    if form == "json":
        click.echo(json_text(found))
        return
    rows = [(one.name, one.group, one.better, one.unit, one.applies, one.description)
            for one in found]  # fmt: skip
    table(("measure", "of", "better", "unit", "applies", "what it says"), rows)


@click.command()
@_LISTING
@_AT_SERVER
@server_options
def readers(form: str, at_server: bool, server: ServerOptions) -> None:  # noqa: FBT001 - click's call
    """List the readers of labelled pictures, with the options that each takes.

    \b
    Examples:
      zoobridge readers
      zoobridge readers --at-server --format json
    """  # noqa: D301
    from zoobridge.client import DatasetReader
    from zoobridge.protocol import from_message

    if at_server:
        with server.connect() as client:
            found = client.dataset_readers()
    else:
        with needs_extra("evaluation", "reading labelled pictures"):
            from zoobridge.evaluation import list_readers
        found = [from_message(DatasetReader, one) for one in list_readers().readers]
    if form == "json":
        click.echo(json_text(found))
        return
    rows = []
    for one in found:
        rows.append((one.name, "", one.description))
        rows += [("", f"{name}=", text) for name, text in one.options.items()]
    table(("reader", "option", "what it is"), rows)
