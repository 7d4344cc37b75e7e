"""``compare``: several models on labelled pictures, and a report of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoobridge.cli._evaluation_options import evaluation_options
from zoobridge.cli._evaluation_progress import following
from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import Server, server_options
from zoobridge.cli._screen import note, note_first, table

if TYPE_CHECKING:
    from zoobridge.evaluation import Comparison, Dataset

__all__ = ["compare"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Labelled pictures: a folder with a sub-folder per class, or a CSV or Parquet table.",
)
@click.option(
    "--report",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the report; a run that was interrupted goes on from what lies there.",
)
@evaluation_options
@click.option(
    "--classes", type=_FILE, help="Text file with one class a line: only these are taken."
)
@click.option(
    "--resamples",
    type=click.IntRange(min=100),
    default=1000,
    show_default=True,
    help="How often items are drawn anew for the intervals.",
)
@server_options
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    models: tuple[str, ...],
    data: Path,
    report: Path,
    reader: str,
    options: tuple[tuple[str, str], ...],
    classes: Path | None,
    mapping: Path | None,
    server: Server,
    **settings: Any,
) -> None:
    """Compare each MODEL on labelled pictures, and write a report.

    MODEL is an id or id@version, with :framework behind it or not; without one, every framework
    that can run the model has a row of its own.

    Every answer is kept as it comes: after Ctrl-C, or when the server went away, the same command
    classifies only what was left. Pictures that a model could not answer are named, and the command
    then ends with code 1.

    \b
    Examples:
      zoobridge compare digits --data pictures/digits --report out
      zoobridge compare digits:onnx other --data pictures.csv --mapping names.csv --report out
    """  # noqa: D301
    with needs_extra("evaluation", "comparing"):
        from zoobridge.evaluation import evaluate, read_dataset, read_mapping, write_report

    given = dict(options) | ({} if classes is None else {"labels": str(classes)})
    dataset = read_dataset(data, reader=reader, options=given)
    words = None if mapping is None else read_mapping(mapping)
    with server.connect() as client, following(ctx, go_on="the same command goes on") as show:
        comparison = evaluate(
            client, models, dataset, folder=report / "answers", mapping=words, on_update=show,
            **settings,
        )  # fmt: skip
    path = write_report(comparison, dataset, report, command=_command(ctx))
    _print(comparison)
    lost = _tell_lost(comparison, dataset)
    note(f"report: {path}")
    ctx.exit(int(lost))


def _command(ctx: click.Context) -> str:
    """Return the command as it was given, with what it took from the environment, but no token."""
    words = ["zoobridge", "compare", *ctx.params["models"]]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if not isinstance(parameter, click.Option) or name == "token":
            continue
        if name != "seed" and source not in _GIVEN:
            continue
        value = ctx.params.get(name)
        if parameter.is_flag:
            words += (
                []
                if value is None
                else [(parameter.opts if value else parameter.secondary_opts)[0]]
            )
        elif name == "options":
            words += [word for key, one in value or () for word in ("--option", f"{key}={one}")]
        else:
            shown = ",".join(value) if isinstance(value, tuple) else str(value)
            words += [parameter.opts[-1], shown]
    return shlex.join(words)


def _print(comparison: Comparison) -> None:
    def cell(row: Any, name: str) -> object:
        value = row.measures[name].value if name in row.measures else None
        return (
            value if value is None or not name.startswith("latency") else f"{1000 * value:.1f} ms"
        )

    order = comparison.rank_by
    rows = []
    for row in comparison.rows:
        interval = row.intervals.get(order)
        ends = "" if interval is None else f"{interval.low:.4f} to {interval.high:.4f}"
        rows.append((row.run.name, cell(row, order), ends, cell(row, "latency_p50"),
                     len(row.run.failures) or None))  # fmt: skip
    table(("model", order, "95 % interval", "median latency", "not answered"), rows)
    for sentence in comparison.conclusions:
        click.echo(sentence)


def _tell_lost(comparison: Comparison, dataset: Dataset) -> bool:
    """Name what is not among the numbers on the standard error; tell whether a model failed."""
    lost = [
        (dataset.items[one.item].name, f"{row.run.name}: {one.error}")
        for row in comparison.rows
        for one in row.run.failures
    ]
    for what, ones in (("left out", dataset.left_out), ("not answered", lost)):
        lines = [f"{name}: {reason}" for name, reason in ones]
        note_first(f"{len(lines)} {what}", lines, rest="the report")
    return bool(lost)
