"""Studies of human judges: pairs shown blindly, and what was chosen."""

from __future__ import annotations

import csv
import io
import json
import random
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import InvalidRequestError, LimitError, UnknownModelError
from zoobridge.files import write_whole
from zoobridge.web._agreement import binomial_interval, binomial_test, cohen_kappa, fleiss_kappa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Studies", "Study", "StudyItem"]

_STUDIES: Final = 1_000
_JUDGES: Final = 100
_NAME: Final = 60
_CHOICES: Final = {"left", "right", "equal"}


@dataclass(frozen=True)
class StudyItem:
    """What is judged: one picture with two answers, or two pictures.

    Parameters
    ----------
    name
        The picture's name, for the table; never shown to judges.
    a, b
        What the sides show: ``picture``, a file in the study's folder, and ``answers``, pairs of
        label and score.
    """

    name: str
    a: dict[str, Any]
    b: dict[str, Any]


@dataclass(frozen=True)
class Study:
    """Two sets, judged item by item.

    Parameters
    ----------
    id
        Unguessable; anyone who has it may judge.
    owner
        Anyone who has it may see the verdict.
    title, a, b
        For people; judges see the title only.
    seed
        What order and sides depend on, with the judge's name.
    items
        The pairs.
    folder
        Where it is kept.
    """

    id: str
    owner: str
    title: str
    a: str
    b: str
    seed: str
    items: tuple[StudyItem, ...]
    folder: Path
    votes: dict[str, dict[int, str]] = field(default_factory=dict)

    def order(self, judge: str) -> list[tuple[int, bool]]:
        """Return the items in a judge's order, and whether A stands on the left."""
        # The same for the same judge, so that judging is resumed where it was left.
        chance = random.Random(f"{self.seed}:{judge}")  # noqa: S311 - balance, not secrecy
        places = list(range(len(self.items)))
        chance.shuffle(places)
        return [(place, chance.random() < 0.5) for place in places]

    def place(self, judge: str, number: int) -> tuple[StudyItem, bool, int]:
        """Return an item of a judge's order, whether A is on the left, and its index.

        Raises
        ------
        InvalidRequestError
            If the study has no such item.
        """
        if not 0 <= number < len(self.items):
            raise InvalidRequestError(f"the study has {len(self.items)} items")
        index, flipped = self.order(judge)[number]
        return self.items[index], flipped, index

    def state(self, judge: str) -> dict[str, Any]:
        """Return how far a judge is."""
        given = self.votes.get(judge, {})
        waiting = [
            number for number, (index, _) in enumerate(self.order(judge)) if index not in given
        ]
        return {
            "title": self.title,
            "total": len(self.items),
            "done": len(given),
            "next": waiting[0] if waiting else None,
        }

    def vote(self, judge: str, number: int, choice: str) -> None:
        """Note a choice; a later one for the same item takes its place.

        Raises
        ------
        InvalidRequestError
            If it is no choice, or no item, or the judge has no name.
        """
        if choice not in _CHOICES or not judge:
            raise InvalidRequestError("give your name, and choose left, right or equal")
        if judge not in self.votes and len(self.votes) >= _JUDGES:
            raise LimitError(f"a study may have {_JUDGES} judges")
        _, a_left, index = self.place(judge, number)
        chosen = choice if choice == "equal" else "a" if (choice == "left") == a_left else "b"
        line = {
            "judge": judge, "item": index, "chosen": chosen, "a_left": a_left, "at": time.time(),
        }  # fmt: skip
        with (self.folder / "votes.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.votes.setdefault(judge, {})[index] = chosen

    def verdict(self) -> dict[str, Any]:
        """Return what the judges say, and how far they agree.

        An item counts once, as most of its judges chose; a tie counts as equal. So items are
        independent, whatever the number of judges.
        """
        by_item: dict[int, list[str]] = {}
        for given in self.votes.values():
            for index, chosen in given.items():
                by_item.setdefault(index, []).append(chosen)
        majority = [_most(choices) for choices in by_item.values()]
        for_a, for_b = majority.count("a"), majority.count("b")
        low, high = binomial_interval(for_a, for_a + for_b)
        return {
            "a": self.a,
            "b": self.b,
            "items": len(self.items),
            "judged": len(by_item),
            "for_a": for_a,
            "for_b": for_b,
            "equal": majority.count("equal"),
            "share_a": for_a / (for_a + for_b) if for_a + for_b else None,
            "low": low,
            "high": high,
            "p_value": binomial_test(for_a, for_a + for_b),
            "judges": [
                {"judge": judge, "votes": len(given),
                 **{one: list(given.values()).count(one) for one in ("a", "b", "equal")}}
                for judge, given in self.votes.items()
            ],
            "cohen": _pairs(self.votes),
            "fleiss": _together(self.votes),
        }  # fmt: skip

    def table(self) -> str:
        """Return every vote as CSV."""
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["item", "picture", "judge", "left", "right", "chosen"])
        words = {"a": self.a, "b": self.b, "equal": "equal"}
        for judge, given in self.votes.items():
            sides = dict(self.order(judge))
            for index, chosen in sorted(given.items()):
                left, right = (self.a, self.b) if sides[index] else (self.b, self.a)
                row = [index + 1, self.items[index].name, judge, left, right, words[chosen]]
                writer.writerow([_plain(cell) for cell in row])
        return file.getvalue()


