"""Many calls at once from one process, and what became of each."""

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import grpc
from google.rpc import status_pb2

from zoobridge.protocol import STATUS_DETAILS_KEY, error_from_status

CLASSIFY = "/zoobridge.v1.ClassificationService/Classify"

#: As many calls as a channel is given at once: near the server's 1,024 for each connection, gRPC
#: refuses some by itself.
_PER_CHANNEL = 250


@dataclass
class Outcomes:
    """What became of calls: answers, errors by type, and seconds of both."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    errors: Counter = field(default_factory=Counter)
    without_retry: int = 0
    seconds: float = 0.0

    @property
    def goodput(self):
        return len(self.answered) / self.seconds

    def __str__(self):
        return (
            f"{len(self.answered)} answered ({self.goodput:.0f}/s, p50 {ms(self.answered, 50)}, "
            f"p99 {ms(self.answered, 99)}), {len(self.refused)} refused (p50 "
            f"{ms(self.refused, 50)}, p99 {ms(self.refused, 99)}), {dict(self.errors)}"
        )


def percentile(values, percent):
    """The value that so many percent are not above; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def ms(values, percent):
    return f"{1000 * percentile(values, percent):.1f} ms"


def error_of_call(error):
    """The typed error of a failed call; `None` where the server sent no details."""
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY:
            return error_from_status(status_pb2.Status.FromString(value))
    return None


class Callers:
    """Channels to a server, as many as so many simultaneous calls need."""

    def __init__(self, address, calls):
        self._address = address
        self._count = -(-calls // _PER_CHANNEL)
        self.outcomes = Outcomes()

    async def __aenter__(self):
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channels = [
            grpc.aio.insecure_channel(self._address, options) for _ in range(self._count)
        ]
        for channel in self._channels:
            await channel.channel_ready()
        self._methods = [channel.unary_unary(CLASSIFY) for channel in self._channels]
        return self

    async def __aexit__(self, *exc):
        for channel in self._channels:
            await channel.close()

    async def call(self, number, request, *, timeout=None):
        """One call; its outcome is noted."""
        outcomes = self.outcomes
        begun = time.monotonic()
        try:
            await self._methods[number % len(self._methods)](request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            known = error_of_call(error)
            if known is None:
                outcomes.errors[f"{error.code().name}: {error.details()}"] += 1
                return
            outcomes.errors[type(known).__name__] += 1
            outcomes.refused.append(time.monotonic() - begun)
            outcomes.without_retry += known.retry_after is None
        else:
            outcomes.answered.append(time.monotonic() - begun)


async def _closed_loop(address, request, *, callers, seconds):
    async with Callers(address, callers) as many:
        limit = time.monotonic() + seconds

        async def one(number):
            while time.monotonic() < limit:
                await many.call(number, request)

        begun = time.monotonic()
        await asyncio.gather(*(one(number) for number in range(callers)))
        many.outcomes.seconds = time.monotonic() - begun
        return many.outcomes


async def _open_loop(address, request, *, rate, seconds):
    async with Callers(address, 4000) as many:
        begun = time.monotonic()
        tasks = set()
        sent = 0
        while (now := time.monotonic() - begun) < seconds:
            while sent < now * rate:
                task = asyncio.create_task(many.call(sent, request))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                sent += 1
            await asyncio.sleep(0.001)
        # What is answered after the end counts for the time that it took.
        await asyncio.gather(*tasks)
        many.outcomes.seconds = time.monotonic() - begun
        return many.outcomes


async def _at_once(address, request, *, calls):
    async with Callers(address, calls) as many:
        begun = time.monotonic()
        await asyncio.gather(*(many.call(number, request) for number in range(calls)))
        many.outcomes.seconds = time.monotonic() - begun
        return many.outcomes


def callers_on(core):
    """A process whose callers take no time of other cores; submit the functions below to it."""
    return ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=os.sched_setaffinity,
        initargs=(0, {core}),
    )


def closed_loop(address, request, *, callers, seconds):
    """Callers that each wait for their answer before they ask again."""
    return asyncio.run(_closed_loop(address, request, callers=callers, seconds=seconds))


def open_loop(address, request, *, rate, seconds):
    """So many calls a second, whatever becomes of them."""
    return asyncio.run(_open_loop(address, request, rate=rate, seconds=seconds))


def at_once(address, request, *, calls):
    """So many calls in one moment."""
    return asyncio.run(_at_once(address, request, calls=calls))
