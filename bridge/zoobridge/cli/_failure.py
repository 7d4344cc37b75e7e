"""Errors on one line, with their reason codes where they are asked for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.errors import ZooBridgeError

__all__ = ["Failure", "describe", "is_verbose", "needs_extra", "option_for", "verbose_option"]

Function = TypeVar("Function", bound="Callable[..., Any]")

_VERBOSE = "zoobridge.verbose"


def _remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it
    if value:
        ctx.meta[_VERBOSE] = True


def verbose_option(command: Function) -> Function:
    """Add ``--verbose`` to a command."""
    return click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, callback=_remember,
        help="Show the reason codes and the facts behind errors.",
    )(command)  # fmt: skip


def is_verbose(ctx: click.Context) -> bool:
    """Tell whether ``--verbose`` was given, before or after the command's name."""
    return bool(ctx.meta.get(_VERBOSE))


# What commands call the fields of a request; others are options named like the client's parameter.
_OPTIONS = {
    "regions.box": "--region",
}
# What `serve` calls the server's settings; others are options of the same name.
_SETTINGS = {
    "allow_paths": "--allow-path",
    "tls_certificate": "--tls-cert",
}


def option_for(field: str, ctx: click.Context) -> str:
    """Return the option of a command that sets a field of the request; empty where it has none."""
    from zoobridge.client import PARAMETERS

    option = _OPTIONS.get(field) or _SETTINGS.get(field) or _option(PARAMETERS.get(field, field))
    known = {name for parameter in _command(ctx).params for name in parameter.opts}
    return option if option in known else ""


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _command(ctx: click.Context) -> click.Command:
    """Return the command that runs; a group knows it by its name only."""
    command = ctx.command
    if isinstance(command, click.Group) and ctx.invoked_subcommand:
        return command.get_command(ctx, ctx.invoked_subcommand) or command
    return command


def _options(error: ZooBridgeError, ctx: click.Context) -> str:
    """Return the options that an error is about, in the words of who reads it."""
    settings = error.metadata.get("setting", "")
    if settings:
        options = ", ".join(_SETTINGS.get(name) or _option(name) for name in settings.split(","))
        return options if _command(ctx).name == "serve" else f"zoobridge serve {options}"
    return option_for(error.metadata.get("option", error.field), ctx)


def describe(error: ZooBridgeError, ctx: click.Context) -> str:
    """Return an error's sentence with the option that it is about, and all facts if verbose."""
    option = _options(error, ctx)
    named = f" ({option})" if option and option not in error.message else ""
    if not is_verbose(ctx):
        return f"{error.message}{named}"
    facts = [f"reason={error.reason}", f"code={error.code.name}"]
    if error.field:
        facts.append(f"field={error.field}")
    if error.retry_after is not None:
        facts.append(f"retry_after={error.retry_after:g}s")
    facts += [f"{key}={value}" for key, value in error.metadata.items()]
    return f"{error.message}{named} [{', '.join(facts)}]"


class Failure(click.ClickException):
    """An error of ZooBridge as the command shows it: one line, exit code 1."""

    exit_code = 1

    def __init__(self, error: ZooBridgeError, ctx: click.Context) -> None:
        super().__init__(describe(error, ctx))


@contextmanager
def needs_extra(extra: str, purpose: str) -> Iterator[None]:
    """Name the command that installs what an import inside lacks.

    Parameters
    ----------
    extra
        The extra that holds it.
    purpose
        What it is needed for, as in "serving needs …".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "zoobridge":
            raise
        raise click.ClickException(
            f'{purpose} needs {error.name}, which is not installed; pip install "zoobridge[{extra}]"'
        ) from error
