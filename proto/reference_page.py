"""The tables of ``docs/protocol.md``, written from the comments of the contract.

The page is written by hand but for the sentence and the table below the heading of each service,
message and enumeration. The JSON examples are by hand too, and parsed by a test.
"""

from __future__ import annotations

import re
from pathlib import Path

PROTO = Path(__file__).resolve().parent / "zoobridge" / "v1"

_BLOCK = re.compile(
    r"^(?P<comment>(?://.*\n)+)(?P<kind>message|enum|service) (?P<name>\w+) "
    r"\{(?P<body>\}|\n(?:[ \n].*\n|\n)*\})$",
    re.MULTILINE,
)
_COMMENTED = r"(?P<comment>(?:^ *//.*\n)+)^ *"
_FIELD = re.compile(
    _COMMENTED + r"(?P<type>(?:repeated |optional )?[\w.]+|map<[^>]+>) (?P<name>\w+) = \d+;",
    re.MULTILINE,
)
_VALUE = re.compile(_COMMENTED + r"(?P<name>[A-Z]\w+) = \d+;", re.MULTILINE)
_CALL = re.compile(
    _COMMENTED + r"rpc (?P<name>\w+)\((?P<takes>[\w ]+)\) returns \((?P<answers>[\w ]+)\);",
    re.MULTILINE,
)
_ONEOF = re.compile(r"^ *oneof (\w+) \{(.*?)^ *\}", re.MULTILINE | re.DOTALL)


def with_reference(page: str) -> str:
    """Return the page with the tables of everything in the contract regenerated.

    Raises
    ------
    ValueError
        If the page lacks a heading.
    """
    for path in sorted(PROTO.glob("*.proto")):
        for block in _BLOCK.finditer(path.read_text("utf-8")):
            if path.stem == "errors":
                continue
            service = "Service " if block["kind"] == "service" else ""
            page = _replaced(page, f"### {service}`{block['name']}`\n", _text(block))
    return page


def _replaced(page: str, heading: str, text: str) -> str:
    before, found, rest = page.partition(heading)
    if not found:
        raise ValueError(f"docs/protocol.md lacks the heading {heading.strip()}, and an example")
    # What is by hand starts with the example, or the next heading.
    end = re.search(r"^(```|#)", rest, re.MULTILINE)
    return f"{before}{heading}\n{text}\n{rest[end.start() :] if end else ''}"


def _text(block: re.Match[str]) -> str:
    sentence, body = _joined(block["comment"]), block["body"]
    if block["kind"] == "service":
        rows = [
            f"| `{one['name']}` | `{one['takes']}` | `{one['answers']}` | {_joined(one['comment'])} |"
            for one in _CALL.finditer(body)
        ]
        head = "| call | takes | answers | what it does |\n| --- | --- | --- | --- |"
    elif block["kind"] == "enum":
        rows = [f"| `{one['name']}` | {_joined(one['comment'])} |" for one in _VALUE.finditer(body)]
        head = "| value | meaning |\n| --- | --- |"
    else:
        groups = {
            field["name"]: f" (one of `{group[1]}`)"
            for group in _ONEOF.finditer(body)
            for field in _FIELD.finditer(group[2])
        }
        rows = [
            f"| `{one['name']}` | `{one['type']}` | {_joined(one['comment'])}"
            f"{groups.get(one['name'], '')} |"
            for one in _FIELD.finditer(body)
        ]
        head = "| field | type | meaning |\n| --- | --- | --- |"
    return "\n".join([sentence, "", *([head, *rows, ""] if rows else [])])


def _joined(comment: str) -> str:
    return " ".join(line.strip().removeprefix("//").strip() for line in comment.splitlines())
