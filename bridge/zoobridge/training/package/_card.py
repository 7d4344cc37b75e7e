"""The model card: what a package's README says of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoobridge.training._fitted import Fitted

__all__ = ["model_card"]

_COPIES: Final = {
    "eight": "all eight flips and turns of each picture",
    "mirror": "each picture and its mirror image",
    "one": "the unchanged pictures",
}


def model_card(name: str, fitted: Fitted, *, reference: bool) -> str:
    """Return the card as Markdown (Mitchell et al., Model Cards for Model Reporting, 2019).

    Parameters
    ----------
    name
        Of the model.
    fitted
        The model.
    reference
        Whether the package holds the training pictures' embeddings.
    """
    low, high = fitted.interval
    labels = fitted.examples.labels
    chance = 1 / len(labels)
    groups = len(set(fitted.examples.groups.tolist()))
    lines = [
        f"# {name}",
        "",
        f"Distinguishes {len(labels)} classes: {', '.join(labels)}. EfficientNet-Lite0 gives an "
        f"embedding of a picture, and a {fitted.recipe.head.replace('_', ' ')} head on it the class.",
        "",
        "## How good it is",
        "",
        f"- Balanced accuracy on pictures that it had not seen: **{fitted.balanced_accuracy:.3f}** "
        f"(95 % interval {low:.3f} to {high:.3f}; chance {chance:.3f})",
        f"- Accuracy: {fitted.tested.accuracy:.3f} (always answering the commonest class: "
        f"{fitted.majority_rate:.3f})",
        f"- Trained on {len(fitted.examples)} pictures or regions in {groups} groups; "
        f"{fitted.recipe.repeats} × {fitted.tested.folds}-fold cross-validation that never divides a "
        "group; the interval is Nadeau and Bengio's corrected t",
        f"- Probabilities are calibrated (temperature {fitted.temperature:.2f}); expected calibration "
        f"error {fitted.calibration_error:.3f}",
    ]
    lines.append(f"- Fitted on {_COPIES[fitted.recipe.copies]}")
    if fitted.recipe.views > 1:
        lines.append("- An answer is that to the mean of the picture's eight flips and turns")
    if len(fitted.shuffled):
        lines.append(
            f"- With shuffled classes it reaches {fitted.shuffled.mean():.3f}, where chance is "
            f"{chance:.3f}"
        )
    lines += ["", "| class | annotated | groups | recall |", "| --- | --- | --- | --- |"]
    for one in fitted.classes:
        recall = "too few groups" if one.recall is None else f"{one.recall:.2f}"
        lines.append(f"| {_cell(one.label)} | {one.items} | {one.groups} | {recall} |")
    lines += ["", "Answers (columns) for each class (rows), out of fold:", ""]
    lines += ["| | " + " | ".join(map(_cell, labels)) + " |", "| --- " * (len(labels) + 1) + "|"]
    for label, row in zip(labels, fitted.tested.confusion, strict=True):
        lines.append(f"| {_cell(label)} | " + " | ".join(f"{value:.1f}" for value in row) + " |")
    if fitted.cautions:
        lines += ["", "## Cautions", "", *(f"- {caution}." for caution in fitted.cautions)]
    lines += [
        "",
        "## What its answers carry",
        "",
        f"- A prediction set that holds the true class in {fitted.recipe.coverage:.0%} of pictures "
        "like the training pictures",
    ]
    if reference:
        lines.append(
            f"- Novelty: the mean cosine distance to the {fitted.recipe.neighbours} nearest training "
            f"pictures; above {fitted.novelty_threshold:.3f} a picture is unlike them, and its label "
            "is not to be relied on. A perfect distinction says another microscope or stain; a new "
            "kind of object of the same set may stay unnoticed"
        )
    else:
        lines.append(
            "- No novelty: the embeddings of the training pictures were left out, since they say "
            "something of the pictures"
        )
    lines += [
        "",
        "## What it is not for",
        "",
        "Pictures of another laboratory, stain, magnification or scale than those it was trained on, "
        "and any diagnosis.",
        "",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
