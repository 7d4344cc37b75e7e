"""Class names out of label files of whatever form: understood, or refused with what is wrong.

Nothing is guessed. Where a file holds indices they decide the order, and must count the classes
from 0 or from 1 without a gap; where two readings are possible the file is refused.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._library import parse_yaml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_distinct", "names_of", "read_label_file", "shown_labels"]

_BYTES = 16 << 20
_ADVICE = "write one name a line, in UTF-8, or a JSON list of names"
# Keys of documents that hold names beside other things: Transformers, YOLO, fastai, and others.
_LISTS = ("id2label", "label2id", "names", "labels", "classes", "class_names", "categories")
_NAME_WORDS = ("name", "label", "class", "class_name", "classname", "label_name", "display_name")
_INDEX_WORDS = ("index", "idx", "id", "class_id", "label_id", "class_index", "number", "no", "#")
_SYNSET = re.compile(r"n\d{8}")
_NUMBER = re.compile(r"\d+")
# Index first: `0 cat`, `0: cat`, `0,cat`, `0) cat`; index last: `cat 0`, `cat: 0`, `cat,0`.
_INDEX_FIRST = re.compile(r"(\d+)(?:\s*[:=,;|)\t]\s*|\s+-\s+|\.\s+|\s+)(\S.*)")
_INDEX_LAST = re.compile(r"(.*\S)(?:\s*[:=,;|\t]\s*|\s+)(\d+)")
_QUOTED = re.compile(r"""(["']).*\1,?""")


class _UnclearError(ValueError):
    """Why a file is refused, as the end of a sentence."""


def read_label_file(path: Path) -> tuple[str, ...]:
    """Read class names from a file.

    Text holds one name a line, alone or with its index before or behind it, or an ImageNet synset
    before it; tables (CSV, TSV, semicolons) the same in columns, with or without a header; JSON, YAML
    and Python literals a list of names, pairs or objects, or a mapping between numbers and names, as
    it is or under a key such as ``id2label`` or ``names``.

    Parameters
    ----------
    path
        The file, in UTF-8 or, with a byte order mark, UTF-16.

    Returns
    -------
    tuple of str
        Without surrounding blanks, in order of the classes.

    Raises
    ------
    PackageFault
        If it cannot be understood; the message quotes what cannot.
    """
    try:
        if path.stat().st_size > _BYTES:
            raise PackageFault(f"the label file {path.name} is larger than 16 MiB")
        text = _decoded(path.read_bytes())
        names = [name.strip() for name in _names(text, path.suffix.lower())]
        if not names:
            raise PackageFault(f"the label file {path.name} is empty; write one name a line")
        if "" in names:
            raise _UnclearError(f"class {names.index('')} has no name")
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError, csv.Error) as error:
        why = str(error) or type(error).__name__
        raise PackageFault(
            f"the label file {path.name} cannot be read: {why}; {_ADVICE}"
        ) from error
    return tuple(names)


def names_of(document: object) -> list[str]:
    """Return the class names in a parsed document, such as a list or ``{"id2label": …}``.

    Raises
    ------
    PackageFault
        If it cannot be understood.
    """
    try:
        return _from_document(document)
    except _UnclearError as error:
        raise PackageFault(f"the class names cannot be understood: {error}") from error


def check_distinct(names: Sequence[str]) -> None:
    """Check that no two classes have one name.

    Raises
    ------
    PackageFault
        If two have.
    """
    places: dict[str, int] = {}
    for index, name in enumerate(names):
        first = places.setdefault(name, index)
        if first != index:
            raise PackageFault(
                f"classes {first} and {index} are both called '{name}'; give each class a name of "
                "its own"
            )


def shown_labels(names: Sequence[str]) -> str:
    """Write what was understood: ``3 classes: 0 cat, 1 dog, 2 owl``."""
    shown = [f"{index} {name}" for index, name in enumerate(names)]
    if len(shown) > 12:
        shown = [*shown[:10], "…", shown[-1]]
    return f"{len(names)} class{'es' * (len(names) != 1)}: {', '.join(shown)}"


