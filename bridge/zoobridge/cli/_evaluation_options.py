"""Options of the commands that measure models on labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from zoobridge.cli._parameters import NAMES, SETTING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["evaluation_options"]

Function = TypeVar("Function", bound="Callable[..., Any]")


def evaluation_options(command: Function) -> Function:
    """Add how the data are read, what is measured, and what orders the models."""
    for option in (
        click.option(
            "--seed", type=click.IntRange(0, (1 << 32) - 1), default=0, show_default=True,
            help="Where the random numbers of the intervals start.",
        ),
        click.option(
            "--rank-by", default="", help="Measure that orders the models.  [default: accuracy]"
        ),
        click.option(
            "--measures", type=NAMES, default=(), metavar="NAME,NAME…",
            help="Measures to compute.  [default: all]",
        ),
        click.option(
            "--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="CSV file of class,label: what the models call a class of the data.",
        ),
        click.option(
            "--option", "options", type=SETTING, multiple=True, metavar="NAME=VALUE",
            help="An option of the reader, such as labels=classes.txt. May be repeated.",
        ),
        click.option(
            "--reader", default="", help="How to read the data.  [default: the first that fits]"
        ),
    ):  # fmt: skip
        command = option(command)
    return command
