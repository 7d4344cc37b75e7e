"""Whatever a client sends, to any method: never INTERNAL or UNKNOWN, no dead process, no memory lost.

``make fuzz`` does the same for an hour.
"""

import pytest

from fuzzing import Fuzzer
from served import write_package
from serving import Serving
from sized import sized

pytestmark = pytest.mark.timeout(7200)


@pytest.fixture
def server(tmp_path):
    write_package(tmp_path / "zoo" / "brightness", "brightness")
    with Serving(tmp_path / "zoo", tmp_path / "server") as server:
        yield server


def test_mutated_messages_are_no_fault_of_the_server(server):
    total = sized(4000, 1_000_000)
    fuzzer = Fuzzer(server, seed=20261128)
    fuzzer.send(total // 4)
    fuzzer.settle()
    fuzzer.send(total - total // 4)
    print(f"\n{fuzzer}")
    # The allocator has not found its size after so few.
    fuzzer.check(growth=sized(1.3, 1.05))
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND"} <= set(fuzzer.codes)
