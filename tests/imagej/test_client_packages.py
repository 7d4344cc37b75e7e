"""The packages of the Java client use each other in one direction."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "plugins/java-client/src/main/java/org/zoobridge/client"


def test_no_package_uses_one_that_uses_it():
    used: dict[str, set[str]] = {}
    for file in CLIENT.rglob("*.java"):
        package = file.parent.name
        names = re.findall(
            r"^import org\.zoobridge\.client((?:\.[a-z]\w*)*)\.[A-Z]", file.read_text(), re.M
        )
        used.setdefault(package, set()).update(name.strip(".") or "client" for name in names)
        used[package].discard(package)
    order = list(TopologicalSorter(used).static_order())
    assert order.index("errors") < order.index("client") < order.index("jobs")