class Studies:
    """All studies, kept in a folder.

    Parameters
    ----------
    folder
        Made when the first study is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._studies: dict[str, Study] = {}

    def create(
        self, title: str, a: str, b: str, items: Sequence[StudyItem], files: Mapping[str, Path]
    ) -> Study:
        """Keep a new study.

        Parameters
        ----------
        title, a, b, items
            As in :class:`Study`.
        files
            The pictures that items name, by that name; they are copied.
        """
        if not items:
            raise InvalidRequestError("nothing to judge; add pictures")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(1 for _ in self._folder.iterdir()) >= _STUDIES:
            raise LimitError(f"{_STUDIES} studies are kept; remove some from {self._folder}")
        number = secrets.token_urlsafe(12)
        study = Study(
            number, secrets.token_urlsafe(12), title[:_NAME], a, b, secrets.token_hex(8),
            tuple(items), self._folder / number,
        )  # fmt: skip
        study.folder.mkdir(mode=0o700)
        for name, path in files.items():
            shutil.copyfile(path, study.folder / name)
        record = {
            "id": study.id, "owner": study.owner, "title": study.title, "a": a, "b": b,
            "seed": study.seed, "items": [asdict(item) for item in items],
        }  # fmt: skip
        write_whole(study.folder / "study.json", json.dumps(record), private=True)
        self._studies[number] = study
        return study

    def get(self, number: str) -> Study:
        """Return a study.

        Raises
        ------
        UnknownModelError
            If there is none of that id.
        """
        if number not in self._studies:
            folder = self._folder / number
            # The id is looked up among what is there, never joined to a path unseen.
            known = {one.name for one in self._folder.iterdir()} if self._folder.is_dir() else set()
            if number not in known:
                raise UnknownModelError("unknown study; ask for its address again")
            self._studies[number] = _read(folder)
        return self._studies[number]


def _read(folder: Path) -> Study:
    record = json.loads((folder / "study.json").read_text("utf-8"))
    items = tuple(StudyItem(**one) for one in record.pop("items"))
    study = Study(**record, items=items, folder=folder)
    votes = folder / "votes.jsonl"
    for line in votes.read_text("utf-8").splitlines() if votes.exists() else ():
        one = json.loads(line)
        study.votes.setdefault(one["judge"], {})[one["item"]] = one["chosen"]
    return study


def _most(choices: Sequence[str]) -> str:
    for_a, for_b = choices.count("a"), choices.count("b")
    equal = choices.count("equal")
    if for_a > max(for_b, equal):
        return "a"
    return "b" if for_b > max(for_a, equal) else "equal"


def _pairs(votes: Mapping[str, Mapping[int, str]]) -> list[dict[str, Any]]:
    judges = list(votes)
    found = []
    for place, one in enumerate(judges):
        for other in judges[place + 1 :]:
            common = sorted(votes[one].keys() & votes[other].keys())
            kappa = cohen_kappa([votes[one][i] for i in common], [votes[other][i] for i in common])
            found.append({"first": one, "second": other, "items": len(common), "kappa": kappa})
    return found


def _together(votes: Mapping[str, Mapping[int, str]]) -> dict[str, Any] | None:
    if len(votes) < 2:
        return None
    common = set.intersection(*(set(given) for given in votes.values()))
    items = [[given[index] for given in votes.values()] for index in sorted(common)]
    return {"items": len(items), "judges": len(votes), "kappa": fleiss_kappa(items)}


def _plain(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" else cell
