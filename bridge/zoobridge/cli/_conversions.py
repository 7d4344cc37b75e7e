"""What was done to pictures before the model saw them, and what had to be assumed, in a few lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from zoobridge.cli._failure import option_for
from zoobridge.cli._screen import note, note_first

if TYPE_CHECKING:
    import click

    from zoobridge.client import Results

__all__ = ["Conversions"]


class Conversions:
    """Counts the conversions of a run, and keeps its notices: one of each picture and option."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._notices: dict[tuple[str, str], str] = {}

    def add(self, results: Results) -> None:
        """Count those of a picture."""
        for result in results:
            for one in result.conversions:
                self._kinds[one.kind] += 1
                if one.notice:
                    self._notices.setdefault((result.image, one.notice_field), one.notice)

    def show(self, ctx: click.Context) -> None:
        """Write them to the standard error, with the options that change what was assumed."""
        if self._kinds:
            kinds = ", ".join(f"{kind} ({count})" for kind, count in self._kinds.most_common())
            note(f"before the model saw them, items were converted: {kinds}")
        lines = []
        for (image, field), notice in self._notices.items():
            option = option_for(field, ctx)
            change = f"; change that with {option}" if option else ""
            lines.append(f"{image}: {notice}{change}")
        pictures = len({image for image, _ in self._notices})
        plural = "s" if pictures != 1 else ""
        note_first(
            f"notice: check what was assumed for {pictures} picture{plural}",
            lines,
            rest="--format jsonl",
        )
