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
    """Add the options for reading the data, and for measuring and ranking the models."""
    for option in (
        click.option(
            "--resamples", type=click.IntRange(min=100), default=1000, show_default=True,
            help="Bootstrap resamples for the confidence intervals.",
        ),
        click.option(
            "--seed", type=click.IntRange(0, (1 << 32) - 1), default=0, show_default=True,
            help="Seed of the random numbers for the intervals.",
        ),
        click.option(
            "--rank-by", default="", help="Measure to rank the models by.  [default: accuracy]"
        ),
        click.option(
            "--measures", type=NAMES, default=(), metavar="NAME,NAME…",
            help="Measures to compute.  [default: all]",
        ),
        click.option(
            "--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="CSV file (class,label) that maps the classes of the data to the models' labels.",
        ),
        click.option(
            "--option", "options", type=SETTING, multiple=True, metavar="NAME=VALUE",
            help="Option of the reader, such as labels=classes.txt. May be repeated.",
        ),
        click.option(
            "--reader", default="", help="Dataset reader.  [default: the first that accepts PATH]"
        ),
    ):  # fmt: skip
        command = option(command)
    return command
