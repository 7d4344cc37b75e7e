"""``explain``: the places that an answer depends on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._parameters import REGION

if TYPE_CHECKING:
    from zoobridge.training.explain import ExplanationMethod

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
    help="Windows along each axis that occlusion covers; the time grows with their square.",
)
@click.option(
    "--method",
    type=click.Choice(["auto", "activation", "occlusion"]),
    default="auto",
    show_default=True,
    help="activation: by the package's activation map, in one call; occlusion: by covering windows, for any "
    "model with scores; auto: by the map where the package has one.",
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
    method: ExplanationMethod,
    framework: str,
    server: ServerOptions,
) -> None:
    """Show which places of PICTURE the answer of MODEL depends on.

    Models that were trained with ZooBridge answer with an activation map: what each place adds to the
    score of the class before the softmax. For others, the picture is classified again and again, each
    time with another window covered, which works with every framework and every package.

    Places that the answer depends on are orange in the output file: they add to the score, or covering
    them lowers it. Blue places speak against the class.

    \b
    Examples:
      zoobridge explain my-cells cell.png
      zoobridge explain my-cells slide.tif --region 120,40,96,96 --windows 10 --class monocyte
    """  # noqa: D301
    target = output or Path(f"{Path(picture).stem}-explained.png")
    if target.exists() and not overwrite:
        raise click.UsageError(f"{target} exists; replace it (--overwrite), or name another file")
    with needs_extra("train", "explaining"):
        from zoobridge.training.explain import explain as explained
        from zoobridge.training.explain import overlay
    # Occlusion needs PyTorch, which may be lacking.
    with server.connect() as client, needs_extra("train", "explaining"):
        found = explained(
            client,
            model,
            picture,
            region=region,  # type: ignore[arg-type]  # what REGION returns
            label=label,
            framework=framework,
            windows=windows,
            method=method,
        )
    overlay(found).save(target)
    low, high = float(found.values.min()), float(found.values.max())
    what = (
        f"a place adds {low:+.3f} to {high:+.3f} to it before the softmax"
        if found.method == "activation"
        else f"covering a window changes it by {-high:+.3f} to {-low:+.3f}"
    )
    click.echo(f"{found.model}: {found.label} {found.score:.3f}; {what}; see {target}")
