"""``explain``: the places that an answer depends on."""

from __future__ import annotations

from pathlib import Path

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._parameters import REGION

__all__ = ["explain"]


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("picture", metavar="PICTURE", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PNG file to write.  [default: PICTURE's name with -explained.png]",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing output file.")
@click.option("--class", "label", default="", help="Class to explain.  [default: the best]")
@click.option("--region", type=REGION, metavar="X,Y,W,H", help="Region of the picture to explain.")
@click.option(
    "--windows",
    type=click.IntRange(2, 64),
    default=7,
    show_default=True,
    help="Windows along each axis; the time grows with their square.",
)
@click.option(
    "--framework", default="", help="onnx, pytorch or tensorflow.  [default: the fastest safe one]"
)
@server_options
def explain(
    model: str,
    picture: str,
    output: Path | None,
    overwrite: bool,  # noqa: FBT001 - click passes it by name
    label: str,
    region: object,
    windows: int,
    framework: str,
    server: ServerOptions,
) -> None:
    """Show which places of PICTURE the answer of MODEL depends on.

    The picture is classified again and again, each time with another window covered. Where covering
    lowers the score of the class, the answer depends on that place: it is orange in the output file.
    Where covering raises the score, it is blue. Works with every framework and every package.

    \b
    Examples:
      zoobridge explain my-cells cell.png
      zoobridge explain my-cells slide.tif --region 120,40,96,96 --windows 10 --class monocyte
    """  # noqa: D301
    target = output or Path(f"{Path(picture).stem}-explained.png")
    if target.exists() and not overwrite:
        raise click.UsageError(f"{target} exists; replace it (--overwrite), or name another file")
    with needs_extra("train", "explaining"):
        import captum  # noqa: F401 - it needs PyTorch, which may be lacking

        from zoobridge.training.explain import explain as explained
        from zoobridge.training.explain import overlay
    with server.connect() as client:
        found = explained(
            client,
            model,
            picture,
            region=region,  # type: ignore[arg-type]  # what REGION returns
            label=label,
            framework=framework,
            windows=windows,
        )
    overlay(found).save(target)
    low, high = float(found.values.min()), float(found.values.max())
    click.echo(
        f"{found.model}: {found.label} {found.score:.3f}; covering a window changes it by "
        f"{-high:+.3f} to {-low:+.3f}; see {target}"
    )
