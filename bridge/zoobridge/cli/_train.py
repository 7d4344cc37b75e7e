"""``train``: a classifier from one's own pictures."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoobridge.cli._ensemble import combined, rule_option, views_option
from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import ServerOptions, server_options
from zoobridge.cli._parameters import NAMES
from zoobridge.cli._screen import note, note_first, progress_bar, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zoobridge.training import Fitted, Found, Published, TrainingProject
    from zoobridge.training.ensemble import RuleName
    from zoobridge.training.improve import MethodName

__all__ = ["train"]


@click.command()
@click.argument(
    "folder", type=click.Path(exists=True, path_type=Path), metavar="[FOLDER]", required=False
)
@click.option("--name", required=True, help="Name of the model, from which its id is derived.")
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A table (CSV, Parquet) with the columns path and label, in place of FOLDER.",
)
@click.option(
    "--group-by",
    metavar="picture|parent|prefix:REGEX|column:NAME",
    help="What must not be split between training and test: pictures, folders, a part of the "
    "file's name (a plate, a patient), or a column of the table.  [default: the table's column "
    "group, else picture]",
)
@click.option(
    "--unlabelled",
    type=click.Path(exists=True, path_type=Path),
    help="A folder of further pictures without labels, to improve the model with. Needs 10 labelled "
    "pictures a class; with fewer, they lowered the accuracy in our measurements.",
)
@click.option(
    "--improve",
    type=click.Choice(["data", "model", "self"]),
    default="data",
    show_default=True,
    help="How --unlabelled pictures get classes: those that the model is sure of in all their flips and "
    "turns (data distillation), that several models are sure of (model distillation), or that it is sure "
    "of as they are (self-training). Measured with 10 labels a class on white blood cells: data +1.5 ± 1.8 "
    "points, self +0.3 ± 2.3, model -0.9 ± 1.5; with 5 labels none gained.",
)
@click.option(
    "--rivals",
    is_flag=True,
    help="Try a linear SVM, a random forest and features made by hand (HOG, LBP, GLCM, colour) too. "
    "The SVM is taken if it is significantly better; the others are compared only, since not all "
    "frameworks can compute them.",
)
@views_option(
    "What the model looks at: a picture as it is, or the mean of its 8 flips and turns. On white "
    "blood cells 8 gained .012 with 5 labels a class and nothing with 10; an answer takes 8 times as "
    "long."
)
@click.option(
    "--members",
    type=NAMES,
    metavar="MODEL,…",
    help="Models of the zoo with the same classes. A second package, NAME ensemble, combines them with the "
    "new model; see zoobridge ensemble.",
)
@rule_option
@click.option(
    "--report", type=click.Path(file_okay=False, path_type=Path), help="Folder for a report."
)
@click.option("--json", "as_json", is_flag=True, help="Write the figures as JSON.")
@click.option("--author", "authors", multiple=True, help="Author of the model. May be repeated.")
@click.option("--license", "license_id", default="", help="SPDX identifier, such as CC-BY-4.0.")
@click.option(
    "--without-embeddings",
    is_flag=True,
    help="Leave the training pictures' embeddings out of the package. They say something of the "
    "pictures; without them answers carry no novelty.",
)
@click.option("--dry-run", is_flag=True, help="Measure, but do not publish.")
@click.option(
    "--zoo",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the zoo.  [default: the server's first]",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of all random numbers.")
@server_options
@click.pass_context
def train(
    ctx: click.Context,
    /,
    folder: Path | None,
    name: str,
    labels: Path | None,
    group_by: str | None,
    unlabelled: Path | None,
    improve: MethodName,
    rivals: bool,  # noqa: FBT001 - click passes it by name
    views: str,
    members: tuple[str, ...] | None,
    rule: RuleName,
    report: Path | None,
    as_json: bool,  # noqa: FBT001
    authors: tuple[str, ...],
    license_id: str,
    without_embeddings: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    zoo: Path | None,
    seed: int,
    server: ServerOptions,
) -> None:
    """Train a classifier on labelled pictures, and add it to the zoo.

    FOLDER has a folder of pictures for each class. The pictures stay where and as they are. The
    model is fitted on what EfficientNet-Lite0 sees in them, and measured on pictures that it was
    not fitted on: balanced accuracy with its interval, and which classes it confuses. Then it is a
    package of the zoo, which the running server serves at once, for every framework.

    Ctrl-C keeps what is done; run the same command to continue. Trained again with other pictures, the
    model becomes a new version.

    \b
    Examples:
      zoobridge train cells/ --name "My cells"
      zoobridge train cells/ --name "My cells" --group-by "prefix:(plate[0-9]+)" --report report/
      zoobridge train --labels cells.csv --name "My cells" --group-by column:patient
    """  # noqa: D301
    if (folder is None) == (labels is None):
        raise click.UsageError("give a FOLDER with a folder per class, or a table (--labels)")
    source = folder if folder is not None else labels
    assert source is not None  # noqa: S101 - one of the two is given
    with needs_extra("train", "training"):
        from zoobridge.training import Recipe, TrainingProject, parse_group_rule
    grouping = None if group_by is None else parse_group_rule(group_by)
    with (
        server.connect() as client,
        TrainingProject(
            name, client=client, zoo=zoo, recipe=Recipe(seed=seed, views=8 if views == "8" else 1)
        ) as project,
    ):
        try:
            with _steps() as on_step:
                found = project.annotate_folder(
                    source, group_by=grouping, replace=True, on_step=on_step
                )
                _tell_found(project, found)
                fitted = project.fit(
                    rivals=rivals, unlabelled=unlabelled or (), improve=improve, on_step=on_step
                )
            _tell_left_out(project)
            record = project.report(report)
            published = None
            if not dry_run:
                note("writing the package")
                published = project.publish(
                    authors=authors, license_id=license_id, reference=not without_embeddings
                )
                if members:
                    # Standard output may be JSON.
                    note(
                        combined(
                            client,
                            [published.reference, *members],
                            name=f"{name} ensemble",
                            zoo=zoo,
                            rule=rule,
                            views="1",
                            version=published.version,
                        )
                    )
        except KeyboardInterrupt:
            note("stopped; what is done is kept. Run the same command to continue.")
            ctx.exit(130)
    if as_json:
        record["model"] = None if published is None else published.reference
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        _print_figures(fitted)
        _print_rivals(fitted)
    _tell_end(fitted, published, report)


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar where there is a screen, else a line for each stage."""
    bar = progress_bar()
    if bar is None:
        told: set[str] = set()

        def tell(stage: str, _: int, total: int) -> None:
            if stage not in told:
                told.add(stage)
                note(f"{stage}: {total}")

        yield tell
        return
    with bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


