"""Charts of a report, drawn as SVG inside the page."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.evaluation.comparison._statistics import Interval

__all__ = ["calibration_chart", "cost_chart", "forest_chart"]

_INK, _LINE, _GRID = "#1f5fa8", "#666", "#ddd"


def forest_chart(values: Sequence[tuple[float, Interval | None]], *, best: float) -> list[str]:
    """Return for each value a bar with its interval, all on one scale.

    Parameters
    ----------
    values
        Value and interval of each row.
    best
        The value that a perfect classifier has; the scale ends there.
    """
    ends = [end for value, interval in values for end in _ends(value, interval)]
    low, high = min([*ends, best]), max([*ends, best])
    pad = 0.05 * ((high - low) or 1)
    width = 150

    def place(value: float) -> float:
        return 6 + (width - 12) * (value - low + pad) / (high - low + 2 * pad)

    charts = []
    for value, interval in values:
        first, last = _ends(value, interval)
        charts.append(
            f'<svg width="{width}" height="18" role="img" aria-label="{value:.4f}">'
            f'<path d="M{place(best):.1f} 0V18" stroke="{_GRID}" stroke-width="2"/>'
            f'<path d="M{place(first):.1f} 9H{place(last):.1f}" stroke="{_INK}" stroke-width="2"/>'
            f'<circle cx="{place(value):.1f}" cy="9" r="4" fill="{_INK}"/></svg>'
        )
    return charts


def _ends(value: float, interval: Interval | None) -> tuple[float, float]:
    return (value, value) if interval is None else (interval.low, interval.high)


def calibration_chart(parts: Sequence[tuple[float, float, int]]) -> str:
    """Return accuracy against confidence; the area of a point grows with its number of answers."""
    side, left, top = 200, 58, 12
    most = max(count for _, _, count in parts)
    drawn = [
        f'<svg width="{left + side + 20}" height="{side + 56}" role="img" aria-label="calibration curve">',
        f'<path d="M{left} {top + side}L{left + side} {top}" stroke="#999" stroke-dasharray="4 3"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = left + side * share, top + side * (1 - share)
        drawn.append(
            f'<path d="M{left} {y}H{left + side}M{x} {top}V{top + side}" stroke="{_GRID}"/>'
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{share:g}</text>'
            f'<text x="{x}" y="{top + side + 16}" text-anchor="middle">{share:g}</text>'
        )
    points = [(left + side * sure, top + side * (1 - right), n) for sure, right, n in parts]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in points)
    drawn.append(f'<path d="M{line}" fill="none" stroke="{_INK}" stroke-width="1.5"/>')
    drawn += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2.5 + 6 * math.sqrt(count / most):.1f}" '
        f'fill="{_INK}" fill-opacity=".75"><title>{count} answers</title></circle>'
        for x, y, count in points
    ]
    drawn += [
        f'<text x="{left + side / 2}" y="{top + side + 36}" text-anchor="middle">confidence</text>',
        f'<text transform="translate(12 {top + side / 2}) rotate(-90)" text-anchor="middle">'
        "share that is right</text></svg>",
    ]
    return "".join(drawn)


def cost_chart(points: Sequence[tuple[int, float, float, Interval | None]], *, measure: str) -> str:
    """Return a measure against the median latency on a logarithmic scale.

    Parameters
    ----------
    points
        Place in the ranking, seconds, value and interval of each row.
    measure
        What the value is.
    """
    width, height, left, top = 560, 240, 64, 12
    times = [seconds for _, seconds, _, _ in points]
    first, last = math.log10(min(times)) - 0.15, math.log10(max(times)) + 0.15
    ends = [end for _, _, value, interval in points for end in _ends(value, interval)]
    low, high = min(ends), max(ends)
    pad = 0.08 * ((high - low) or 0.1)
    low, high = low - pad, high + pad

    def across(seconds: float) -> float:
        return left + width * (math.log10(seconds) - first) / (last - first)

    def up(value: float) -> float:
        return top + height * (high - value) / (high - low)

    drawn = [
        f'<svg width="{left + width + 20}" height="{top + height + 48}" role="img" '
        f'aria-label="{escape(measure)} against latency">',
        f'<path d="M{left} {top}V{top + height}H{left + width}" fill="none" stroke="{_LINE}"/>',
    ]
    for tick in _ticks(low, high):
        y = up(tick)
        drawn.append(
            f'<path d="M{left} {y:.1f}H{left + width}" stroke="{_GRID}"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:.4g}</text>'
        )
    for seconds in _log_ticks(10**first, 10**last):
        x = across(seconds)
        drawn.append(
            f'<path d="M{x:.1f} {top + height}v5" stroke="{_LINE}"/>'
            f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{1000 * seconds:g}</text>'
        )
    for rank, seconds, value, interval in points:
        x = across(seconds)
        bottom, ceiling = _ends(value, interval)
        drawn.append(
            f'<path d="M{x:.1f} {up(bottom):.1f}V{up(ceiling):.1f}" stroke="{_INK}" stroke-opacity=".5"/>'
            f'<circle cx="{x:.1f}" cy="{up(value):.1f}" r="9" fill="{_INK}" stroke="#fff"/>'
            f'<text x="{x:.1f}" y="{up(value) + 4:.1f}" text-anchor="middle" fill="#fff">{rank}</text>'
        )
    drawn.append(
        f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">'
        "median latency of one picture, ms</text>"
        f'<text transform="translate(14 {top + height / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(measure)}</text></svg>"
    )
    return "".join(drawn)


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [factor * 10**power for power in powers for factor in (1, 2, 3, 5, 7)]
    return [tick for tick in ticks if low <= tick <= high]
