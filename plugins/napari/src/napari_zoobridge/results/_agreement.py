"""Answers of several models to the same items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from napari_zoobridge.results._records import Record
from napari_zoobridge.targets import Item

__all__ = ["ComparedItem", "agreement", "compare"]


@dataclass(frozen=True)
class ComparedItem:
    """One item and the answers to it.

    Parameters
    ----------
    item
        The item.
    answers
        Record by the name of the model that gave it, in the order in which they were asked;
        a model that did not answer is missing.
    """

    item: Item
    answers: Mapping[str, Record]

    @property
    def labels(self) -> tuple[str, ...]:
        """The best classes of those that answered without an error."""
        return tuple(record.label for record in self.answers.values() if record.label is not None)

    @property
    def agrees(self) -> bool | None:
        """Whether all answers name the same class; `None` with fewer than two answers."""
        labels = self.labels
        return None if len(labels) < 2 else len(set(labels)) == 1

    @property
    def majority(self) -> str | None:
        """The class that most models name; `None` where two share the first place."""
        counts: dict[str, int] = {}
        for label in self.labels:
            counts[label] = counts.get(label, 0) + 1
        ranked = sorted(counts.items(), key=lambda entry: -entry[1])
        if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return None
        return ranked[0][0]


def compare(answers: Mapping[str, Sequence[Record]]) -> list[ComparedItem]:
    """Join the results of several models item by item.

    Parameters
    ----------
    answers
        Results by the name of the model, all for items of one plan.

    Returns
    -------
    list of ComparedItem
        In the items' order.
    """
    items: dict[tuple[int, ...], Item] = {}
    found: dict[tuple[int, ...], dict[str, Record]] = {}
    for name, records in answers.items():
        for record in records:
            key = record.item.order
            items.setdefault(key, record.item)
            found.setdefault(key, {})[name] = record
    return [
        ComparedItem(items[key], {name: found[key][name] for name in answers if name in found[key]})
        for key in sorted(items)
    ]


def agreement(compared: Sequence[ComparedItem]) -> dict[tuple[str, str], float]:
    """Return, for each pair of models, the share of items on which they agree.

    Parameters
    ----------
    compared
        The joined results.

    Returns
    -------
    dict
        A number from 0 to 1 by the pair of names; items that one of the two did not answer do
        not count, and a pair without a common item is missing.
    """
    names = list(dict.fromkeys(name for item in compared for name in item.answers))
    rates: dict[tuple[str, str], float] = {}
    for first, second in combinations(names, 2):
        pairs = [
            (item.answers[first].label, item.answers[second].label)
            for item in compared
            if first in item.answers and second in item.answers
        ]
        both = [pair for pair in pairs if None not in pair]
        if both:
            rates[first, second] = sum(a == b for a, b in both) / len(both)
    return rates
