"""One word for one thing: public classes, and the glossary that lists them."""

import ast
import re
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).parents[1]
GLOSSARY = (PROJECT / "docs" / "glossary.md").read_text("utf-8")

#: Names that still stand for two things.
KNOWN = {"Item", "Progress", "Server"}


def _classes() -> dict[str, list[str]]:
    """The modules that define each public class."""
    found = defaultdict(list)
    for folder in ("bridge", "backends"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            if path.parent.name != "v1":
                for node in ast.parse(path.read_text("utf-8")).body:
                    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                        found[node.name].append(str(path.relative_to(PROJECT)))
    return found


def _section(title: str) -> str:
    return re.split(r"^## ", GLOSSARY.split(f"## {title}\n")[1], flags=re.M)[0]


def test_a_public_class_name_stands_for_one_thing():
    shared = set(re.findall(r"`(\w+)`", _section("One thing, seen from both ends")))
    twice = {name: where for name, where in _classes().items() if len(where) > 1}
    unknown = {name: where for name, where in twice.items() if name not in shared | KNOWN}
    assert not unknown, f"rename one of each: {unknown}"
    assert shared <= twice.keys(), "the glossary lists names that are not shared"


def test_the_glossary_lists_each_word_once():
    words = re.findall(r"^\| (?!word|---)([^|]+?) \|", GLOSSARY, flags=re.M)
    assert len(words) > 30
    assert len(words) == len(set(words))


def test_the_classes_of_the_glossary_exist():
    section = _section("From a call to the network and back")
    named = set(re.findall(r"`([A-Z]\w+)`", section)) - {"ClassifyResponse"}
    assert named <= _classes().keys()
