"""``evaluate`` (or ``compare``): models measured on labelled pictures."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import shlex
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from zoobridge.cli._evaluation_options import evaluation_options
from zoobridge.cli._evaluation_outputs import evaluation_text, note_omissions, print_evaluation
from zoobridge.cli._evaluation_progress import following
from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, chosen_format, server_options
from zoobridge.cli._screen import note
from zoobridge.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from zoobridge.client import Client, EvaluationProgress, EvaluationUpdate
    from zoobridge.evaluation import Dataset, Update

__all__ = ["evaluate"]

State = TypeVar("State", bound="EvaluationUpdate")

_FORMATS = ("csv", "json")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--data",
    required=True,
    metavar="PATH",
    help="Labelled pictures: a folder with a sub-folder per class, or a CSV or Parquet table.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for a report: report.html with plots and tests, and CSV and JSON files.",
)
@evaluation_options
@click.option("--classes", type=_FILE, help="Text file with one class a line; use only these.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *_FORMATS]),
    help="Output format.  [default: from the suffix of --output, else table]",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@click.option("--overwrite", is_flag=True, help="Replace an existing output file.")
@click.option(
    "--restart", is_flag=True, help="Classify everything again, even what an earlier run answered."
)
@click.option("--at-server", is_flag=True, help="PATH is on the server's machine; evaluate there.")
@server_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    /,
    models: tuple[str, ...],
    data: str,
    report: Path | None,
    classes: Path | None,
    form: str | None,
    output: Path | None,
    overwrite: bool,  # noqa: FBT001 - click passes it by name
    at_server: bool,  # noqa: FBT001
    mapping: Path | None,
    server: ServerOptions,
    **settings: Any,
) -> None:
    """Evaluate and compare each MODEL on labelled pictures.

    MODEL is an id or id@version, with or without :framework; without it, every framework that can
    run the model is evaluated separately. The pictures are read here and classified by the server;
    with --at-server they are on the server, in a folder that its administrator allowed.

    Every answer is saved as it arrives. After Ctrl-C or a lost connection, the same command
    continues where it stopped; if the weights or the data have changed since, it starts again and
    says so. Pictures that a model could not answer are listed, and the exit code is then 1.

    \b
    Examples:
      zoobridge evaluate digits --data pictures/digits
      zoobridge evaluate digits other --data pictures.csv --mapping names.csv --report out
      zoobridge evaluate digits:onnx digits:pytorch --data pictures.csv --measures accuracy,f1_macro
      zoobridge evaluate digits --data /lab/labelled --at-server --server lab:50051
    """  # noqa: D301
    form = chosen_format(form, output, _FORMATS)
    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists; use --overwrite to replace it")
    if at_server and report is not None:
        raise click.UsageError("--report needs the pictures here; leave out --at-server")
    settings["options"] = dict(settings["options"])
    if classes is not None:
        settings["options"]["labels"] = str(classes)
    settings["mapping"] = _mapping(mapping)
    if not at_server:
        data = str(Path(data).absolute())
    run_id = _run_id(models, data, settings, at_server=at_server)
    evaluated: tuple[Update, Dataset] | None = None
    with server.connect() as client, following(ctx) as show:
        if at_server:
            update = _followed(client.evaluate_iter(models, data, run_id=run_id, **settings), show)
        else:
            evaluated = _evaluated_here(client, models, data, run_id, report, settings, show)
            update = evaluated[0]
        result = update.ended()
    if output is not None:
        try:
            write_whole(output, evaluation_text(result, form))
        except OSError as error:
            raise click.ClickException(f"cannot write {output}: {error.strerror}") from error
    elif form == "table":
        print_evaluation(result)
    else:
        click.echo(evaluation_text(result, form), nl=False)
    note_omissions(result, rest="--format json" if report is None else "the report")
    if report is not None and evaluated is not None:
        _write_report(*evaluated, report, command=_command(ctx))
    ctx.exit(int(bool(result.failures)))


def _mapping(path: Path | None) -> Mapping[str, str]:
    if path is None:
        return {}
    with needs_extra("evaluation", "reading a mapping"):
        from zoobridge.evaluation import read_mapping
    return read_mapping(path)


def _run_id(
    models: tuple[str, ...], data: str, settings: dict[str, Any], *, at_server: bool
) -> str:
    """Return an id that the same command of the same user finds again.

    The measures do not change it: they are computed from the same answers.
    """
    # On a lab's server two people may run the same command.
    who = [getpass.getuser(), platform.node()] if at_server else []
    question = [settings[name] for name in ("reader", "options", "mapping")]
    what = json.dumps([sorted(models), data, question, who], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()[:32]


def _evaluated_here(
    client: Client,
    models: tuple[str, ...],
    data: str,
    run_id: str,
    report: Path | None,
    settings: dict[str, Any],
    show: Callable[[EvaluationProgress | None], None],
) -> tuple[Update, Dataset]:
    """Evaluate pictures of this machine; return the last update and the data."""
    with needs_extra("evaluation", "evaluating"):
        from zoobridge.evaluation import evaluate_iter, open_run, read_dataset
    from platformdirs import user_cache_path

    restart = settings.pop("restart")
    dataset = read_dataset(
        Path(data), reader=settings.pop("reader"), options=settings.pop("options")
    )
    if report is None:
        root = user_cache_path("zoobridge", appauthor=False) / "evaluations"
        folder = open_run(root, run_id, restart=restart)
    else:
        folder = report / "answers"
        if restart:
            shutil.rmtree(folder, ignore_errors=True)
    updates = evaluate_iter(client, models, dataset, folder=folder, run_id=run_id, **settings)
    return _followed(updates, show), dataset


def _followed(
    updates: Generator[State, None, None], show: Callable[[EvaluationProgress | None], None]
) -> State:
    """Show the progress of an evaluation until its end, and return its last state."""
    last: State | None = None
    rows = 0
    with closing(updates):
        for update in updates:
            last = update
            show(update.progress)
            if rows < len(update.rows):
                rows = len(update.rows)
                _note_rows(update)
    assert last is not None  # noqa: S101 - each evaluation has an update, or raises
    return last


def _note_rows(update: EvaluationUpdate) -> None:
    """Name the best model so far while others are still to come."""
    if update.result is not None or update.progress is None:
        return
    best = update.rows[0]
    value = next((one for one in best.values.values() if one.value is not None), None)
    shown = "" if value is None else f"; best so far: {best.name}, {value.name} {value.value:.4f}"
    note(f"{len(update.rows)} of {update.progress.models_total} models are done{shown}")


def _write_report(update: Update, dataset: Dataset, folder: Path, *, command: str) -> None:
    from zoobridge.evaluation import write_report

    assert update.comparison is not None  # noqa: S101 - the last update has it
    note(f"report: {write_report(update.comparison, dataset, folder, command=command)}")


def _command(ctx: click.Context) -> str:
    """Return the command as it was given, with what it took from the environment, but no token."""
    words = ["zoobridge", str(ctx.info_name), *ctx.params["models"]]
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
