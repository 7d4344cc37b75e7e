"""``compact``: an 8-bit copy of a model."""

from __future__ import annotations

from pathlib import Path

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._screen import note, table

__all__ = ["compact"]


@click.command()
@click.argument("model", metavar="MODEL")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Labelled pictures: a folder per class, or a table.",
)
@click.option(
    "--zoo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the zoo.  [default: the server's first]",
)
@server_options
def compact(model: str, data: Path, zoo: Path | None, server: ServerOptions) -> None:
    """Write an 8-bit copy of MODEL into the zoo, and compare the two.

    The copy is named MODEL-int8 and has about a quarter of the size. Whether it is faster depends on the
    processor: both are measured on the pictures of --data. Give pictures that MODEL was not trained on.
    Only ONNX weights can be compacted.

    \b
    Examples:
      zoobridge compact my-cells --data held-out/
    """  # noqa: D301
    with needs_extra("train", "making a model compact"):
        from zoobridge.training.compact import compact_model
        from zoobridge.training.served import TrainingZoo
    with server.connect() as client:
        served = TrainingZoo(client, zoo)
        found = compact_model(client, model, data, zoo=served.folder, wait_for=served.wait_for)
    table(
        ["model", "MB", "ms a call", "balanced accuracy"],
        [
            [one.reference, f"{one.size_bytes / 1e6:.1f}", f"{one.milliseconds:.1f}",
             f"{one.balanced_accuracy:.3f}"]
            for one in (found.original, found.compact)
        ],
        caption=f"McNemar: {found.only_original} pictures right only with the original, "
        f"{found.only_compact} only with the compact one, p = {found.p_value:.2g}",
    )  # fmt: skip
    if found.compact.milliseconds > found.original.milliseconds:
        note("the compact model is slower on this machine; it saves memory and disk alone")