def _tell_found(project: TrainingProject, found: Found) -> None:
    counts: dict[str, int] = {}
    for annotation in project.annotations:
        counts[annotation.label] = counts.get(annotation.label, 0) + 1
    groups = len({annotation.group for annotation in project.annotations})
    classes = ", ".join(f"{label} ({count})" for label, count in sorted(counts.items()))
    note(f"{len(counts)} classes in {groups} groups: {classes}")
    note_first(
        f"{len(found.left_out)} files were left out",
        [f"{name}: {reason}" for name, reason in found.left_out],
        rest="the folder",
    )


def _tell_left_out(project: TrainingProject) -> None:
    note_first(
        f"{len(project.left_out)} pictures could not be used",
        [f"{name}: {reason}" for name, reason in project.left_out],
        rest="the report (--report)",
    )


def _print_figures(fitted: Fitted) -> None:
    low, high = fitted.interval
    labels = fitted.examples.labels
    click.echo(
        f"balanced accuracy {fitted.balanced_accuracy:.3f} (95 % interval {low:.3f} to {high:.3f}; "
        f"chance {1 / len(labels):.3f}), on pictures that the model had not seen"
    )
    rows = []
    for one, counts in zip(fitted.classes, fitted.tested.confusion, strict=True):
        recall = "" if one.recall is None else f"{one.recall:.2f}"
        rows.append([one.label, one.items, recall, *(f"{count:.1f}" for count in counts)])
    table(
        ["class", "pictures", "recall", *(f"→ {label}" for label in labels)],
        rows,
        caption="rows: annotated; → : answered, mean of the repeats",
    )


def _print_rivals(fitted: Fitted) -> None:
    if fitted.rivals:
        table(
            ["rival", "balanced accuracy", "p"],
            [
                [one.name.replace("_", " "), f"{one.balanced_accuracy:.3f}", f"{one.p_value:.2g}"]
                for one in fitted.rivals
            ],
            caption=f"taken: {fitted.recipe.head.replace('_', ' ')}",
        )


def _tell_end(fitted: Fitted, published: Published | None, report: Path | None) -> None:
    names = fitted.examples.names
    note_first(
        f"{fitted.duplicates.total} pairs of pictures look the same; none is split between training and "
        "test",
        [
            f"{names[pair.first]} and {names[pair.second]}"
            + (" (of different classes)" if pair.contradicting else "")
            for pair in fitted.duplicates.pairs
        ],
        rest="the report (--report)",
    )
    note_first(
        f"{len(fitted.doubts)} labels are doubtful",
        [f"{names[one.item]}: rather {one.suggested}" for one in fitted.doubts],
        rest="the report (--report)",
    )
    for sentence in (*fitted.improvement, *fitted.cautions):
        note(sentence)
    if report is not None:
        note(f"the report is {report / 'report.html'}")
    if published is not None:
        note(
            f"{published.reference} is in the zoo ({', '.join(published.formats)}); "
            f"try: zoobridge classify {published.id} PICTURE"
        )
