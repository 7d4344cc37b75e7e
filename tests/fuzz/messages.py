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

#: Messages between two looks at the server.
ROUND = 10_000
SETTLING = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    arguments = parser.parse_args()
    until = time.monotonic() + arguments.seconds
    with tempfile.TemporaryDirectory(prefix="zoobridge-fuzz-") as folder:
        write_package(Path(folder, "zoo", "brightness"), "brightness")
        with Serving(Path(folder, "zoo"), Path(folder, "server")) as server:
            fuzzer = Fuzzer(server, seed=arguments.seed)
            # The allocator has not found its size before.
            for _ in range(SETTLING):
                fuzzer.send(ROUND)
            fuzzer.settle()
            while time.monotonic() < until:
                fuzzer.send(ROUND)
                fuzzer.check(growth=1.05)
                print(fuzzer, flush=True)


if __name__ == "__main__":
    main()
