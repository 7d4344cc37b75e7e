"""``ensemble``: several models of the zoo as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, server_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zoobridge.client import Client
    from zoobridge.training.ensemble import RuleName

__all__ = ["combined", "ensemble", "rule_option", "views_option"]


def combined(
    client: Client,
    models: Sequence[str],
    *,
    name: str,
    zoo: Path | None,
    rule: RuleName,
    views: str,
    version: str = "1.0.0",
) -> str:
    """Make one model of several; return a sentence about it when the server lists it."""
    from zoobridge.training.ensemble import combine_models
    from zoobridge.training.served import TrainingZoo

    served = TrainingZoo(client, zoo)
    made = combine_models(
        client,
        models,
        name=name,
        zoo=served.folder,
        rule=rule,
        views=8 if views == "8" else 1,
        version=version,
    )
    served.wait_for(made.reference)
    of = f"{rule} of {', '.join(made.members)}" if len(made.members) > 1 else made.members[0]
    of += ", each over eight flips and turns" if views == "8" else ""
    return f"{made.reference} is in the zoo ({of})"


def rule_option(command: Any) -> Any:
    """Add the option that chooses how models are combined."""
    return click.option(
        "--rule",
        type=click.Choice(["mean", "majority", "unanimous"]),
        default="mean",
        show_default=True,
        help="How the models' probabilities are combined: their mean; the share of models that answer a "
        "class; or the mean where all answer the same class, and the same score for every class where they "
        "do not.",
    )(command)


def views_option(words: str) -> Callable[[Any], Any]:
    """Return the option that chooses between a picture and its eight flips and turns."""
    return click.option(
        "--views", type=click.Choice(["1", "8"]), default="1", show_default=True, help=words
    )


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--name", required=True, help="Name of the ensemble; its id in the zoo is made of it."
)
@rule_option
@views_option(
    "What each model looks at: a picture as it is, or its 8 flips and turns, for the mean of their "
    "probabilities; an answer then takes 8 times as long. One MODEL is enough with 8."
)
@click.option("--version", default="1.0.0", show_default=True, help="Version of the ensemble.")
@click.option(
    "--zoo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the zoo.  [default: the server's first]",
)
@server_options
def ensemble(
    models: tuple[str, ...],
    name: str,
    rule: RuleName,
    views: str,
    version: str,
    zoo: Path | None,
    server: ServerOptions,
) -> None:
    """Combine two or more MODELs of the zoo into one.

    The ensemble is a package that holds the ONNX networks of all models side by side, so that every program
    uses it as any other model; an answer takes as long as all of them together. The models need the same
    classes, in any order, and input of the same size; a fixed gain and offset of the intensities may
    differ. An ensemble is not always better: compare it with its members (zoobridge evaluate).

    \b
    Examples:
      zoobridge ensemble cells-ada cells-bo cells-cleo --name "Cells, three annotators" --rule majority
      zoobridge ensemble cells-ada --name "Cells, eight views" --views 8
      zoobridge evaluate cells-ada cells-bo cells-three-annotators --data held-out/
    """  # noqa: D301
    with needs_extra("train", "combining models"), server.connect() as client:
        click.echo(
            combined(client, models, name=name, zoo=zoo, rule=rule, views=views, version=version)
        )