def _decoded(data: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _UnclearError(f"line {line} is not UTF-8") from error


def _names(text: str, suffix: str) -> list[str]:
    content = text.strip()
    if suffix in (".yaml", ".yml"):
        return _from_document(parse_yaml(text, "it"))
    # Python writes `classes = [...]`.
    literal = re.sub(r"^\w+\s*=\s*(?=[\[{(])", "", content)
    if literal[:1] in ("{", "[", "(") or suffix == ".json":
        return _from_document(_literal(literal))
    lines = content.splitlines()
    if lines and all(_QUOTED.fullmatch(line.strip()) for line in lines):
        return _from_document(ast.literal_eval(f"[{content}]" if "," in content else repr(content)))
    for number, line in enumerate(lines, 1):
        if not line.strip():
            raise _UnclearError(f"line {number} is empty")
    if suffix in (".csv", ".tsv"):
        return _from_table(lines, suffix)
    return _from_lines([line.strip() for line in lines])


def _literal(content: str) -> object:
    try:
        return json.loads(content)
    except ValueError as error:
        try:
            return ast.literal_eval(content)
        except (ValueError, SyntaxError):
            raise _UnclearError(f"it is neither JSON nor a Python literal ({error})") from None


# -- lines


def _from_lines(lines: list[str]) -> list[str]:
    if not lines:
        return []
    if all(_NUMBER.fullmatch(line) for line in lines):
        return lines
    synsets = [re.fullmatch(r"(n\d{8})[\s,:]+(\S.*)", line) for line in lines]
    if all(synsets):
        return [found[2] for found in synsets if found]
    if any(synsets):
        place = synsets.index(None) + 1
        raise _UnclearError(f"line {place} has no synset before its name, as others have")
    names = _indexed(lines)
    if not names and any("\t" in line for line in lines):
        return _from_table(lines, ".tsv")
    return names or lines


def _indexed(lines: list[str]) -> list[str]:
    """Return names in the order of their indices; nothing where lines hold none."""
    ways = []
    for pattern, index, name in ((_INDEX_FIRST, 1, 2), (_INDEX_LAST, 2, 1)):
        for skipped in (0, 1):
            found = [pattern.fullmatch(line) for line in lines[skipped:]]
            if found and all(found) and (not skipped or _is_header(lines[0])):
                pairs = [(int(one[index]), one[name]) for one in found if one]
                # `type 1`, `type 2`: what stands last belongs to the name.
                if pattern is _INDEX_FIRST or len({one for _, one in pairs}) == len(pairs):
                    ways.append((pairs, lines[skipped:]))
                break
    sound = [(pairs, some) for pairs, some in ways if _is_count([index for index, _ in pairs])]
    if not ways:
        return []
    if not sound:
        pairs, some = ways[0]
        raise _UnclearError(_wrong_index(pairs, some))
    if len(sound) > 1 and _ordered(sound[0][0]) != _ordered(sound[1][0]):
        raise _UnclearError(f"the index may stand before or behind the name ('{sound[0][1][0]}')")
    return _ordered(sound[0][0])


def _is_header(line: str) -> bool:
    words = [word for word in re.split(r"[\s,;:|]+", line.lower()) if word]
    return bool(words) and all(word in (*_NAME_WORDS, *_INDEX_WORDS) for word in words)


def _is_count(indices: Sequence[int]) -> bool:
    first = min(indices)
    return first in (0, 1) and sorted(indices) == list(range(first, first + len(indices)))


def _wrong_index(pairs: Sequence[tuple[int, str]], lines: Sequence[str]) -> str:
    seen: set[int] = set()
    for (index, _), line in zip(pairs, lines, strict=True):
        if index in seen:
            return f"'{line}' repeats the index {index}"
        seen.add(index)
    return (
        f"its indices {min(seen)} to {max(seen)} do not count {len(pairs)} classes from 0 or 1 "
        f"(the first line is '{lines[0]}')"
    )


def _ordered(pairs: Iterable[tuple[int, str]]) -> list[str]:
    return [name for _, name in sorted(pairs)]


# -- tables


def _from_table(lines: list[str], suffix: str) -> list[str]:
    delimiter = "\t" if suffix == ".tsv" else max(",;\t", key=lines[0].count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    width = len(rows[0])
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise _UnclearError(f"line {number} has {len(row)} columns, line 1 has {width}")
    header = [cell.lower() for cell in rows[0]]
    headed = any(cell in (*_NAME_WORDS, *_INDEX_WORDS) for cell in header)
    numbered = [all(_NUMBER.fullmatch(row[place]) for row in rows[1:]) for place in range(width)]
    headed = headed or any(
        inner and not _NUMBER.fullmatch(rows[0][place])
        for place, inner in enumerate(numbered)
        if len(rows) > 1
    )
    body = rows[1:] if headed else rows
    if not body:
        return []
    if width == 1:
        return [row[0] for row in body]
    indices = [
        place for place in range(width) if all(_NUMBER.fullmatch(row[place]) for row in body)
    ]
    index = _index_column(indices, header if headed else [], body)
    name = _name_column(index, header if headed else [], body)
    if index is None:
        return [row[name] for row in body]
    pairs = [(int(row[index]), row[name]) for row in body]
    if not _is_count([number for number, _ in pairs]):
        raise _UnclearError(_wrong_index(pairs, [delimiter.join(row) for row in body]))
    return _ordered(pairs)


def _index_column(
    indices: Sequence[int], header: Sequence[str], body: Sequence[Sequence[str]]
) -> int | None:
    named = [place for place in indices if header and header[place] in _INDEX_WORDS]
    sound = [place for place in indices if _is_count([int(row[place]) for row in body])]
    found = named or sound or list(indices)
    if len(found) > 1:
        raise _UnclearError(f"columns {found[0] + 1} and {found[1] + 1} may both be the index")
    return found[0] if found else None


def _name_column(index: int | None, header: Sequence[str], body: Sequence[Sequence[str]]) -> int:
    others = [place for place in range(len(body[0])) if place != index]
    others = [
        place for place in others if not all(_SYNSET.fullmatch(row[place]) for row in body)
    ] or others
    named = [place for place in others if header and header[place] in _NAME_WORDS]
    found = named if len(named) == 1 else others
    if len(found) != 1:
        raise _UnclearError(
            f"it has {len(found)} columns that may be the name ('{', '.join(body[0])}'); keep one"
        )
    return found[0]


# -- documents


def _from_document(document: object) -> list[str]:
    if isinstance(document, Mapping):
        return _from_mapping({_key(key): value for key, value in document.items()})
    if isinstance(document, list | tuple):
        return _from_list(list(document))
    raise _UnclearError(
        f"it holds {type(document).__name__} where a list or a mapping of names is expected"
    )


def _key(key: object) -> str:
    return str(key).strip()


def _from_mapping(document: dict[str, Any]) -> list[str]:
    held = {key: document[key] for key in _LISTS if isinstance(document.get(key), Mapping | list)}
    if held:
        readings = {key: _from_document(value) for key, value in held.items()}
        first, *others = readings
        for other in others:
            if readings[other] != readings[first]:
                raise _UnclearError(f"its {first} and its {other} do not agree")
        return readings[first]
    keys = list(document)
    by_key = all(_NUMBER.fullmatch(key) for key in keys)
    by_value = all(
        isinstance(value, int) and not isinstance(value, bool) for value in document.values()
    )
    if by_key and by_value and any(int(key) != value for key, value in document.items()):
        raise _UnclearError("both its keys and its values are numbers")
    if by_key:
        return _counted([(int(key), _name(value)) for key, value in document.items()])
    if by_value:
        return _counted([(value, key) for key, value in document.items()])
    raise _UnclearError(
        f"its key '{keys[0] if keys else ''}' is neither a number nor mapped to one"
    )


def _from_list(entries: list[Any]) -> list[str]:
    if entries and all(isinstance(entry, Mapping) for entry in entries):
        return _from_objects(entries)
    if entries and all(isinstance(one, list | tuple) and len(one) == 2 for one in entries):
        if all(isinstance(one[0], int) for one in entries):
            return _counted([(one[0], _name(one[1])) for one in entries])
        if all(isinstance(one[1], int) for one in entries):
            return _counted([(one[1], _name(one[0])) for one in entries])
    return [_name(entry) for entry in entries]


def _from_objects(entries: list[Mapping[str, Any]]) -> list[str]:
    def place(words: Sequence[str], wanted: Callable[[object], bool]) -> str | None:
        keys = (key for key in entries[0] if str(key).lower() in words)
        return next((key for key in keys if all(wanted(one.get(key)) for one in entries)), None)

    name = place(_NAME_WORDS, lambda value: isinstance(value, str))
    if name is None:
        raise _UnclearError(
            f"its entry {json.dumps(dict(entries[0]), default=str)[:80]} has no name"
        )
    index = place(_INDEX_WORDS, lambda value: isinstance(value, int))
    if index is None:
        return [str(one[name]) for one in entries]
    return _counted([(one[index], str(one[name])) for one in entries])


def _name(value: object) -> str:
    if isinstance(value, list | tuple) and value:
        # ImageNet's class index holds pairs of a synset and a name.
        value = value[-1]
    if isinstance(value, Mapping):
        value = next((value[key] for key in value if str(key).lower() in _NAME_WORDS), None)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _UnclearError(f"{json.dumps(value, default=str)[:80]} is not a name")
    return str(value)


def _counted(pairs: list[tuple[int, str]]) -> list[str]:
    if not pairs or not _is_count([index for index, _ in pairs]):
        raise _UnclearError(
            _wrong_index(pairs, [f"{index}: {name}" for index, name in pairs])
            if pairs
            else "it is empty"
        )
    return _ordered(pairs)
