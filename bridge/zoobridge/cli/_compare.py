"""``compare``: several models on labelled pictures, and a report of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from zoobridge.cli._failure import needs_extra
from zoobridge.cli._options import open_client, server_options
from zoobridge.cli._screen import note, table

__all__ = ["compare"]


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A folder with a sub-folder per class, or a CSV file of path,label.",
)
@click.option(
    "--report",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the report; a run that was interrupted goes on from what lies there.",
)
@click.option("--seed", default=0, show_default=True, help="Where the random numbers start.")
@server_options
def compare(models: tuple[str, ...], data: Path, report: Path, seed: int, **server: Any) -> None:
    """Compare each MODEL on labelled pictures, and write a report.

    MODEL is an id, or id:framework; an id alone stands for all frameworks that can run it.

    \b
    Examples:
      zoobridge compare digits --data pictures/digits --report out
      zoobridge compare digits:onnx digits:pytorch --data pictures.csv --report out
    """  # noqa: D301
    with needs_extra("evaluation", "comparing"):
        from zoobridge.evaluation import compare_runs, read_dataset, run_model, write_report

    dataset = read_dataset(data)
    with open_client(server) as client:
        wanted = []
        for model in models:
            name, _, framework = model.partition(":")
            ready = (framework,) if framework else client.model(name).frameworks or ("",)
            wanted += [(name, one) for one in ready]
        runs = []
        for name, framework in wanted:
            note(f"{name} with {framework}: {len(dataset.items)} pictures")
            runs.append(
                run_model(client, name, dataset, framework=framework, folder=report / "answers")
            )
    comparison = compare_runs(runs, seed=seed)
    command = shlex.join(["zoobridge", "compare", *models, "--data", str(data),
                          "--report", str(report), "--seed", str(seed)])  # fmt: skip
    path = write_report(comparison, dataset, report, command=command)
    rows = [
        (row.run.name, row.measures["accuracy"].value,
         f"{row.accuracy.low:.4f} to {row.accuracy.high:.4f}", len(row.run.failures) or None)
        for row in comparison.rows
    ]  # fmt: skip
    table(("model", "accuracy", "95 % interval", "not answered"), rows)
    note(f"report: {path}")
