"""The numbers in docs/evaluation.md are those of the demo zoo on its held-out pictures.

``ZOOBRIDGE_REWRITE=1 python -m pytest tests/evaluation/test_page.py`` writes them anew.
"""

import os
from pathlib import Path

from zoobridge.evaluation import evaluate

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"
BEGIN, END = "<!-- numbers: begin -->\n", "<!-- numbers: end -->\n"
MEASURES = ("accuracy", "balanced_accuracy", "f1_macro", "auroc", "log_loss", "ece")


def numbers(comparison):
    """The table of measures, the parity and the mistakes, as Markdown."""
    lines = ["| measure | " + " | ".join(row.run.name for row in comparison.rows) + " |"]
    lines.append("| --- |" + " --- |" * len(comparison.rows))
    for name in MEASURES:
        cells = [
            f"{row.measures[name].value:.3f} ({row.intervals[name].low:.3f} to "
            f"{row.intervals[name].high:.3f})"
            for row in comparison.rows
        ]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    assert all(one.difference < 1e-5 and one.answers == 0 for one in comparison.parity)
    outcomes = comparison.rows[0].outcomes
    wrong = [
        f"{outcomes.labels[outcomes.truth[place]]} as {outcomes.labels[outcomes.predicted[place]]}"
        for place in range(len(outcomes))
        if not outcomes.correct[place]
    ]
    return "\n".join(
        [
            *lines, "",
            f"In brackets: 95 % intervals. {len(outcomes)} pictures; taken for another digit: "
            f"{', '.join(wrong)}. The largest difference of a score between two frameworks is below "
            "0.00001.", "",
        ]
    )  # fmt: skip


def test_the_numbers_of_the_page_are_those_that_the_demo_gives(client, digits, tmp_path):
    comparison = evaluate(client, ["digits"], digits, folder=tmp_path, measures=MEASURES)
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    found = numbers(comparison)
    if os.environ.get("ZOOBRIDGE_REWRITE"):
        PAGE.write_text(f"{before}{BEGIN}{found}{END}{after}", "utf-8")
    else:
        assert written == found
