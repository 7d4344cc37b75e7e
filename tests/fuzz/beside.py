"""Run a command, and fuzz the server beside it with what time it leaves.

``python tests/fuzz/beside.py --seconds 600 COMMAND…`` starts one fuzzer for each part of the protocol
at low priority, waits for the command and for them, and fails where one of them does. They end with the
command where that fails or is interrupted.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

MESSAGES = Path(__file__).parent / "messages.py"
PARTS = ("/zoobridge.", "/inference.")
NICENESS = "19"


def start(part, seconds, log):
    # A separate group, so that whatever it has started ends with it; of the same session, since Linux
    # compares the niceness of processes within a session only.
    return subprocess.Popen(
        [
            "nice",
            "-n",
            NICENESS,
            sys.executable,
            MESSAGES,
            "--seconds",
            str(seconds),
            "--only",
            part,
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        process_group=0,
    )


def end(fuzzers):
    for fuzzer, _ in fuzzers.values():
        if fuzzer.poll() is None:
            os.killpg(fuzzer.pid, signal.SIGTERM)
            fuzzer.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    # What `kill` sends is to end the fuzzers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    fuzzers, code = {}, 130
    with ExitStack() as logs:
        try:
            for part in PARTS:
                log = logs.enter_context(tempfile.TemporaryFile())
                fuzzers[part] = start(part, arguments.seconds, log), log
            with suppress(KeyboardInterrupt):
                code = subprocess.run(arguments.command, check=False).returncode
            if code != 0:
                sys.exit(code)
            failed = False
            for part, (fuzzer, log) in fuzzers.items():
                failed = fuzzer.wait() != 0 or failed
                log.seek(0)
                lines = log.read().decode("utf-8", "replace").strip().splitlines()
                shown = lines[-1:] if fuzzer.returncode == 0 else lines[-40:]
                print(f"fuzzed {part}*", *shown, sep="\n", flush=True)
            sys.exit(1 if failed else 0)
        finally:
            end(fuzzers)


if __name__ == "__main__":
    main()
