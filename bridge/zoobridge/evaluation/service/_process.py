"""The process of one evaluation: ``python -m zoobridge.evaluation.service._process``.

It reads its settings and the request from standard input, and writes responses to standard output.
It ends when standard input is closed, so that it never outlives the service.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.errors import UnsupportedError, ZooBridgeError
from zoobridge.evaluation.service._paths import AllowedFolders
from zoobridge.protocol import status_from_error
from zoobridge.protocol.pipes import CallFrame, CallKind, CallPipe
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

__all__ = ["main"]


def main() -> None:
    """Do what standard input asks for."""
    # Whatever a library prints must not stand among the frames.
    pipe = CallPipe(0, os.dup(1))
    os.dup2(2, 1)
    first, second = pipe.read(), pipe.read()
    if first is None or second is None:
        return
    threading.Thread(target=_end_with_the_service, name="zoobridge-lifeline", daemon=True).start()
    try:
        for message in _responses(json.loads(first.data), second.data):
            pipe.write(CallFrame(CallKind.RESPONSE, 0, message.SerializeToString()))
    except ModuleNotFoundError as error:
        lacking = UnsupportedError(
            f"evaluating needs {error.name}, which the server lacks; install it there "
            '(pip install "zoobridge[evaluation]"), or evaluate where the pictures are '
            "(zoobridge evaluate)"
        )
        _fail(pipe, lacking)
    except ZooBridgeError as error:
        _fail(pipe, error)


def _fail(pipe: CallPipe, error: ZooBridgeError) -> None:
    status = status_from_error(error).SerializeToString()
    pipe.write(CallFrame(CallKind.STATUS, 0, status))


def _end_with_the_service() -> None:
    while os.read(0, 1024):
        pass
    # Every answer is in its file as soon as it is known, so there is nothing to put in order.
    os._exit(1)


def _responses(settings: dict[str, Any], data: bytes) -> Iterator[Message]:
    # Imported late, so that a missing package is reported to the caller.
    if settings["task"] == "list":
        from zoobridge.evaluation.service._lists import list_measures, list_readers

        yield list_measures()
        yield list_readers()
        return
    from zoobridge.client import connect
    from zoobridge.evaluation.service._messages import respond

    folders = AllowedFolders([Path(root) for root in settings["roots"]])

    def check(path: Path) -> None:
        folders.resolved(str(Path.cwd() / path), field="data")

    request = pb.EvaluateRequest.FromString(data)
    with connect(
        settings["address"], token=settings["token"], ca=settings["ca"], tls=settings["tls"]
    ) as client:
        yield from respond(client, request, folder=Path(settings["folder"]), check=check)


if __name__ == "__main__":
    main()
