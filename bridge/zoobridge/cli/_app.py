"""The command's frame: finding subcommands, and putting errors into one line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._failure import Failure, verbose_option
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "main"]

# Command, module, and what the list of commands says of it; a module is imported when its command
# is called, so that nothing heavy stands between a user and ``--help``.
_COMMANDS = {
    "serve": ("_serve", "Serve one or more zoo folders."),
    "frameworks": ("_listing", "List the frameworks, installed or not."),
    "models": ("_listing", "List the models of the zoo."),
    "model": ("_listing", "Describe one model."),
    "classify": ("_classify", "Classify images, or regions in them."),
    "measures": ("_evaluation_lists", "List the measures for evaluating models."),
    "readers": ("_evaluation_lists", "List the readers of labelled pictures."),
    "evaluate": ("_evaluate", "Evaluate and compare models on labelled pictures."),
    "train": ("_train", "Train a classifier on your own pictures."),
    "ensemble": ("_ensemble", "Combine models of the zoo into one."),
    "compact": ("_compact", "Make an 8-bit copy of a model, and compare the two."),
    "explain": ("_explain", "Show which places of a picture an answer depends on."),
    "load": ("_managing", "Load a model before its first use."),
    "unload": ("_managing", "Unload a model and free its memory."),
    "add": ("_packages", "Make a model package from a weights file."),
    "validate": ("_packages", "Check a package and run it on its test tensors."),
    "trust": ("_packages", "Allow a package to run code."),
    "doctor": ("_doctor", "Show what is installed, what is missing, and how to add it."),
    "web": ("_web", "Try, compare and judge models in the browser."),
    "top": ("_top", "Show loaded models, their work and their memory, live."),
    "logs": ("_logs", "Show what the server logged last."),
    "stop": ("_stop", "Stop the server of this machine."),
}

#: Other names of commands, which the list does not repeat.
_OTHER_NAMES = {"compare": "evaluate"}


class App(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        name = _OTHER_NAMES.get(cmd_name, cmd_name)
        if name not in _COMMANDS:
            return None
        module = import_module(f"zoobridge.cli.{_COMMANDS[name][0]}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and show what it raises as one line."""
        try:
            return super().invoke(ctx)
        except ZooBridgeError as error:
            raise Failure(error, ctx) from error
        except BrokenPipeError:
            # Whoever read the output has enough.
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror or error}") from error
        except KeyboardInterrupt:
            # As a shell reports a program that was ended by this signal.
            raise click.exceptions.Exit(130) from None


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it
    if value:
        from importlib.metadata import version

        click.echo(f"zoobridge {version('zoobridge')}")
        ctx.exit()


@click.command(cls=App, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
@verbose_option
def app() -> None:
    """Classify pictures with the models of a zoo.

    \b
    Start a server, then classify from any other terminal:
      zoobridge serve path/to/zoo
      zoobridge models
      zoobridge classify digits scans/ --output scans.csv

    Results go to the standard output, everything else to the standard error. Exit codes: 0 if all
    went well, 1 if something failed, 2 for a mistake on the command line, 130 after Ctrl-C.
    """  # noqa: D301


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    app.main(args=None if arguments is None else list(arguments), prog_name="zoobridge")
