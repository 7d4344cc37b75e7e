"""``frameworks``, ``models`` and ``model``: what a server offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._screen import device_text, json_text, note, size, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zoobridge.client import Model

__all__ = ["frameworks", "model", "models"]

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="Output format.",
)  # fmt: skip


@click.command()
@_FORMAT
@server_options
def frameworks(form: str, server: ServerOptions) -> None:
    """List the frameworks that the server supports, installed or not."""
    with server.connect() as client:
        found = client.frameworks()
    if form == "json":
        click.echo(json_text(found))
        return
    rows = [
        (
            one.name,
            one.version,
            ", ".join(one.weights_formats),
            ", ".join(one.devices),
            "; ".join(part for part in (one.problem, one.remedy, one.device_problem) if part)
            or "ready",
        )
        for one in found
    ]
    table(("framework", "version", "weights formats", "devices", "state"), rows)


@click.command()
@click.option("--framework", default="", help="Only models that this framework can run.")
@_FORMAT
@server_options
def models(framework: str, form: str, server: ServerOptions) -> None:
    """List the models of the zoo, and why broken ones cannot be used.

    \b
    Examples:
      zoobridge models
      zoobridge models --framework pytorch --format json
    """  # noqa: D301
    with server.connect() as client:
        found = client.models(framework)
    if form == "json":
        click.echo(json_text(found))
        return
    if not found:
        note(
            f"no model of the zoo runs with {framework}; see `zoobridge frameworks`"
            if framework
            else "the zoo is empty; add a model with `zoobridge add WEIGHTS --labels FILE`"
        )
        return
    rows = [
        (
            one.id,
            one.version,
            one.name,
            len(one.labels) or None,
            ", ".join(one.frameworks),
            ", ".join(dict.fromkeys(loaded.framework for loaded in one.loaded)),
            _state(one),
        )
        for one in found
    ]
    table(("model", "version", "name", "classes", "runs with", "loaded", "state"), rows)


def _state(model: Model) -> str:
    """Return why a model, or some of its weights, cannot be used; empty if all can."""
    if model.problem:
        return model.problem
    return "; ".join(
        f"{weights.format}: {weights.problem}" + (f" ({weights.remedy})" if weights.remedy else "")
        for weights in model.weights
        if weights.problem
    )


@click.command()
@click.argument("name", metavar="MODEL")
@_FORMAT
@server_options
def model(name: str, form: str, server: ServerOptions) -> None:
    """Describe one model: its input, classes, weights and citations.

    MODEL is an id, or id@version; without a version the newest is taken.

    \b
    Examples:
      zoobridge model digits
      zoobridge model digits@0.1.0 --format json
    """  # noqa: D301
    with server.connect() as client:
        found = client.model(name)
    if form == "json":
        click.echo(json_text(found))
        return
    table(("", ""), list(_facts(found)))
    rows = [
        (
            one.format,
            one.framework,
            one.trust_class,
            size(one.size_bytes),
            f"{one.digest[:16]}…" if one.digest else "",
            "; ".join(part for part in (one.problem, one.remedy) if part) or "usable",
        )
        for one in found.weights
    ]
    if rows:
        table(("weights", "framework", "trust class", "size", "digest", "state"), rows)
    if found.loaded:
        loaded = [
            (
                one.framework,
                device_text(one.device, one.precision, one.device_memory_bytes),
                size(one.memory_bytes),
                one.items,
                one.confinement,
            )
            for one in found.loaded
        ]
        table(("loaded with", "device", "memory", "items", "confinement"), loaded)


def _facts(model: Model) -> Iterator[tuple[str, str]]:
    yield "model", model.reference
    yield from _known(
        ("name", model.name),
        ("description", model.description),
        ("problem", model.problem),
        ("original id", model.original_id),
    )
    if model.input is not None:
        sizes = ", ".join(
            f"{axis} {one.min}" + (f" + n × {one.step}" if one.step else "")
            for axis, one in sorted(model.input.sizes.items())
        )
        yield "input", f"{model.input.axes} {model.input.dtype} ({sizes})"
        span = model.input.intensity_range
        yield from _known(
            ("channels", ", ".join(model.input.channel_names)),
            ("intensities", "" if span is None else f"{span[0]:g} to {span[1]:g}"),
            ("other sizes", " ".join((model.input.fit, model.input.interpolation)).strip()),
        )
    yield from _known(
        ("classes", _labels(model)),
        ("scores", _both(model.score_kind, model.score_kind_source)),
        ("license", model.license),
        ("tags", ", ".join(model.tags)),
        ("authors", "; ".join(_both(one.name, one.affiliation) for one in model.authors)),
    )
    for one in model.citations:
        yield "cite", " ".join(part for part in (one.text, one.doi, one.url) if part)


def _known(*pairs: tuple[str, str]) -> Iterator[tuple[str, str]]:
    yield from (pair for pair in pairs if pair[1])


def _both(text: str, detail: str) -> str:
    return f"{text} ({detail})" if text and detail else text or detail


def _labels(model: Model) -> str:
    shown = ", ".join(model.labels[:20])
    more = f", … {len(model.labels) - 20} more" if len(model.labels) > 20 else ""
    source = f" (from {model.label_source})" if model.label_source else ""
    return f"{len(model.labels)}: {shown}{more}{source}" if model.labels else ""
