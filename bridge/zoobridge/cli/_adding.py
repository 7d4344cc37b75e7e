"""What ``add`` is to write: what the user said, what the export states, and what has to be asked."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._machine import local_engine
from zoobridge.cli._parameters import PICTURE_SIZE
from zoobridge.cli._screen import note

if TYPE_CHECKING:
    from zoobridge.errors import InvalidRequestError
    from zoobridge.zoo import Export, NewModel

__all__ = ["asked_for", "described", "repeated", "try_picture"]

# What a network may leave open, by the option that says it.
_QUESTIONS: dict[str, tuple[str, click.ParamType[Any]]] = {
    "size": ("Height and width (HEIGHTxWIDTH)", PICTURE_SIZE),
    "channels": ("Number of channels", click.IntRange(min=1)),
    "output": ("Output with the scores", click.STRING),
}
_WAYS = ("none", "unit", "signed", "imagenet")
_TOP = 5


def described(
    export: Export, source: Path, said: dict[str, Any]
) -> tuple[NewModel, dict[str, Any]]:
    """Return the description of a new model, and the options that say it.

    Parameters
    ----------
    export
        What the weights' own files state.
    source
        What the user named.
    said
        Values of the command's options; `None` or empty where nothing was said.

    Raises
    ------
    UsageError
        If something is missing, and there is no terminal to ask at.
    """
    from zoobridge.zoo import NewModel, ScoreKind, StatedLayout

    said = dict(said)
    if export.made_by:
        note(f"{source} was exported by {export.made_by}; what its files state is taken")
    if not said["labels"] and not export.labels:
        said["labels"] = _asked("labels", "Class names (a label file, or A,B,C)")
    if not said["name"]:
        stem = source.resolve().name if source.is_dir() else source.stem
        said["name"] = _asked("name", "Name for people", default=stem)
    stated = export.preprocessing is not None
    if said["preprocessing"] is None and not stated:
        said["preprocessing"] = _asked(
            "preprocessing", "What it expects of 0…255", default="none", choices=_WAYS
        )
    elif said["preprocessing"] not in (None, "none") and export.preprocessing == ():
        note("the network rescales pictures by itself, and --preprocessing does it once more")
    steps = said["preprocessing"] or export.preprocessing or ()
    kind = said["score_kind"] or ("independent_probability" if export.multi_label else "")
    own = {
        name: said[name]
        for name in (
            "id",
            "version",
            "description",
            "license",
            "authors",
            "output",
            "weights_format",
        )
    }
    new = NewModel(
        name=said["name"],
        labels=_labels(said["labels"]) if said["labels"] else export.labels,
        layout=StatedLayout(
            said["axes"],
            said["size"] or export.size,
            said["channels"] or 0,
            said["channel_names"] or (),
        ),
        preprocessing=steps,
        scores=said["scores"] or export.scores,
        score_kind=ScoreKind(kind) if kind else None,
        intensity_range=said["intensity_range"]
        or (export.intensity_range if said["preprocessing"] in (None, "none") else None),
        config=dict(export.config),
        **own,
    )
    return new, said


def asked_for(error: InvalidRequestError, said: dict[str, Any]) -> dict[str, Any]:
    """Return the options with what an error says that only the user can know, asked at the terminal.

    Raises
    ------
    InvalidRequestError
        The error itself, where it is about something else, or there is no terminal.
    """
    question = _QUESTIONS.get(error.field)
    if question is None or said[error.field] or not _at_terminal():
        raise error
    note(error.message)
    text, kind = question
    return said | {error.field: click.prompt(text, type=kind, err=True)}


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _labels(given: str) -> Path | tuple[str, ...]:
    if Path(given).is_file():
        return Path(given)
    if "," not in given:
        raise click.BadParameter(f"there is no label file {given}", param_hint="--labels")
    return tuple(part.strip() for part in given.split(","))


def _asked(option: str, question: str, *, default: str = "", choices: tuple[str, ...] = ()) -> str:
    """Ask at the terminal; without one, take the default or name the option."""
    if not _at_terminal():
        if not default:
            raise click.UsageError(f"--{option} is missing: nothing beside the weights states it")
        return default
    kind = click.Choice(choices) if choices else None
    return str(click.prompt(question, default=default or None, type=kind, err=True))


def repeated(source: Path, zoo: Path, said: dict[str, Any]) -> str:
    """Return the command that does the same without a question."""
    words = ["zoobridge", "add", str(source), "--zoo", str(zoo)]
    for name, value in said.items():
        option = f"--{name.replace('_', '-')}"
        if name == "authors":
            for author in value:
                words += ["--author", author]
        elif name == "size" and value:
            words += [option, f"{value[0]}x{value[1]}"]
        elif isinstance(value, tuple) and value:
            words += [option, ",".join(map(str, value))]
        elif value and (name, value) != ("version", "1.0.0"):
            words += [option, str(value)]
    return shlex.join(words)


def try_picture(package: Path, picture: Path) -> None:
    """Classify a picture with a package that was just written, and show the answer."""
    from zoobridge.engine import InferenceRequest
    from zoobridge.protocol.v1 import classification_pb2 as pb
    from zoobridge.zoo import TrustStore, choose_weights, read_package

    trust = TrustStore()
    request = pb.ClassifyRequest(
        image={"encoded": picture.read_bytes(), "name": picture.name}, options={"top_k": _TOP}
    )
    with local_engine("trying a model") as engine, tempfile.TemporaryDirectory() as scratch:
        model = read_package(package, unpack_to=Path(scratch))
        weights = choose_weights(
            model,
            "",
            frameworks={state.name: state.facts for state in engine.frameworks()},
            confined=engine.confinement()[0] != "none",
            trust=trust,
        )
        model = replace(model, trusted=trust.trusts(weights.digest))
        work = InferenceRequest(model, weights, request.SerializeToString())
        parts = [bytes(part.response) for part in engine.submit(work)]
    for result in pb.ClassifyResponse.FromString(b"".join(parts)).results:
        where = ",".join(f"{axis}={index}" for axis, index in result.plane.indexes.items())
        if result.WhichOneof("outcome") == "error":
            answer = f"failed: {result.error.message}"
        else:
            answer = ", ".join(
                f"{one.label} {one.score:.3g}" if one.HasField("score") else one.label
                for one in result.prediction.top
            )
        click.echo(f"{picture.name}{f' ({where})' if where else ''}: {answer}")
        for one in result.prediction.conversions:
            click.echo(f"  {one.notice or one.detail}")
