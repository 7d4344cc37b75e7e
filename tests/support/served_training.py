"""A server that trains, and the processes that it has started for it."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from served import wait_until
from training_examples import TEXTURES, patch

TOKENS = (
    "--token",
    "manages",
    "--training-token",
    "trains",
    "--classification-token",
    "classifies",
)


def arguments(folder):
    return (*TOKENS, "--training-folder", os.fspath(folder))


def processes(server):
    """The processes that train, and what they have started."""
    found = []
    for child in psutil.Process(server.process.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "zoobridge.training.service._process" in child.cmdline():
                found.append(child)
    return found


def annotate(project, numbers=range(2), names=TEXTURES[:2], **options):
    for name in names:
        for number in numbers:
            project.annotate(patch(name, number, side=64), name, **options)


def process_of(server, name):
    """The process of a project; of explanations, where the name is empty."""
    (found,) = [one for one in processes(server) if _project(Path(one.cwd())) == name]
    return found


def _project(folder):
    if folder.name == ".explain":
        return ""
    return json.loads((folder / "project.json").read_text("utf-8"))["name"]


@contextmanager
def stopped(server, name):
    """Stop the process of a project, so that calls on it are under way until it is let go or killed."""
    process = process_of(server, name)
    process.suspend()
    try:
        yield process
    finally:
        with suppress(psutil.NoSuchProcess):
            process.resume()


@contextmanager
def under_way(process, call):
    """Begin a call that a stopped process does not answer, on another thread; gives its outcome."""
    before = unread(process)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(call)
        wait_until(lambda: unread(process) > before)
        yield outcome


def unread(process):
    """Bytes of calls that a process was sent and has not read."""
    pipe = os.open(f"/proc/{process.pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
    finally:
        os.close(pipe)
