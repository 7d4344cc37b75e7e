"""``add``, ``validate`` and ``trust``: model packages on this machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._adding import asked_for, described, repeated, try_picture
from zoobridge.cli._ensemble import combined, rule_option, views_option
from zoobridge.cli._failure import needs_extra, verbose_option
from zoobridge.cli._machine import local_engine
from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._parameters import INTENSITY_SPAN, NAMES, PICTURE_SIZE
from zoobridge.cli._screen import note, table
from zoobridge.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.training.ensemble import RuleName
    from zoobridge.zoo import Difference, ValidationReport

__all__ = ["add", "trust", "validate"]


@click.command()
@click.argument("weights", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--labels",
    default="",
    metavar="FILE|A,B,C",
    help="Class names in the order of the scores: a label file (text, CSV, JSON, YAML), or a list.",
)
@click.option("--name", default="", help="Name for people.  [default: the file name]")
@click.option("--id", default="", help="Id in the zoo.  [default: derived from the name]")
@click.option("--version", default="1.0.0", show_default=True, help="The package's version.")
@click.option(
    "--zoo",
    type=click.Path(file_okay=False, path_type=Path),
    help="Zoo folder to write to.  [default: the first of your running server]",
)
@click.option("--description", default="", help="One or two sentences.")
@click.option("--license", default="", help="SPDX identifier, such as CC-BY-4.0.")
@click.option("--author", "authors", multiple=True, help="May be repeated.")
@click.option(
    "--axes",
    default="",
    help="Axes of the input: NCYX, NYXC, NYX.  [default: the framework's convention]",
)
@click.option("--size", type=PICTURE_SIZE, metavar="HEIGHTxWIDTH", help="Size of the input.")
@click.option("--channels", type=click.IntRange(min=1), help="Number of channels.")
@click.option("--channel-names", type=NAMES, metavar="A,B,…", help="What each channel means.")
@click.option(
    "--preprocessing",
    type=click.Choice(["none", "unit", "signed", "imagenet"]),
    help="How the network expects 8-bit images: unchanged, 0…1, -1…1, or ImageNet statistics.  "
    "[default: as the export states, else none]",
)
@click.option(
    "--output",
    default="",
    metavar="NAME",
    help="Output with the scores, if the network has several.",
)
@click.option(
    "--scores",
    type=click.Choice(["as_is", "softmax", "sigmoid"]),
    help="Postprocessing of the scores.  [default: as the export states, else as_is]",
)
@click.option(
    "--score-kind",
    type=click.Choice(["probability", "independent_probability", "logit", "label_only"]),
    help="Kind of the scores, if known.",
)
@click.option(
    "--intensity-range",
    type=INTENSITY_SPAN,
    metavar="LOW,HIGH",
    help="Intensity range of the training images.  [default: 0,255 with --preprocessing]",
)
@click.option(
    "--weights-format",
    default="",
    metavar="NAME",
    help="Weights format, such as onnx or torchscript.  [default: from the file name]",
)
@click.option(
    "--members",
    type=NAMES,
    metavar="MODEL,…",
    help="Models of the running server's zoo with the same classes. A second package, ID-ensemble, "
    "combines them with the new model; see zoobridge ensemble.",
)
@rule_option
@views_option(
    "8: a second package, ID-ensemble, answers with the mean over 8 flips and turns of a picture. "
    "Needs a running server."
)
@click.option(
    "--try",
    "picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PICTURE",
    help="Classify this image with the new model, and show the result.",
)
@server_options
def add(
    weights: Path,
    zoo: Path | None,
    picture: Path | None,
    members: tuple[str, ...] | None,
    rule: RuleName,
    views: str,
    server: ServerOptions,
    **said: Any,
) -> None:
    """Make a BioImage.IO package from a network that you have.

    WEIGHTS is an ONNX, TorchScript or Keras file, a SavedModel, or the folder of a Hugging Face image
    classifier or of Teachable Machine. What their own files state (labels, size, preprocessing) is taken;
    what nothing states is asked at the terminal. The network is run once, confined, for the package's
    test tensors. A running server lists the package without a restart, and what you add is trusted.

    \b
    Examples:
      zoobridge add vit-cells/ --try cell.png
      zoobridge add converted_keras/
      zoobridge add cells.onnx --labels labels.txt --name "Cell types"
      zoobridge add net.pt --labels cat,dog --name Pets --size 224x224 --channels 3 \\
          --preprocessing imagenet --scores softmax
    """  # noqa: D301
    with needs_extra("server", "adding a model"):
        from zoobridge.engine import confined_network
        from zoobridge.zoo import TrustStore, add_model, read_export, shown_labels
    folder = zoo if zoo is not None else _served_zoo(server)
    with needs_extra("server", "adding a model"):
        export = read_export(weights)
        new, said = described(export, weights, said)
        note(shown_labels(new.class_names))
        package = None
        while package is None:
            try:
                package = add_model(
                    export.weights,
                    new,
                    zoo=folder,
                    open_network=confined_network,
                    trust=TrustStore(),
                )
            except InvalidRequestError as error:
                # What the network itself leaves open is known when it was run.
                said = asked_for(error, said)
                new, said = described(export, weights, said)
    click.echo(f"{package} is written; check it with: zoobridge validate {package}")
    note(f"the same again: {repeated(weights, folder, said)}")
    if members or views == "8":
        _combine(package, members or (), rule=rule, views=views, server=server)
    if picture is not None:
        try_picture(package, picture)


def _combine(
    package: Path, members: Sequence[str], *, rule: RuleName, views: str, server: ServerOptions
) -> None:
    """Combine the new package with models of the zoo."""
    from zoobridge.zoo import read_package

    with tempfile.TemporaryDirectory(prefix="zoobridge-") as scratch:
        new = read_package(package, unpack_to=Path(scratch))
    with needs_extra("train", "combining models"), server.connect() as client:
        from zoobridge.training.served import TrainingZoo

        TrainingZoo(client, package.parent).wait_for(new.reference)
        made = combined(
            client,
            [new.reference, *members],
            name=f"{new.id} ensemble",
            zoo=package.parent,
            rule=rule,
            views=views,
            version=new.version or "1.0.0",
        )
    click.echo(made)


def _served_zoo(server: ServerOptions) -> Path:
    """Return the first zoo folder of the user's own server on this machine."""
    from zoobridge.errors import ServerUnavailableError

    hint = "name the zoo's folder with --zoo"
    try:
        with server.connect() as client:
            folders = client.info().zoo_folders
    except ServerUnavailableError as error:
        raise click.UsageError(f"{hint}, or start a server first ({error.message})") from error
    if not folders or not Path(folders[0]).is_dir():
        raise click.UsageError(f"{hint}; the server does not name a folder on this machine")
    return Path(folders[0])


