import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from zoobridge import connect_async
from zoobridge.errors import (
    DeadlineError,
    ImageFormatError,
    InvalidRequestError,
    ServerError,
    ServerUnavailableError,
    UnknownModelError,
)


def run(server, work):
    async def main():
        async with await connect_async(server) as client:
            return await work(client)

    return asyncio.run(main())


def test_the_listings_are_those_of_the_other_client(server):
    async def work(client):
        info = await client.info()
        return info.address, [model.reference for model in await client.models()]

    assert run(server, work) == (server, ["m@1"])


def test_one_picture_is_classified(server, script):
    results = run(server, lambda client: client.classify("m", np.zeros((3, 4)), top_k=2))
    assert results[0].label == "image-1"
    assert script.seen[0].options.top_k == 2


def test_many_pictures_come_back_in_the_order_given(server, tmp_path):
    for number in range(37):
        (tmp_path / f"{number:02}.png").write_bytes(b"not a picture" if number == 7 else b"x")
    seen = []
    results = run(server, lambda client: client.classify("m", tmp_path, on_progress=seen.append))
    assert [result.image_index for result in results] == list(range(37))
    assert results.errors == (results[7],)
    assert (seen[-1].images, seen[-1].failed) == (37, 1)


def test_what_a_folder_holds_besides_comes_with_the_results(server, tmp_path):
    for name in ("a.png", "b.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    results = run(server, lambda client: client.classify("m", tmp_path))
    assert [one.path.name for one in results.left_out] == ["notes.txt"]


def test_asynchronous_iterables_are_consumed(server):
    async def images():
        for number in range(30):
            await asyncio.sleep(0)
            yield np.full((2, 2), number)

    results = run(server, lambda client: client.classify("m", images()))
    assert results.labels == tuple(f"image-{number}" for number in range(1, 31))


def test_results_come_while_the_next_picture_is_waited_for(server):
    answered = asyncio.Event()

    async def images():
        for _ in range(3):
            yield b"single"
            await asyncio.wait_for(answered.wait(), 30)
            answered.clear()

    async def work(client):
        count = 0
        async for _ in client.classify_iter("m", images()):
            count += 1
            answered.set()
        return count

    assert run(server, work) == 3


def test_a_failing_iterable_raises_its_own_error(server):
    async def images():
        yield b"single"
        raise RuntimeError("the microscope is off")

    with pytest.raises(RuntimeError, match="the microscope is off"):
        run(server, lambda client: client.classify("m", images()))


def test_closing_the_generator_cancels_the_call(server, script):
    async def work(client):
        async with aclosing(client.classify_iter("m", [b"single", b"silence"])) as stream:
            first = await anext(stream)
        return first, await asyncio.to_thread(script.cancelled.wait, 10)

    first, cancelled = run(server, work)
    assert first.label == "image-1"
    assert cancelled


def test_cancelling_the_task_cancels_the_call(server, script):
    async def work(client):
        task = asyncio.create_task(client.classify("m", [b"single", b"silence"]))
        while not script.seen:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(script.cancelled.wait, 10)

    assert run(server, work)


def test_cancelling_the_task_cancels_a_single_picture(server, script):
    async def work(client):
        task = asyncio.create_task(client.classify("m", b"slow"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(server, work)
    assert not script.seen


def test_errors_are_those_of_the_other_client(server, tmp_path):
    async def fails(client, kind, images, **options):
        with pytest.raises(kind):
            await client.classify(options.pop("model", "m"), images, **options)

    async def work(client):
        await fails(client, UnknownModelError, b"x", model="mm")
        await fails(client, UnknownModelError, [b"x", b"y"], model="mm")
        await fails(client, InvalidRequestError, b"x", fit="squeeze")
        await fails(client, DeadlineError, [b"silence", b"x"], timeout=0.2)
        await fails(client, ServerError, [b"single", b"die"])
        await fails(client, ServerError, [b"x", b"vanish"])
        return await client.classify("m", tmp_path / "missing.png")

    (result,) = run(server, work)
    assert isinstance(result.error, ImageFormatError)


def test_two_calls_share_a_client(server):
    async def work(client):
        return await asyncio.gather(*(client.classify("m", [b"x"] * 10) for _ in range(5)))

    assert [len(results) for results in run(server, work)] == [10] * 5


def test_without_a_server_the_error_names_the_command(server):
    async def main():
        with pytest.raises(ServerUnavailableError, match="zoobridge serve ZOO"):
            await connect_async()
        with pytest.raises(ServerUnavailableError, match="no server answers"):
            await connect_async("127.0.0.1:1")

    asyncio.run(main())


def test_the_servers_status_reaches_a_caller_that_is_still_sending(server):
    async def work(client):
        for _ in range(10):
            with pytest.raises(ServerError, match="the roof fell in"):
                await client.classify("m", [b"die", *[bytes(300_000)] * 50])

    run(server, work)
