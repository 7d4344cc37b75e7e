"""``evaluate``: models measured on labelled pictures."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._evaluation_options import evaluation_options
from zoobridge.cli._evaluation_outputs import evaluation_text, print_evaluation, tell_omissions
from zoobridge.cli._evaluation_progress import following
from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import Server, chosen_format, server_options
from zoobridge.cli._screen import note
from zoobridge.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from zoobridge.client import Client, EvaluationProgress, EvaluationUpdate

__all__ = ["evaluate"]

_FORMATS = ("csv", "json")


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--data", required=True, metavar="PATH", help="Labelled pictures: a folder or a file."
)
@evaluation_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *_FORMATS]),
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
    server: Server,
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
    form = chosen_format(form, output, _FORMATS)
    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{output} exists; replace it (--overwrite), or name another file")
    settings["options"] = dict(settings["options"])
    settings["mapping"] = _mapping(mapping)
    if not at_server:
        data = str(Path(data).absolute())
    settings["run_id"] = _run_id(models, data, settings, at_server=at_server)
    settings["restart"] = not resume
    with server.connect() as client:
        measured = _measured_there if at_server else _measured_here
        with (
            following(ctx, go_on="go on with the same command and --resume") as show,
            closing(measured(client, models, data, settings)) as updates,
        ):
            result = _followed(updates, show).ended()
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


def _followed(
    updates: Iterable[EvaluationUpdate], show: Callable[[EvaluationProgress | None], None]
) -> EvaluationUpdate:
    """Show how it goes until its end, and return that."""
    from zoobridge.client import EvaluationUpdate

    update = EvaluationUpdate()
    told = 0
    for update in updates:
        show(update.progress)
        if told < len(update.rows):
            told = len(update.rows)
            _tell_rows(update)
    return update


def _tell_rows(update: EvaluationUpdate) -> None:
    """Tell of models that are done while others are not."""
    if update.result is not None or update.progress is None:
        return
    best = update.rows[0]
    value = next((one for one in best.values.values() if one.value is not None), None)
    shown = "" if value is None else f"; best so far: {best.name}, {value.name} {value.value:.4f}"
    note(f"{len(update.rows)} of {update.progress.models_total} models are done{shown}")
