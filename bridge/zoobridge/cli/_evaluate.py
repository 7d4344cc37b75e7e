"""``evaluate``: models measured on labelled pictures."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._evaluation_outputs import evaluation_text, print_evaluation, tell_omissions
from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import open_client, server_options
from zoobridge.cli._screen import console, note
from zoobridge.errors import ZooBridgeError
from zoobridge.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from zoobridge.client import Client, EvaluationUpdate

__all__ = ["evaluate"]


class Words(click.ParamType[tuple[str, ...]]):
    """Names, separated by commas."""

    name = "names"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,  # noqa: ARG002
    ) -> tuple[str, ...]:
        """Return the names."""
        if isinstance(value, tuple):
            return value
        return tuple(part for part in (word.strip() for word in str(value).split(",")) if part)


class Setting(click.ParamType[tuple[str, str]]):
    """A name and its value: ``labels=classes.txt``."""

    name = "setting"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return name and value."""
        if isinstance(value, tuple):
            return value
        name, found, given = str(value).partition("=")
        if not name or not found:
            self.fail(f"'{value}' is no setting; write it as NAME=VALUE", param, ctx)
        return name, given


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--data", required=True, metavar="PATH", help="Labelled pictures: a folder or a file."
)
@click.option("--reader", default="", help="How to read them.  [default: the first that fits]")
@click.option(
    "--option",
    "options",
    type=Setting(),
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the reader, such as labels=classes.txt. May be repeated.",
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of class,label: what the models call a class of the data.",
)
@click.option(
    "--measures",
    type=Words(),
    default=(),
    metavar="NAME,NAME…",
    help="Measures to compute.  [default: all]",
)
@click.option("--rank-by", default="", help="Measure that orders the models.  [default: accuracy]")
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 32) - 1),
    default=0,
    show_default=True,
    help="Where the random numbers of the intervals start.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    help="How to write it.  [default: as --output ends, else table]",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@click.option("--overwrite", is_flag=True, help="Replace the output file if there is one.")
@click.option("--resume", is_flag=True, help="Go on with what an earlier such command has begun.")
@click.option(
    "--at-server", is_flag=True, help="PATH is on the server's machine, and it does the measuring."
)
@server_options
@click.pass_context
def evaluate(
    ctx: click.Context,
    /,
    models: tuple[str, ...],
    data: str,
    form: str | None,
    output: Path | None,
    overwrite: bool,  # noqa: FBT001 - click passes it by name
    resume: bool,  # noqa: FBT001
    at_server: bool,  # noqa: FBT001
    mapping: Path | None,
    **settings: Any,
) -> None:
    """Measure each MODEL on labelled pictures.

    MODEL is an id or id@version, with :framework behind it or not; without one, every framework
    that can run the model is measured by itself. The pictures are read here and classified by the
    server; with --at-server they lie there, below a folder that its administrator allowed.

    Every answer is kept as it comes. After Ctrl-C, or when the server went away, the same command
    with --resume classifies only what was left. Pictures that a model could not answer are named,
    and the command then ends with code 1. For a report with tests and plots see `zoobridge compare`.

    \b
    Examples:
      zoobridge evaluate digits --data pictures/digits
      zoobridge evaluate digits:onnx digits:pytorch --data pictures.csv --measures accuracy,f1_macro
      zoobridge evaluate digits --data pictures/digits --option labels=classes.txt --format csv
      zoobridge evaluate digits --data /lab/labelled --at-server --server lab:50051
    """  # noqa: D301
    form = _chosen_format(form, output)
    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists; replace it (--overwrite), or name another file")
    server = {name: settings.pop(name) for name in ("server", "token", "ca", "tls")}
    settings["options"] = dict(settings["options"])
    settings["mapping"] = _mapping(mapping)
    if not at_server:
        data = str(Path(data).absolute())
    settings["run_id"] = _run_id(models, data, settings, at_server=at_server)
    settings["restart"] = not resume
    with open_client(server) as client:
        measured = _measured_there if at_server else _measured_here
        with closing(measured(client, models, data, settings)) as updates:
            update = _follow(ctx, updates)
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
    tell_omissions(result)
    ctx.exit(int(bool(result.failures)))


def _chosen_format(form: str | None, output: Path | None) -> str:
    if output is None:
        return form or "table"
    if form == "table":
        raise click.UsageError("a table is for the screen; write a file with --format csv")
    ending = form or output.suffix.lower().removeprefix(".")
    if ending not in {"csv", "json"}:
        raise click.UsageError(f"how is {output} to be written? Say --format csv or json")
    return ending


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

    Which measures are computed does not matter to the answers that are kept.
    """
    # On a lab's server two people may ask the same.
    who = [getpass.getuser(), platform.node()] if at_server else []
    asked = [settings[name] for name in ("reader", "options", "mapping")]
    what = json.dumps([sorted(models), data, asked, who], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()[:32]


def _measured_there(
    client: Client, models: tuple[str, ...], data: str, settings: dict[str, Any]
) -> Generator[EvaluationUpdate, None, None]:
    return client.evaluate_iter(models, data, **settings)


def _measured_here(
    client: Client, models: tuple[str, ...], data: str, settings: dict[str, Any]
) -> Generator[EvaluationUpdate, None, None]:
    with needs_extra("evaluation", "evaluating"):
        from zoobridge.evaluation import open_run, respond
    from platformdirs import user_cache_path

    from zoobridge.client import evaluation_request, evaluation_updates

    request = evaluation_request(models, data, **settings)
    root = user_cache_path("zoobridge", appauthor=False) / "evaluations"
    folder = open_run(root, request.run_id, restart=request.restart)
    with closing(respond(client, request, folder=folder)) as responses:
        yield from evaluation_updates(responses)


def _follow(ctx: click.Context, updates: Iterable[EvaluationUpdate]) -> EvaluationUpdate:
    """Show how it goes until its end, and return that."""
    update: EvaluationUpdate | None = None
    told = 0
    try:
        with _progress() as show:
            for update in updates:
                show(update)
                if told < len(update.rows):
                    told = len(update.rows)
                    _tell_rows(update)
    except KeyboardInterrupt:
        note(f"stopped; {_kept(update)}")
        ctx.exit(130)
    except ZooBridgeError:
        if update is not None:
            note(_kept(update))
        raise
    if update is None:
        raise click.ClickException("the server told nothing; make the call again")
    return update


def _tell_rows(update: EvaluationUpdate) -> None:
    """Tell of models that are done while others are not."""
    if update.result is not None or update.progress is None:
        return
    best = update.rows[0]
    value = next((one for one in best.values.values() if one.value is not None), None)
    shown = "" if value is None else f"; best so far: {best.name}, {value.name} {value.value:.4f}"
    note(f"{len(update.rows)} of {update.progress.models_total} models are done{shown}")


def _kept(update: EvaluationUpdate | None) -> str:
    if update is None or update.progress is None:
        return "nothing was classified yet"
    progress = update.progress
    return (
        f"{progress.model}: {progress.done} of {progress.total} answers are kept; go on with the "
        "same command and --resume"
    )


@contextmanager
def _progress() -> Iterator[Callable[[EvaluationUpdate], None]]:
    """Show a bar where there is a screen to show it on."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the data", total=None)

        def show(update: EvaluationUpdate) -> None:
            if (now := update.progress) is not None:
                bar.update(task, description=now.model, completed=now.done, total=now.total)

        yield show
