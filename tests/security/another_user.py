"""Become another user of the machine, take the steps that come as JSON, and write what came of each.

A step is a list: a verb and its arguments. What came of it is a list too: ``["ok", VALUE]``, or the
error's type or status and its text.
"""

import encodings.idna  # noqa: F401 - another user may not be able to read it later
import json
import os
import sys
from pathlib import Path

import grpc

USER = 54321


def call(address, method, data, token=""):
    """Make a unary call; the answer as hexadecimal digits."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(address) as channel:
        answer = channel.unary_unary(method)(bytes.fromhex(data), metadata=metadata, timeout=60)
    return answer.hex()


def write(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
    return path


VERBS = {
    "call": call,
    "write": write,
    "read": lambda path: Path(path).read_bytes().hex(),
    "overwrite": lambda path: os.close(os.open(path, os.O_RDWR)),
    "list": lambda path: sorted(os.listdir(path)),  # noqa: PTH208 - as names
    "link": lambda path, target: Path(path).symlink_to(target),
    "unlink": os.unlink,
    "signal": lambda pid: os.kill(pid, 0),
    "user": os.geteuid,
}


def outcome(verb, *arguments):
    try:
        return ["ok", VERBS[verb](*arguments)]
    except grpc.RpcError as error:
        return [error.code().name, error.details()]
    except OSError as error:
        return [type(error).__name__, str(error)]


def main():
    steps = json.load(sys.stdin)
    # grpc imports more with its first call.
    outcome("call", "127.0.0.1:1", "/nobody/Answers", "")
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    json.dump([outcome(*step) for step in steps], sys.stdout)


if __name__ == "__main__":
    main()
