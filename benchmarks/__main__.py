"""``python -m benchmarks``: run the rows, and write the table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def main() -> None:
    """Run what is asked for."""
    from benchmarks._figures import Effort
    from benchmarks._report import Report, line
    from benchmarks._row import Bench
    from benchmarks.rows import ROWS

    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=names, help="a row; may be repeated")
    parser.add_argument("--quick", action="store_true", help="tiny and short: shows that it runs")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing: write the page of kept figures"
    )
    parser.add_argument("--cache", type=Path, default=PROJECT / "build" / "benchmarks")
    parser.add_argument("--page", type=Path, help="default: docs/performance.md")
    parser.add_argument("--raw", type=Path, help="default: build/benchmarks/figures.json")
    asked = parser.parse_args()
    effort = (
        Effort(rounds=2, seconds=0.1, warm_seconds=0.1, small=True) if asked.quick else Effort()
    )
    cache = asked.cache / "quick" if asked.quick else asked.cache
    # A quick run measures nothing, so it keeps away from the page.
    page = asked.page or (cache if asked.quick else PROJECT / "docs") / "performance.md"
    raw = asked.raw or cache / "figures.json"
    cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(effort, cache)
    report = Report(raw, ROWS)
    for row in ROWS:
        if not asked.render and (asked.only is None or row.name in asked.only):
            print(f"{row.name} …", file=sys.stderr, flush=True)
            figures = row.run(bench)
            report.add(row, figures)
            for figure in figures:
                print(line(figure), flush=True)
    report.write(page)


if __name__ == "__main__":
    main()
