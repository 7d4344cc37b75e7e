"""One word for one thing: public classes, and the glossary that lists them."""

import ast
import re
from collections import defaultdict
from pathlib import Path

PROJECT = Path(__file__).parents[1]
GLOSSARY = (PROJECT / "docs" / "glossary.md").read_text("utf-8")


def _classes() -> dict[str, set[str]]:
    """The modules that define each class of the rooms' front doors, and of engine and server."""
    found = defaultdict(set)
    paths = [
        path
        for folder in ("bridge", "backends")
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if path.parent.name != "v1"
    ]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in paths}
    public = {
        alias.asname or alias.name
        for path, tree in trees.items()
        if path.name == "__init__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and (
                node.name in public or {"engine", "server"} & set(path.parts)
            ):
                found[node.name].add(str(path.relative_to(PROJECT)))
    return {name: where for name, where in found.items() if not name.startswith("_")}


def _section(title: str) -> str:
    return re.split(r"^## ", GLOSSARY.split(f"## {title}\n")[1], flags=re.M)[0]


def test_a_public_class_name_stands_for_one_thing():
    shared = set(re.findall(r"`(\w+)`", _section("One thing, seen from both ends")))
    twice = {name: where for name, where in _classes().items() if len(where) > 1}
    unknown = {name: where for name, where in twice.items() if name not in shared}
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
