"""Send mutated messages to a server for so long: ``python tests/fuzz/messages.py --seconds 3600``.

Stops at the first answer that blames the server, and names the seed with which it comes again.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fuzzing import Fuzzer
from served import write_package
from serving import Serving

#: Messages between two looks at the server, and between two lines.
ROUND = 1000
LINE = 20
#: The allocator has not found its size in the first part of the time, nor within less than an hour.
SETTLING = 0.2
GROWTH = 1.05
SHORT_GROWTH = 1.2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    parser.add_argument("--only", default="/", help="Beginning of the methods' paths.")
    arguments = parser.parse_args()
    growth = GROWTH if arguments.seconds >= 3600 else SHORT_GROWTH
    with tempfile.TemporaryDirectory(prefix="zoobridge-fuzz-") as folder:
        write_package(Path(folder, "zoo", "brightness"), "brightness")
        with Serving(Path(folder, "zoo"), Path(folder, "server")) as server:
            fuzzer = Fuzzer(server, seed=arguments.seed, only=arguments.only)
            begun = time.monotonic()
            fuzzer.send(ROUND)
            while time.monotonic() < begun + SETTLING * arguments.seconds:
                fuzzer.send(ROUND)
            fuzzer.settle()
            rounds = 0
            while time.monotonic() < begun + arguments.seconds:
                fuzzer.send(ROUND)
                fuzzer.check(growth=growth)
                rounds += 1
                if rounds % LINE == 0:
                    print(fuzzer, flush=True)
            print(fuzzer, flush=True)


if __name__ == "__main__":
    main()
