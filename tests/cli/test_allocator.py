"""Commands keep the memory that they freed for the next message."""

import os
import subprocess
import sys

import pytest

_PROGRAM = """
import resource
{before}
def round_of_messages():
    messages = [bytearray(8 << 20) for _ in range(5)]
    for message in messages:
        message[::4096] = bytes(len(message) >> 12)
round_of_messages()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    round_of_messages()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
_KEEPING = """
from zoobridge.cli._allocator import keep_freed_memory
assert keep_freed_memory()
"""


def _faults(before: str) -> int:
    program = _PROGRAM.format(before=before)
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=plain, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_memory_that_was_freed_is_used_again_without_page_faults():
    assert _faults(_KEEPING) < 500
    assert _faults("") > 5 * _faults(_KEEPING), "the system does so by itself: nothing to set"


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_what_the_environment_sets_is_left_alone(name):
    program = "from zoobridge.cli._allocator import keep_freed_memory; print(keep_freed_memory())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, name: ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
