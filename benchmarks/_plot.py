"""The figures as a picture: how each stands to its target, as an SVG of plain lines."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks._figures import Figure

__all__ = ["plot"]

_WIDTH = 900
_LEFT = 470
_RIGHT = 880
_STEP = 22
_TOP = 50
_LEAST, _MOST = 0.25, 4.0


def plot(figures: Sequence[Figure]) -> str:
    """Draw a dot for each figure that has a target, and a line over its rounds.

    To the right of the middle line the target is reached. The scale is logarithmic: one step to the
    right is twice as good as it must be. What lies outside is drawn at the edge.
    """
    aimed = [figure for figure in figures if figure.target is not None]
    height = _TOP + _STEP * len(aimed) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for mark, name in (
        (0.25, "¼"),
        (0.5, "½"),
        (1.0, "the target"),
        (2.0, "2 ×"),
        (4.0, "4 × as good"),
    ):
        x = _place(mark)
        shade = "#444" if mark == 1 else "#ddd"
        parts.append(
            f'<line x1="{x}" y1="{_TOP - 14}" x2="{x}" y2="{height - 14}" stroke="{shade}"/>'
        )
        parts.append(f'<text x="{x}" y="{_TOP - 22}" text-anchor="middle">{name}</text>')
    for number, figure in enumerate(aimed):
        y = _TOP + _STEP * number
        marks = [_standing(figure, value) for value in figure.values]
        colour = "#2b7a3d" if figure.reached else "#b8432f"
        parts += [
            f'<text x="{_LEFT - 25}" y="{y + 4}" text-anchor="end">{escape(figure.measure)}</text>',
            f'<line x1="{_place(min(marks))}" y1="{y}" x2="{_place(max(marks))}" y2="{y}" '
            f'stroke="{colour}" stroke-width="2"/>',
            f'<circle cx="{_place(_standing(figure, figure.value))}" cy="{y}" r="5" fill="{colour}"/>',
        ]
    return "\n".join((*parts, "</svg>", ""))


def _standing(figure: Figure, value: float) -> float:
    """Return how many times as good as its target a value is; what is negative beats any target."""
    assert figure.target is not None
    bound = figure.target.bound
    if figure.target.least:
        return value / bound
    return bound / value if value > 0 else math.inf


def _place(standing: float) -> float:
    kept = min(max(standing, _LEAST), _MOST)
    share = (math.log(kept) - math.log(_LEAST)) / (math.log(_MOST) - math.log(_LEAST))
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)
