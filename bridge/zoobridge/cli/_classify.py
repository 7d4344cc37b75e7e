"""``classify``: classify images and write the results."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._allocator import keep_freed_memory
from zoobridge.cli._conversions import Conversions
from zoobridge.cli._failure import describe, is_verbose
from zoobridge.cli._options import ServerOptions, chosen_format, server_options
from zoobridge.cli._parameters import CHANNELS, INTENSITY, PLANES, REGION
from zoobridge.cli._screen import note, note_first, progress_bar
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.cli._outputs import Output
    from zoobridge.client import Client, Model, Result, Results

__all__ = ["classify"]

_FORMATS = ("csv", "json", "jsonl")
# Fewer unlike pictures may be chance.
_LEAST_FOREIGN = 3


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("pictures", metavar="PICTURE...", nargs=-1, required=True)
@click.option(
    "--framework", default="", help="onnx, pytorch or tensorflow.  [default: the fastest safe one]"
)
@click.option(
    "--top", "top_k", type=click.IntRange(min=1), help="Number of classes to return, best first."
)
@click.option("--all-scores", is_flag=True, help="Add a column with the score of each class.")
@click.option("--threshold", type=float, help="Minimum score for a class to count as positive.")
@click.option(
    "--region",
    "regions",
    type=REGION,
    multiple=True,
    metavar="X,Y,W,H",
    help="Region to classify in every image, in pixels. May be repeated.",
)
@click.option(
    "--planes", type=PLANES, metavar="SELECTION", help='Planes to classify, such as "Z=0-4,T=0".'
)
@click.option(
    "--axes", default="", help="Axes of files that do not state them, such as ZYX or CYX."
)
@click.option(
    "--channels",
    type=CHANNELS,
    metavar="C,C…",
    help="Channels to use, counted from 0, in the model's order.",
)
@click.option(
    "--fit",
    default="",
    type=click.Choice(["", "stretch", "pad", "crop", "center", "refuse"]),
    metavar="stretch|pad|crop|center|refuse",
    help="How to fit images to the model's input size.",
)
@click.option(
    "--interpolation",
    default="",
    type=click.Choice(["", "nearest", "bilinear", "bicubic", "box", "lanczos"]),
    metavar="nearest|bilinear|bicubic|box|lanczos",
    help="Resampling filter.",
)
@click.option(
    "--intensity",
    type=INTENSITY,
    metavar="as_is|dtype_range|unit_range|min_max|LOW,HIGH",
    help="How to map intensities to the model's range.",
)
@click.option(
    "--orientation",
    default="",
    type=click.Choice(["", "as_stored", "apply"]),
    metavar="as_stored|apply",
    help="How to treat an EXIF orientation tag.",
)
@click.option(
    "--series",
    type=click.IntRange(min=0),
    metavar="N",
    help="Index of the image in files that contain several, from 0.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *_FORMATS]),
    help="Output format.  [default: from the suffix of --output, else table]",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@click.option("--resume", is_flag=True, help="Continue the CSV file of an interrupted run.")
@click.option("--overwrite", is_flag=True, help="Replace an existing output file.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit for the whole command, in seconds.",
)
@server_options
@click.pass_context
def classify(
    ctx: click.Context,
    /,
    model: str,
    pictures: tuple[str, ...],
    form: str | None,
    output: Path | None,
    resume: bool,  # noqa: FBT001 - click passes it by name
    overwrite: bool,  # noqa: FBT001 - click passes it by name
    server: ServerOptions,
    **options: Any,
) -> None:
    """Classify each PICTURE (file, folder with its subfolders, or pattern) with MODEL.

    A picture that cannot be read, or does not fit the model, has its error in the column
    "error"; all others are classified, and the command ends with code 1. Ctrl-C stops at once and
    keeps what is done; a CSV file is continued with --resume.

    \b
    Examples:
      zoobridge classify digits scan.png
      zoobridge classify digits scans/ --output scans.csv
      zoobridge classify digits scans/ --output scans.csv --resume
      zoobridge classify digits "scans/**/*.tif" --top 3 --format jsonl
      zoobridge classify textures wall.png --region 0,0,64,64 --region 64,0,64,64
      zoobridge classify digits stack.tif --planes "Z=0-9,T=0" --framework pytorch
    """  # noqa: D301
    form = chosen_format(form, output, _FORMATS)
    if resume and (output is None or form != "csv"):
        raise click.UsageError("--resume needs a CSV file; name it with --output FILE.csv")
    if output is not None and output.exists() and not (resume or overwrite):
        raise click.UsageError(
            f"{output} exists; continue it (--resume), replace it (--overwrite), "
            "or name another file"
        )
    options["top_k"] = options["top_k"] or 0
    options["channels"] = options["channels"] or ()
    keep_freed_memory()
    with server.connect() as client:
        described = client.model(model)
        files = _files(ctx, pictures)
        with _open_output(form, output, described, options, resume=resume) as sink:
            left = [file for file in files if os.fspath(file) not in sink.done]
            if resume:
                note(f"{len(files) - len(left)} of {len(files)} pictures are already done")
            code = _run(ctx, client, model, left, options, sink)
    ctx.exit(code)


def _files(ctx: click.Context, pictures: tuple[str, ...]) -> list[Path]:
    from zoobridge.client import find_images

    found = [find_images(given) for given in pictures]
    lines = [f"{out.path}: {out.why}" for one in found for out in one.left_out]
    title = f"{len(lines)} left out" if len(lines) > 1 else "1 left out"
    note_first(title, lines, rest="--verbose", every=is_verbose(ctx))
    return list(dict.fromkeys(file for one in found for file in one.files))


def _open_output(
    form: str, path: Path | None, model: Model, options: dict[str, Any], *, resume: bool
) -> Output:
    from zoobridge.cli._outputs import open_output

    top = options["top_k"] or model.default_top_k or 1
    if model.labels:
        top = min(top, len(model.labels))
    labels = model.labels if options["all_scores"] else ()
    digests = {weights.digest for weights in model.weights}
    try:
        return open_output(
            form,
            path,
            top=top,
            labels=labels,
            digests=digests,
            resume=resume,
            reliability=(model.prediction_set_coverage, model.novelty_threshold) != (None, None),
        )
    except OSError as error:
        raise click.ClickException(_cannot_write(path, error)) from error


def _run(
    ctx: click.Context,
    client: Client,
    model: str,
    files: list[Path],
    options: dict[str, Any],
    sink: Output,
) -> int:
    """Classify, write and summarize; return the exit code."""
    failed: list[Result] = []
    unlike: list[Result] = []
    summary = Conversions()
    items = 0
    stream = client.classify_each(
        model, files, on_progress=None, **{k: v for k, v in options.items() if v is not None}
    )
    code = 0
    try:
        sink.begin()
        try:
            with _progress(len(files)) as advance, closing(stream):
                for results in _in_order(stream):
                    sink.write(results)
                    advance()
                    items += len(results)
                    failed += results.errors
                    unlike += results.unlike_training
                    summary.add(results)
        except KeyboardInterrupt:
            note(f"stopped; {items} results are kept{sink.hint}")
            code = 130
        except ZooBridgeError:
            if items:
                note(f"{items} results are kept{sink.hint}")
            sink.end()
            raise
        sink.end()
    except BrokenPipeError:
        raise
    except OSError as error:
        kept = f"; {items} results are kept{sink.hint}" if sink.path and items else ""
        raise click.ClickException(f"{_cannot_write(sink.path, error)}{kept}") from error
    _warn_of_unlike(unlike, items)
    summary.show(ctx)
    _sum_up(failed, items, ctx)
    return code or int(bool(failed))


def _cannot_write(path: Path | None, error: OSError) -> str:
    return f"cannot write {path or 'the output'}: {error.strerror or error}"


def _in_order(stream: Iterator[Results]) -> Iterator[Results]:
    """Yield each picture's results in the order of the pictures, as soon as that is possible."""
    held: dict[int, Results] = {}
    due = 0
    for results in stream:
        held[results[0].image_index] = results
        while due in held:
            yield held.pop(due)
            due += 1


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar where there is a screen to show it on, and more than one picture."""
    if total < 2 or (bar := progress_bar()) is None:
        yield lambda: None
        return
    with bar:
        task = bar.add_task("classifying", total=total)
        yield lambda: bar.advance(task)


def _warn_of_unlike(unlike: list[Result], items: int) -> None:
    if not unlike:
        return
    lines = []
    for result in unlike:
        where = ", ".join(part for part in (result.image, result.plane, result.region) if part)
        novelty = result.novelty
        if novelty is not None:
            lines.append(f"{where}: novelty {novelty.value:.3f}, threshold {novelty.threshold:.3f}")
    note_first(
        f"warning: {len(unlike)} of {items} are unlike the pictures that the model was trained on; "
        "do not rely on their labels",
        lines,
        rest='the column "novelty"',
    )
    if len(unlike) >= max(_LEAST_FOREIGN, items / 10):
        note(
            "so many unlike pictures usually come from another laboratory, stain, camera or "
            "magnification; to get reliable labels, add "
            "five such pictures of each class to the training pictures and train again (zoobridge train)"
        )


def _sum_up(failed: list[Result], items: int, ctx: click.Context) -> None:
    lines = []
    for result in failed:
        where = ", ".join(part for part in (result.image, result.plane, result.region) if part)
        sentence = describe(result.error, ctx) if result.error is not None else ""
        lines.append(f"{where}: {sentence}")
    note_first(f"{len(failed)} of {items} failed", lines, rest='the column "error"')
