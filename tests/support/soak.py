"""``make soak``: mixed use of a server for an hour, and what it takes meanwhile as curves.

Unary calls and streams, mistakes, cancelled calls, calls that come too late, models that come and go,
and a worker that is killed now and then. Every second the memory, descriptors, threads and the
latency of a quiet caller are noted. At the end the curves must be flat.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path

import grpc
import psutil

from calling import at_once
from served import Caller, request, write_package
from serving import Serving
from zoobridge.protocol.v1 import classification_pb2, zoo_pb2

MODELS = 5
_WIDTH, _HEIGHT, _LEFT = 900, 130, 60


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment."""

    seconds: float
    server_mebibytes: float
    worker_mebibytes: float
    descriptors: float
    threads: float
    latency_milliseconds: float


TITLES = {
    "server_mebibytes": "Memory of the server, MiB",
    "worker_mebibytes": "Memory of its workers, MiB",
    "descriptors": "Descriptors of the server",
    "threads": "Threads of the server",
    "latency_milliseconds": "Latency of a quiet caller, ms",
}


class Use:
    """Threads that use a server in many ways until they are told to end."""

    def __init__(self, server: Serving) -> None:
        self.server = server
        self.ended = threading.Event()
        self.done = dict.fromkeys(("unary", "streamed", "mistakes", "dropped", "loads", "kills"), 0)
        self.wrong: list[str] = []
        self._threads = [
            threading.Thread(target=self._guarded, args=(way, seed))
            for seed, way in enumerate(
                (self._unary, self._stream, self._drop, self._swap, self._kill)
            )
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.ended.set()
        for thread in self._threads:
            thread.join()

    def _guarded(self, way, seed):
        chance = random.Random(seed)
        caller = Caller(self.server.address)
        try:
            while not self.ended.is_set():
                way(caller, chance)
        except Exception as error:
            self.wrong.append(f"{way.__name__}: {error!r}")
            raise
        finally:
            caller.channel.close()

    def _check(self, response, level):
        scores = {score.label: score.score for score in response.results[0].prediction.top}
        if abs(scores["bright"] - level) > 1e-3:
            self.wrong.append(f"{level} was answered with {scores}")

    def _unary(self, caller, chance):
        level = chance.randrange(256)
        if chance.random() < 0.1:
            with contextlib.suppress(grpc.RpcError):
                caller.classification.Classify(request(level, "nobody"), timeout=60)
            self.done["mistakes"] += 1
            return
        response = caller.classification.Classify(request(level, _any(chance)), timeout=120)
        self._check(response, level)
        self.done["unary"] += 1

    def _stream(self, caller, chance):
        levels = [chance.randrange(256) for _ in range(200)]
        messages = (
            classification_pb2.ClassifyStreamRequest(
                id=str(place), request=request(level, _any(chance))
            )
            for place, level in enumerate(levels)
        )
        for answer in caller.classification.ClassifyStream(messages, timeout=600):
            if answer.WhichOneof("outcome") == "response":
                self._check(answer.response, levels[int(answer.id)])
        self.done["streamed"] += len(levels)

    def _drop(self, caller, chance):
        futures = [
            caller.classification.Classify.future(
                request(1, _any(chance)), timeout=chance.choice((0.001, 0.01, 60))
            )
            for _ in range(20)
        ]
        time.sleep(chance.random() * 0.01)
        for future in futures:
            future.cancel()
        self.done["dropped"] += len(futures)
        time.sleep(0.1)

    def _swap(self, caller, chance):
        token = next(self.server.runtime.glob("server-*.json")).read_text().split('"token": "')[1]
        metadata = (("authorization", f"Bearer {token.split(chr(34))[0]}"),)
        name = _any(chance)
        with contextlib.suppress(grpc.RpcError):
            caller.zoo.UnloadModel(
                zoo_pb2.UnloadModelRequest(model=name), metadata=metadata, timeout=60
            )
            caller.zoo.LoadModel(
                zoo_pb2.LoadModelRequest(model=name), metadata=metadata, timeout=60
            )
        self.done["loads"] += 1
        self.ended.wait(2)

    def _kill(self, _caller, chance):
        if self.ended.wait(30):
            return
        workers = self.server.workers()
        with contextlib.suppress(OSError, IndexError):
            os.kill(chance.choice(workers).pid, signal.SIGKILL)
            self.done["kills"] += 1


def _any(chance):
    return f"m{chance.randrange(MODELS)}"


def sample(server, caller, begun):
    """Look at a server now."""
    begun_call = time.monotonic()
    caller.classification.Classify(request(7, "m0"), timeout=120)
    latency = time.monotonic() - begun_call
    workers = 0
    for child in server.children():
        with contextlib.suppress(psutil.Error):
            workers += child.memory_full_info().uss
    return Sample(
        time.monotonic() - begun,
        server.memory_bytes() / (1 << 20),
        workers / (1 << 20),
        server.descriptors(),
        server.threads(),
        1000 * latency,
    )


def draw(samples):
    """Return the curves as an SVG."""
    height = _HEIGHT * len(TITLES) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    last = samples[-1].seconds or 1
    for row, (name, title) in enumerate(TITLES.items()):
        values = [getattr(one, name) for one in samples]
        top, bottom = row * _HEIGHT + 30, (row + 1) * _HEIGHT
        most = max(values) or 1
        points = " ".join(
            f"{_LEFT + (_WIDTH - _LEFT - 20) * one.seconds / last:.1f},"
            f"{bottom - (bottom - top) * value / most:.1f}"
            for one, value in zip(samples, values, strict=True)
        )
        parts += [
            f'<text x="{_LEFT}" y="{top - 8}">{escape(title)}</text>',
            f'<text x="{_LEFT - 6}" y="{top + 4}" text-anchor="end">{most:.0f}</text>',
            f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">0</text>',
            f'<line x1="{_LEFT}" y1="{bottom}" x2="{_WIDTH - 20}" y2="{bottom}" stroke="#888"/>',
            f'<polyline points="{points}" fill="none" stroke="#0b62a4" stroke-width="1.2"/>',
        ]
    parts.append(f'<text x="{_WIDTH - 20}" y="{height - 4}" text-anchor="end">{last:.0f} s</text>')
    return "\n".join([*parts, "</svg>"])


def drift(samples):
    """How much each curve has risen from its second quarter to its last, as a share of it."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    rises = {}
    for one in fields(Sample)[1:]:
        before = statistics.median(getattr(each, one.name) for each in early)
        after = statistics.median(getattr(each, one.name) for each in late)
        rises[one.name] = after / before - 1 if before else 0.0
    return rises


def soak(folder, *, seconds, report=print):
    """Use a server for so long; what was seen, and what was wrong."""
    zoo = folder / "zoo"
    for number in range(MODELS):
        write_package(zoo / f"m{number}", f"m{number}")
    samples = []
    with Serving(zoo, folder / "server", "--threads", "2") as server:
        caller = Caller(server.address)
        for number in range(MODELS):
            caller.classification.Classify(request(1, f"m{number}"), timeout=120)
        # Threads are started as they are needed, and stay.
        at_once(server.address, request(1, "m0").SerializeToString(), calls=256)
        with Use(server) as use:
            begun = time.monotonic()
            while time.monotonic() - begun < seconds:
                samples.append(sample(server, caller, begun))
                if len(samples) % 60 == 0:
                    report(f"{samples[-1].seconds:.0f} s: {samples[-1]} {use.done}")
                time.sleep(max(0.2, min(1.0, seconds / 200)))
        caller.channel.close()
        assert server.stop() == 0
    report(f"done: {use.done}")
    return samples, use


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="How long.  [default: 60]")
    parser.add_argument(
        "--output", type=Path, default=Path("build/soak.svg"), help="Where the curves are written."
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples, use = soak(Path(folder), seconds=60 * given.minutes)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(draw(samples))
    rises = drift(samples)
    sys.stdout.write(f"{given.output}: rises from the second quarter to the last: ")
    sys.stdout.write(", ".join(f"{name} {rise:+.1%}" for name, rise in rises.items()) + "\n")
    steady = ("server_mebibytes", "worker_mebibytes", "descriptors", "threads")
    failed = [name for name in steady if rises[name] > 0.05]
    for sentence in [*use.wrong[:5], *(f"{name} rises" for name in failed)]:
        sys.stderr.write(f"{sentence}\n")
    sys.exit(1 if failed or use.wrong else 0)


if __name__ == "__main__":
    main()
