"""The process of an evaluation, as the service sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from google.rpc import status_pb2

from zoobridge.errors import CancelledError, WorkerError
from zoobridge.protocol import error_from_status
from zoobridge.protocol.connection import PRIVATE_VARIABLES, RUNTIME_DIR_VARIABLE
from zoobridge.protocol.pipes import CallFrame, CallKind, CallPipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["Launched"]


class Launched:
    """A running evaluation; a context manager that ends it.

    Parameters
    ----------
    settings
        What it needs to know beside the request.
    request
        The serialized request.
    folder
        Its working directory, which exists.
    """

    def __init__(self, settings: dict[str, Any], request: bytes, folder: Path) -> None:
        environment = {key: os.environ[key] for key in os.environ.keys() - PRIVATE_VARIABLES}
        environment[RUNTIME_DIR_VARIABLE] = str(folder)
        new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self._killed = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "zoobridge.evaluation.service._process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=environment,
            # Ctrl-C in the server's terminal is the server's to answer.
            start_new_session=sys.platform != "win32",
            creationflags=new_group,
            bufsize=0,
        )
        self._first = (
            CallFrame(CallKind.SETTINGS, 0, json.dumps(settings).encode()),
            CallFrame(CallKind.REQUEST, 0, request),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        with self._process:
            pass

    def kill(self) -> None:
        """End it at once; what it has answered is kept. May be called from any thread."""
        self._killed = True
        self._process.kill()

    def responses(self, what: str) -> Iterator[bytes]:
        """Yield its serialized responses until it ends.

        Parameters
        ----------
        what
            What it does, to begin a sentence with.

        Raises
        ------
        CancelledError
            If :meth:`kill` was called.
        WorkerError
            If it died.
        ZooBridgeError
            What it raised.
        """
        source, sink = self._process.stdout, self._process.stdin
        if source is None or sink is None:
            raise WorkerError(f"{what} has no pipe to its process")
        pipe = CallPipe(source.fileno(), sink.fileno())
        try:
            for frame in self._first:
                pipe.write(frame)
        except OSError as error:
            raise self._death(what) from error
        while (answer := pipe.read()) is not None:
            if answer.kind is CallKind.STATUS:
                raise error_from_status(status_pb2.Status.FromString(answer.data))
            yield answer.data
        if self._killed or self._process.wait() != 0:
            raise self._death(what)

    def _death(self, what: str) -> CancelledError | WorkerError:
        if self._killed:
            return CancelledError(f"{what} was cancelled; repeat the call to continue")
        return WorkerError(
            f"the process of {what} ended with exit code {self._process.wait()}; the server's log "
            "may say why. Repeat the call to continue where it stopped"
        )
