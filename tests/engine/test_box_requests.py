"""A request of many boxes is answered as one of regions that are read one by one."""

import numpy as np
import pytest

from zoobridge.backend import BackendFault
from zoobridge.engine.worker._classify_job import ClassifyHandler
from zoobridge.engine.worker._job import RunFrame
from zoobridge.imaging import PictureLimits
from zoobridge.protocol.v1 import classification_pb2 as pb
from zoobridge.protocol.v1 import image_pb2

PIXELS = np.random.default_rng(1).integers(0, 256, (40, 60), np.uint8)


class Means:
    """Answers each item with its mean, and with 255 less that; keeps the batch sizes."""

    def __init__(self):
        self.sizes = []
        self.answered = lambda rows: rows

    def forward(self, inputs):
        (array,) = inputs
        self.sizes.append(len(array))
        means = array.reshape(len(array), -1).mean(axis=1)
        return [np.stack([means, 255 - means], axis=1)[: self.answered(len(array))]]


def _request(rows, *, ids=False):
    request = pb.ClassifyRequest(options={"top_k": 2})
    pixels = request.image.pixels
    pixels.data_type, pixels.axes = image_pb2.DATA_TYPE_UINT8, "YX"
    pixels.shape[:] = PIXELS.shape
    pixels.data = PIXELS.tobytes()
    for place, (x, y, width, height) in enumerate(rows):
        box = image_pb2.Box(x=x, y=y, width=width, height=height)
        request.regions.add(id=str(place) if ids else "", box=box)
    return request


def _answer(handler, request, network, *, size=8, chunk=50):
    job = handler.job(RunFrame(1, memoryview(request.SerializeToString())))
    while not job.prepared:
        entries, failed = job.prepare(chunk)
        job.add(failed)
        for entry in entries:
            (own,) = handler.split([entry], handler.forward(network, [entry], size))
            job.add(own)
    (data,), items = job.part()
    response = pb.ClassifyResponse.FromString(bytes(data))
    assert items == len(response.results)
    response.ClearField("timing")
    return response


@pytest.fixture
def handler(faulty):
    return ClassifyHandler(faulty(command="mean"), limits=PictureLimits(), max_items=1000)


BOXES = [(n % 50, n % 30, 4, 4) for n in range(120)]
SIZES = [(n % 50, n % 30, 2 + n % 3, 2 + n % 2) for n in range(120)]
#: The last leaves the picture, so that all are read one by one.
CLIPPED = [*BOXES, (58, 38, 4, 4)]


@pytest.mark.parametrize("rows", [BOXES, SIZES])
@pytest.mark.parametrize("ids", [False, True])
def test_boxes_are_answered_as_regions_one_by_one(handler, rows, ids):
    together = _answer(handler, _request(rows, ids=ids), Means())
    assert [one.index for one in together.results] == list(range(len(rows)))
    # Few regions are always read one by one.
    for start in range(0, len(rows), 10):
        alone = _answer(handler, _request(rows[start : start + 10], ids=ids), Means())
        for place, result in enumerate(alone.results):
            result.index += start
            if ids:
                result.region_id = str(start + place)
            assert result == together.results[start + place]


def test_a_box_that_leaves_the_picture_changes_no_other_answer(handler):
    clipped = _answer(handler, _request(CLIPPED), Means())
    assert list(_answer(handler, _request(BOXES), Means()).results) == list(clipped.results)[:-1]


def test_the_network_runs_in_batches_of_the_size_that_pays(handler):
    network = Means()
    _answer(handler, _request(BOXES), network, size=8, chunk=40)
    assert network.sizes == [8] * 15


def test_a_network_that_answers_too_few_in_one_of_several_batches_is_found_out(handler):
    network = Means()
    network.answered = lambda rows: rows - 1
    with pytest.raises(BackendFault, match="7 items where 8"):
        _answer(handler, _request(BOXES), network, size=8)


def test_the_item_without_a_score_has_the_error(handler):
    class Nameless(Means):
        def forward(self, inputs):
            (output,) = super().forward(inputs)
            output[3] = np.nan
            return [output]

    response = _answer(handler, _request(BOXES), Nameless(), size=40, chunk=40)
    faulty = [one.index for one in response.results if one.WhichOneof("outcome") == "error"]
    assert faulty == [3, 43, 83]
    assert len(response.results) == len(BOXES)
