"""``serve``: the server in the foreground."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import click

from zoobridge.cli._allocator import keep_freed_memory
from zoobridge.cli._failure import needs_extra, verbose_option
from zoobridge.cli._page import page_beside
from zoobridge.cli._restart import CHILD_OPTION, end_with_parent, serve_again

__all__ = ["serve"]

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Bytes(click.ParamType[int]):
    """A number of bytes: ``512M``, ``4GiB``, ``1000000``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        if isinstance(value, int):
            return value
        text = str(value).strip().upper().removesuffix("IB").removesuffix("B")
        number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "")
        try:
            return int(float(number) * _UNITS[unit])
        except (ValueError, OverflowError):
            self.fail(f"'{value}' is not a size; write it as 512M, 4G or 1000000", param, ctx)


class Instances(click.ParamType[tuple[str, int]]):
    """A number of copies: ``2``, or ``digits=4`` for one model."""

    name = "[model=]n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Return the model, empty for all, and the number."""
        if isinstance(value, tuple):
            return value
        name, equals, number = str(value).rpartition("=")
        if not number.strip().isdecimal() or int(number) < 1 or bool(equals) != bool(name.strip()):
            self.fail(f"'{value}' is not a number of copies; write 2, or MODEL=2", param, ctx)
        return name.strip(), int(number)


BYTES = Bytes()
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("zoo", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=0, type=int, help="Port to listen at.  [default: any free port]")
@click.option("--tls-cert", type=_FILE, help="Certificate chain (PEM).")
@click.option("--tls-key", type=_FILE, help="Private key of the certificate (PEM).")
@click.option(
    "--token",
    envvar="ZOOBRIDGE_SERVE_TOKEN",
    show_envvar=True,
    default="",
    help="Managing token; other users of the machine can see it on the command line, but not in the "
    "variable.  [default: a random one that only you can read]",
)
@click.option(
    "--classification-token",
    envvar="ZOOBRIDGE_SERVE_CLASSIFICATION_TOKEN",
    show_envvar=True,
    default="",
    help="Token that clients on other machines need to classify.",
)
@click.option(
    "--training-token",
    envvar="ZOOBRIDGE_SERVE_TRAINING_TOKEN",
    show_envvar=True,
    default="",
    help="Token that also allows training models.  [default: only the managing token does]",
)
@click.option(
    "--training-folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where training projects are kept, with their pictures.  [default: among your data]",
)
@click.option(
    "--expose-unencrypted",
    is_flag=True,
    help="Accept other machines without TLS; the network can then read images and tokens.",
)
@click.option(
    "--allow-path",
    "allow_paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Allow requests to name files in this folder by path. May be repeated.",
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where networks run: auto (GPUs if there are any), cpu, cuda:0, or several devices for"
    " the replicas of a model to take in turn: cuda:0,cuda:1.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "tf32", "float16"]),
    default="float32",
    show_default=True,
    help="How GPUs compute. float32 gives the CPU's scores; the others are faster, and differ in the"
    " third digit. Each prediction names it.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Cores that one model may use; its instances share them.  [default: all]",
)
@click.option(
    "--instances",
    "copies",
    type=Instances(),
    multiple=True,
    help="Copies of a model side by side, each in its own process: 2 for all models, digits=4 for"
    " one. May be repeated.  [default: 1]",
)
@click.option(
    "--max-memory",
    type=BYTES,
    help="Memory of all models and frameworks together; to load what would not fit, those unused for"
    " longest are unloaded.  [default: half of what the machine or its container has]",
)
@click.option(
    "--keep",
    "keep_seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=0.0,
    help="Unload a model that was unused for this time.  [default: when memory is needed]",
)
@click.option(
    "--standby",
    "standby_seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=300.0,
    show_default=True,
    help="Keep a framework imported for this time after its last model was unloaded.",
)
@click.option(
    "--fork/--spawn",
    default=None,
    help="How to start workers; fork is faster, but Linux only.  [default: fork if possible]",
)
@click.option("--max-message", type=BYTES, help="Maximum message size.  [default: 256M]")
@click.option(
    "--max-pixels",
    type=int,
    help="Maximum pixels of an image, all axes multiplied.  [default: 1073741824]",
)
@click.option("--metrics-port", type=int, help="Serve Prometheus metrics on this port.")
@click.option(
    "--web-port",
    type=click.IntRange(0, 65535),
    help="Also serve the web page on this port of this machine; 0 for any free port.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the log on standard error.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Minimum level of the log.",
)
@click.option(
    "--grace",
    "grace_seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="Time for accepted requests to finish at shutdown.",
)
@click.option(
    "--max-wait",
    "max_wait_seconds",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=10.0,
    show_default=True,
    help="Refuse calls that would wait longer than this in the queue.",
)
@click.option(
    "--restart",
    is_flag=True,
    help="Restart the server after a crash, with the same port and token.",
)
@click.option(CHILD_OPTION, "restarted", is_flag=True, hidden=True)
@verbose_option
def serve(
    zoo: tuple[Path, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    fork: bool | None,  # noqa: FBT001 - click passes it by name
    max_message: int | None,
    max_pixels: int | None,
    copies: tuple[tuple[str, int], ...],
    restart: bool,  # noqa: FBT001
    restarted: bool,  # noqa: FBT001
    web_port: int | None,
    **settings: Any,
) -> None:
    """Serve the model packages in one or more ZOO folders until Ctrl-C.

    Your programs on this machine find the server by themselves. Packages that are added to a
    folder, changed or taken out of it are noticed while it runs.

    \b
    Examples:
      zoobridge serve examples/zoo
      zoobridge serve ~/models /lab/models --port 50051
      zoobridge serve /lab/models --host 0.0.0.0 --port 50051 \\
          --tls-cert lab.crt --tls-key lab.key --classification-token SECRET
    """  # noqa: D301
    if restart:
        words = sys.argv[sys.argv.index("serve") + 1 :]
        again = [word for word in words if word != "--restart"]
        sys.exit(serve_again(again, host=settings["host"], port=settings["port"]))
    with needs_extra("server", "serving"):
        from platformdirs import user_cache_path

        from zoobridge.evaluation import EvaluationService
        from zoobridge.protocol import Limits
        from zoobridge.server import ServerConfig
        from zoobridge.server import serve as run
    usual = Limits()
    limits = Limits(
        message_bytes=max_message or usual.message_bytes,
        image_pixels=max_pixels or usual.image_pixels,
        queued_bytes=max(usual.queued_bytes, max_message or 0),
    )
    if fork is not None:
        settings["fork"] = fork
    instances_of = dict(copies)
    settings["instances"] = instances_of.pop("", 1)
    settings["instances_of"] = instances_of
    keep_freed_memory()
    if restarted:
        end_with_parent(lambda: signal.raise_signal(signal.SIGTERM))
    kept = user_cache_path("zoobridge", appauthor=False) / "served-evaluations"
    config = ServerConfig(
        zoos=zoo, tls_certificate=tls_cert, tls_key=tls_key, limits=limits, **settings
    )
    with page_beside(web_port):
        run(config, services=(EvaluationService(settings["allow_paths"], kept),))
