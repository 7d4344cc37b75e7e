"""``doctor``: what is installed, what is missing, and the command that adds it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from importlib.util import find_spec

import click

from zoobridge.cli._failure import verbose_option
from zoobridge.cli._machine import local_engine
from zoobridge.cli._screen import note, table
from zoobridge.errors import ZooBridgeError

__all__ = ["doctor"]

# What an extra is known by: a module of it, and what it is for.
_EXTRAS = {
    "server": ("bioimageio.spec", "grpc_health", "imagecodecs", "tifffile", "PIL", "psutil"),
    "pandas": ("pandas",),
    "imagej": ("py4j",),
}


@click.command()
@click.option(
    "--devices/--no-devices",
    default=True,
    help="Start every framework to list its devices; takes a few seconds.",
)
@verbose_option
def doctor(devices: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Show what is installed, the available devices, what is missing and how to add it.

    Ends with code 1 if nothing on this machine could run a model.
    """
    missing = _extras()
    rows: list[tuple[str, str, str]] = [
        ("zoobridge", version("zoobridge"), ""),
        ("python", platform.python_version(), ""),
        ("system", f"{platform.system()} {platform.release()}", f"{os.cpu_count()} cores"),
    ]
    usable = False
    if "server" in missing:
        rows.append(("server", "not installed", 'pip install "zoobridge[server]"'))
    else:
        found, usable = _machine(devices=devices)
        rows += found
    rows += [
        (extra, f"lacks {', '.join(names)}", f'pip install "zoobridge[{extra}]"')
        for extra, names in missing.items()
        if extra != "server"
    ]
    rows += _servers()
    table(("what", "state", "remark"), rows)
    if not usable:
        raise click.ClickException(
            'no framework can run here; add one: pip install "zoobridge[onnx]"'
        )


def _extras() -> dict[str, list[str]]:
    """Return the modules that are missing, by the extra that holds them."""
    lacking = {
        extra: [name for name in modules if not _has(name)] for extra, modules in _EXTRAS.items()
    }
    return {extra: names for extra, names in lacking.items() if names}


def _has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _machine(*, devices: bool) -> tuple[list[tuple[str, str, str]], bool]:
    """Return rows on frameworks and confinement, and whether any framework can run."""
    rows = []
    usable = False
    with local_engine("looking at the frameworks") as engine:
        kind, reason = engine.confinement()
        states = engine.frameworks()
    rows.append(("confinement", kind, reason))
    for state in states:
        if state.facts.problem:
            problem = "; ".join(part for part in (state.facts.problem, state.facts.remedy) if part)
            rows.append((state.name, state.facts.version or "not installed", problem))
            continue
        usable = True
        remark = _devices(state.name) if devices else ""
        rows.append((state.name, state.facts.version, remark))
    return rows, usable


def _devices(framework: str) -> str:
    from zoobridge.engine import framework_devices

    try:
        devices, problem = framework_devices(framework)
    except ZooBridgeError as error:
        note(f"{framework} does not start: {error.message}")
        return "does not start"
    return "; ".join(part for part in (", ".join(devices), problem) if part)


def _servers() -> list[tuple[str, str, str]]:
    from zoobridge.protocol.connection import discover, runtime_dir

    servers = discover()
    if not servers:
        return [("running server", "none", "zoobridge serve ZOO")]
    return [
        (
            "running server",
            one.address,
            f"process {one.pid}, version {one.version}, known by {one.path or runtime_dir()}",
        )
        for one in servers
    ]
