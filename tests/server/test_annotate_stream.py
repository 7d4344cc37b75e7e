"""A stream of annotations holds a few messages, however many pictures come."""

import tracemalloc

from zoobridge.protocol.v1 import image_pb2
from zoobridge.protocol.v1 import training_pb2 as pb
from zoobridge.server.training._annotate_stream import AnnotateStream

#: One in a hundred of what a large project has; the bound does not depend on it.
PICTURES = 1000
SIZE = 100_000


def test_pictures_are_read_as_they_are_answered_in_bounded_memory():
    sent = answered = 0
    ahead = []

    def requests():
        nonlocal sent
        for number in range(PICTURES):
            sent += 1
            yield pb.AnnotateRequest(id=str(number), image=image_pb2.Image(encoded=bytes(SIZE)))

    def answer(request):
        nonlocal answered
        ahead.append(sent - answered)
        answered += 1
        return [request.id.encode()]

    tracemalloc.start()
    responses = list(AnnotateStream(requests(), answer).responses())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert responses == [str(number).encode() for number in range(PICTURES)]
    assert max(ahead) <= 4
    assert peak < PICTURES * SIZE / 20
