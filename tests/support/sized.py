"""How large the tests of a promise are: small in ``make test``, full in ``make reliability``."""

import os

#: Set to ``full`` by ``make reliability``.
SIZE_VARIABLE = "ZOOBRIDGE_TEST_SIZE"

FULL = os.environ.get(SIZE_VARIABLE, "") == "full"


def sized(small, full):
    """The number that a test uses: `small`, or `full` where the full size was asked for."""
    return full if FULL else small