@click.command()
@click.argument("package", type=click.Path(exists=True, path_type=Path))
@verbose_option
def validate(package: Path) -> None:
    """Check a model PACKAGE (folder or zip): its hashes, and each of its weights on test tensors.

    Prints the largest difference from the package's test output for each weights format, and
    between the formats; ends with code 1 if anything is wrong or out of tolerance. Weights that
    can run code are run only if you trust them.
    """
    with local_engine("validating") as engine, tempfile.TemporaryDirectory() as scratch:
        from zoobridge.engine import confined_network
        from zoobridge.zoo import TrustStore, validate_package

        report = validate_package(
            package,
            unpack_to=Path(scratch),
            open_network=confined_network,
            frameworks={state.name: state.facts for state in engine.frameworks()},
            confined=engine.confinement()[0] != "none",
            trust=TrustStore(),
        )
    _print_report(report)
    if not report.ok:
        problems = "; ".join(report.problems)
        raise click.ClickException(f"{package} is not in order: {problems}")
    click.echo(f"{report.model.reference} is in order")


def _print_report(report: ValidationReport) -> None:
    rows = [
        (
            one.weights.format,
            one.weights.framework,
            one.device,
            *_difference(one.difference),
            one.problem or "; ".join(part for part in (one.skipped, one.remedy) if part) or "good",
        )
        for one in report.weights
    ]
    if rows:
        table(("weights", "framework", "device", "largest difference", "relative", "state"), rows)
    between = [
        (first, second, *_difference(difference), "good" if difference.within else "too far apart")
        for (first, second), difference in (report.between or {}).items()
    ]
    if between:
        table(("weights", "against", "largest difference", "relative", "state"), between)
    for warning in report.model.warnings:
        note(f"warning: {warning}")


def _difference(difference: Difference | None) -> tuple[str, str]:
    if difference is None:
        return "", ""
    return f"{difference.absolute:.3g}", f"{difference.relative:.3g}"


@click.command()
@click.argument("package", metavar="PACKAGE|MODEL")
@click.option("--forget", is_flag=True, help="Stop trusting it.")
@server_options
def trust(package: str, forget: bool, server: ServerOptions) -> None:  # noqa: FBT001 - click passes it by name
    """Allow the weights of a PACKAGE (folder or zip), or of a MODEL of your server, to run code.

    Some formats run code as soon as they are loaded. Do this only for packages of people whom you
    would let work on this machine. Trust holds for the package's digest: you
    are asked again when the package changes.

    \b
    Examples:
      zoobridge trust zoo/my-model
      zoobridge trust my-model@1.0.0
      zoobridge trust my-model --forget
    """  # noqa: D301
    with needs_extra("server", "trusting a package"):
        from zoobridge.zoo import TrustStore
    digests, name = _digests(package, server)
    if not digests:
        raise InvalidRequestError(f"{name} has no weights that could be trusted")
    store = TrustStore()
    if forget:
        store.forget(digests)
    else:
        store.trust(digests, label=name)
    for digest, kind in digests.items():
        click.echo(f"{'no longer trusted' if forget else 'trusted'}: {kind} of {name}, {digest}")


def _digests(package: str, server: ServerOptions) -> tuple[dict[str, str], str]:
    """Return the format of each set of weights by its digest, and the model's name."""
    if os.sep in package or Path(package).exists():
        with needs_extra("server", "reading a package"), tempfile.TemporaryDirectory() as scratch:
            from zoobridge.zoo import read_package

            read = read_package(Path(package), unpack_to=Path(scratch))
        if read.problem and not read.weights:
            raise InvalidRequestError(f"{package}: {read.problem}")
        sound = [one for one in read.weights if one.digest and not one.problem]
        return {one.digest: one.format for one in sound}, read.reference
    with server.connect() as client:
        model = client.model(package)
    return {one.digest: one.format for one in model.weights if one.digest}, model.reference
