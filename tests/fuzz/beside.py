"""Run a command, and fuzz the server beside it with what time it leaves.

``python tests/fuzz/beside.py --seconds 600 COMMAND…`` starts a fuzzer at low priority, waits for the
command and for it, and fails where one of them does. The fuzzer ends with the command where that fails
or is interrupted.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

MESSAGES = Path(__file__).parent / "messages.py"
NICENESS = "10"


def start(seconds, log):
    # A separate group, so that whatever it has started ends with it; of the same session, since Linux
    # compares the niceness of processes within a session only.
    return subprocess.Popen(
        ["nice", "-n", NICENESS, sys.executable, MESSAGES, "--seconds", str(seconds)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        process_group=0,
    )


def end(fuzzer):
    if fuzzer.poll() is None:
        os.killpg(fuzzer.pid, signal.SIGTERM)
        fuzzer.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    # What `kill` sends is to end the fuzzer too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    code = 130
    with tempfile.TemporaryFile() as log:
        fuzzer = start(arguments.seconds, log)
        try:
            with suppress(KeyboardInterrupt):
                code = subprocess.run(arguments.command, check=False).returncode
            if code != 0:
                sys.exit(code)
            failed = fuzzer.wait() != 0
        finally:
            end(fuzzer)
        log.seek(0)
        lines = log.read().decode("utf-8", "replace").strip().splitlines()
    print("fuzzed beside the tests:", *lines[-40 if failed else -1 :], sep="\n", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
