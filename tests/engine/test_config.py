"""What an engine takes by default: the cores and the memory that there are for it."""

import psutil
import pytest

from zoobridge.engine import EngineConfig
from zoobridge.engine._config import available_memory

MIB = 1 << 20


@pytest.fixture
def groups(tmp_path):
    """Write what Linux tells of groups; returns what :func:`available_memory` takes."""

    def write(lines, limits):
        (tmp_path / "cgroup").write_text("".join(f"{line}\n" for line in lines))
        for name, limit in limits.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{limit}\n")
        return tmp_path / "root", tmp_path / "cgroup"

    return write


def test_half_of_what_there_is_is_the_budget():
    assert EngineConfig().max_memory == available_memory() // 2


def test_without_a_limit_the_machine_s_memory_counts(groups):
    total = psutil.virtual_memory().total
    assert available_memory(*groups(["0::/lab/zoo"], {"lab/zoo/memory.max": "max"})) == total
    assert available_memory(*groups([], {})) == total


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        (["0::/"], {"memory.max": 512 * MIB}),
        (["0::/lab/zoo"], {"lab/zoo/memory.max": 512 * MIB}),
        (["0::/lab/zoo"], {"lab/memory.max": 512 * MIB, "lab/zoo/memory.max": "max"}),
        (["4:memory:/lab"], {"memory/lab/memory.limit_in_bytes": 512 * MIB}),
        (["4:memory:/elsewhere"], {"memory/memory.limit_in_bytes": 512 * MIB}),
        (["3:cpuset:/", "0::/a"], {"a/memory.max": 512 * MIB, "memory.max": 900 * MIB}),
    ],
)
def test_a_container_s_limit_counts(groups, lines, limits):
    assert available_memory(*groups(lines, limits)) == 512 * MIB
