"""The error types, written from the list of reasons in ``errors.proto``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PROTO = Path(__file__).resolve().parent
SOURCE = PROTO / "zoobridge" / "v1" / "errors.proto"

_VALUE = re.compile(
    r"// `(?P<type>\w+)Error`: (?P<meaning>(?:.+\n)(?:\s*//.*\n)*)\s*"
    r"ERROR_REASON_(?P<reason>\w+) = (?P<number>\d+);"
)
_CODES = {
    1: "CANCELLED",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}
_TABLE_HEAD = "| reason | status | Python type | meaning |\n| --- | --- | --- | --- |\n"


@dataclass(frozen=True)
class ErrorType:
    """One reason and the type that stands for it.

    Parameters
    ----------
    reason
        ``google.rpc.ErrorInfo.reason``.
    code
        Name of the canonical status code.
    name
        Name of the type, without ``Error``.
    base
        Name of the type that it specialises, written alike; empty for the root.
    meaning
        One sentence.
    """

    reason: str
    code: str
    name: str
    base: str
    meaning: str


def error_types() -> list[ErrorType]:
    """Return the types in the order of the contract."""
    found = []
    for value in _VALUE.finditer(SOURCE.read_text("utf-8")):
        code, variant = divmod(int(value["number"]), 100)
        meaning = " ".join(re.sub(r"\n\s*//", " ", value["meaning"]).split())
        # What is wrong with a request is an invalid request, whatever else it is.
        base = "InvalidRequest" if code == 3 and variant else ""
        found.append(ErrorType(value["reason"], _CODES[code], value["type"], base, meaning))
    return found


def python_module() -> str:
    """Return the module that defines the types."""
    kinds = error_types()
    lines = [
        '"""One error type for each reason of the contract."""\n',
        "from __future__ import annotations\n",
        "from zoobridge.errors._base import Code, ZooBridgeError\n",
        "__all__ = [",
        *(f'    "{name}Error",' for name in sorted(kind.name for kind in kinds)),
        "]",
    ]
    for kind in kinds:
        lines += [
            f"\n\nclass {kind.name}Error({kind.base or 'ZooBridge'}Error):",
            f'    """{kind.meaning}"""\n',
            f"    code = Code.{kind.code}",
            f'    reason = "{kind.reason}"',
        ]
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """Return a Markdown page with its table of reasons regenerated."""
    before, _, rest = page.partition(_TABLE_HEAD)
    _, _, after = rest.partition("\n\n")
    rows = "\n".join(
        f"| `{kind.reason}` | {kind.code} | `{kind.name}Error` | {kind.meaning} |"
        for kind in error_types()
    )
    return f"{before}{_TABLE_HEAD}{rows}\n\n{after}"
