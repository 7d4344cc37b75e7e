"""Requests of many kinds over several models, all at once: each answer is the single request's."""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from calling import error_of_call
from served import Caller, request, write_package
from sized import sized
from zoobridge.protocol.v1 import classification_pb2

REQUESTS = sized(3_000, 1_000_000)
CALLERS = 16
MODELS = 5


def _network(seed):
    """Two sums of the pixels with weights of whole numbers, so that no batch rounds otherwise."""
    weights = np.random.default_rng(seed).integers(-9, 10, (16, 2)).astype("float32")
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["input"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["output"]),
        ],
        "sums",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 4, 4])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def server(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("five")
    for number in range(MODELS):
        write_package(folder / f"m{number}", f"m{number}", network=_network(number))
    return serve("--threads", "2", "--max-wait", "600", zoo=folder)


def kinds():
    """One request of each kind, sound and not; several models, levels, regions and mistakes."""
    chance = random.Random(2)
    for number, level in itertools.product(range(MODELS), range(0, 250, 50)):
        name = f"m{number}"
        yield request(level, name)
        yield request(level, name, options={"top_k": 1, "all_scores": True})
        with_regions = request(level, name)
        for x in (0, 1, 1000):
            with_regions.regions.add(id=str(x), box={"x": x, "y": 0, "width": 3, "height": 4})
        yield with_regions
        yield classification_pb2.ClassifyRequest(
            model=name, image={"encoded": chance.randbytes(40)}
        )
        yield request(level, name, framework="tensorflow")
    yield request(model="nobody")
    yield classification_pb2.ClassifyRequest(model="m0")


def essence(response):
    """What of an answer does not depend on when it was given."""
    same = classification_pb2.ClassifyResponse()
    same.CopyFrom(response)
    same.ClearField("timing")
    # The parts of a stream's answer come as they complete.
    same.results.sort(key=lambda result: result.index)
    return same.SerializeToString(deterministic=True)


def outcome(ask):
    try:
        return essence(ask())
    except grpc.RpcError as error:
        known = error_of_call(error)
        return type(known).__name__, known.message


def test_every_answer_equals_the_single_requests(server):
    caller = Caller(server.address)
    asked = list(kinds())
    singles = [
        outcome(lambda one=one: caller.classification.Classify(one, timeout=90)) for one in asked
    ]
    assert len(set(singles)) > MODELS * 5
    wrong = []
    counts = [0, 0]
    lock = threading.Lock()

    def unary(seed):
        chance = random.Random(seed)
        for _ in range(REQUESTS // CALLERS // 2):
            kind = chance.randrange(len(asked))
            found = outcome(
                lambda one=asked[kind]: caller.classification.Classify(one, timeout=600)
            )
            if found != singles[kind]:
                wrong.append((asked[kind], found))
        with lock:
            counts[0] += REQUESTS // CALLERS // 2

    def stream(seed):
        chance = random.Random(seed)
        chosen = [chance.randrange(len(asked)) for _ in range(REQUESTS // CALLERS // 2)]
        own = Caller(server.address)
        # Later messages inherit what they leave empty: nothing but a model.
        first = classification_pb2.ClassifyStreamRequest(request={"model": "m0"})
        messages = itertools.chain(
            [first],
            (
                classification_pb2.ClassifyStreamRequest(id=str(place), request=asked[kind])
                for place, kind in enumerate(chosen)
            ),
        )
        parts = {}
        for answer in own.classification.ClassifyStream(messages, timeout=7200):
            place = int(answer.id)
            if answer.WhichOneof("outcome") == "error":
                parts[place] = answer.error
            else:
                parts.setdefault(place, classification_pb2.ClassifyResponse()).MergeFrom(
                    answer.response
                )
        for place, kind in enumerate(chosen):
            found = parts[place]
            if isinstance(found, classification_pb2.ClassifyResponse):
                same = essence(found) == singles[kind]
            else:
                same = found.message == singles[kind][1]
            if not same:
                wrong.append((asked[kind], found))
        with lock:
            counts[1] += len(chosen)
        own.channel.close()

    with ThreadPoolExecutor(2 * CALLERS) as pool:
        for future in [
            pool.submit(way, seed) for seed in range(CALLERS) for way in (unary, stream)
        ]:
            future.result()
    caller.channel.close()
    print(f"\n{counts[0]} unary and {counts[1]} streamed requests of {len(asked)} kinds, all alike")
    assert wrong == []
