"""Workers as fresh processes, which every system can have."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path

from zoobridge.engine._backends import worker_environment
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._core_tokens import CoreTokens
from zoobridge.engine.channel._frames import FrameReader, FrameWriter
from zoobridge.engine.channel._lifeline import Lifeline
from zoobridge.engine.launch._process import (
    WorkerProcess,
    command,
    joined,
    private_environment,
    widen,
)

__all__ = ["SpawnLauncher"]


class SpawnLauncher:
    """Starts each worker as a fresh process; works everywhere.

    Parameters
    ----------
    cores
        What the workers share.
    """

    def __init__(self, cores: CoreTokens | None = None) -> None:
        self._cores = cores

    def launch(self, framework: str, arena: Arena, folder: Path) -> WorkerProcess:
        """See :meth:`Launcher.launch`."""
        share, left = joined(self._cores)
        document = {
            "framework": framework,
            "folder": str(folder),
            "arena": {
                "descriptor": arena.descriptor,
                "path": str(arena.path),
                "capacity": arena.capacity,
            },
            "cores": share,
        }
        lifeline = Lifeline()
        inherited = list(lifeline.inherited)
        if arena.descriptor >= 0:
            inherited.append(arena.descriptor)
        if self._cores is not None:
            inherited.extend(self._cores.descriptors)
        passed = {"pass_fds": inherited} if inherited else {}
        with lifeline.cut_on_failure(), (folder / "stderr.log").open("ab") as log:
            process = subprocess.Popen(
                command("zoobridge.engine.worker._main", json.dumps(document)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=worker_environment() | private_environment(folder),
                start_new_session=True,
                bufsize=0,
                **passed,  # type: ignore[call-overload]
            )
            lifeline.tie(process.pid)
        writer = FrameWriter(os.dup(process.stdin.fileno()))
        reader = FrameReader(os.dup(process.stdout.fileno()))
        widen(process.stdout.fileno())
        process.stdin.close()
        process.stdout.close()
        worker = WorkerProcess(process.pid, reader, writer, left)

        def wait() -> None:
            worker.note_exit(process.wait())
            lifeline.cut()

        threading.Thread(target=wait, name=f"zoobridge-wait-{process.pid}", daemon=True).start()
        return worker

    def release(self, framework: str) -> None:
        """See :meth:`Launcher.release`: nothing is kept."""

    def standby(self) -> dict[str, int]:
        """See :meth:`Launcher.standby`: nothing is kept."""
        return {}

    def close(self) -> None:
        """See :meth:`Launcher.close`: nothing is kept."""
