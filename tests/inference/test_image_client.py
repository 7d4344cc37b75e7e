"""The gRPC command lines of Triton's image_client.py, its steps repeated with tritonclient."""

import argparse
import http.client
import itertools
import queue

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

VALUES = (0, 100, 200)
CHANNELS_LAST, CHANNELS_FIRST = 1, 2  # FORMAT_NHWC, FORMAT_NCHW

OPTIONS = argparse.ArgumentParser()
OPTIONS.add_argument("-m", dest="model")
OPTIONS.add_argument("-x", dest="version", default="")
OPTIONS.add_argument("-b", dest="batch", type=int, default=1)
OPTIONS.add_argument("-c", dest="classes", type=int, default=1)
OPTIONS.add_argument("-s", dest="scaling", default="NONE")
OPTIONS.add_argument("-a", dest="asynchronous", action="store_true")
OPTIONS.add_argument("--streaming", action="store_true")


def scaled(pixels, scaling):
    """Scale as the script does: in the input's own type, of which INCEPTION makes floats."""
    if scaling == "INCEPTION":
        return pixels / 127.5 - 1
    return pixels - np.asarray((128,), pixels.dtype) if scaling == "VGG" else pixels


def prepared(client, options):
    """Return pictures as the model's metadata and configuration ask for them, and the tensors' names."""
    metadata = client.get_model_metadata(options.model, options.version)
    config = client.get_model_config(options.model, options.version).config
    assert len(metadata.inputs) == len(metadata.outputs) == len(config.input) == 1
    assert metadata.outputs[0].datatype == "FP32"
    assert sum(length > 1 for length in metadata.outputs[0].shape[1:]) <= 1
    assert config.max_batch_size > 1
    assert config.input[0].format in {CHANNELS_LAST, CHANNELS_FIRST}
    (taken,) = metadata.inputs
    batch, *shape = taken.shape
    channels = shape[0 if config.input[0].format == CHANNELS_FIRST else -1]
    assert (batch, channels, min(shape)) == (-1, 1, 1)
    pictures = [np.full(shape, value, triton_to_np_dtype(taken.datatype)) for value in VALUES]
    return [scaled(one, options.scaling) for one in pictures], taken, metadata.outputs[0].name


def answers(client, options):
    """Return the rows of each request, in the order in which they were sent."""
    pictures, taken, name = prepared(client, options)
    endless = itertools.cycle(pictures)
    asked = [triton.InferRequestedOutput(name, class_count=options.classes)]
    count = -(-len(pictures) // options.batch)  # The last is filled up with the first pictures.
    outcomes = queue.Queue()

    def done(result, error):
        outcomes.put((result, error))

    if options.streaming:
        client.start_stream(done)
    for number in range(count):
        batch = np.stack([next(endless) for _ in range(options.batch)])
        tensor = triton.InferInput(taken.name, batch.shape, taken.datatype)
        tensor.set_data_from_numpy(batch)
        more = {
            "request_id": str(number),
            "model_version": options.version,
            "outputs": asked,
        }
        if options.streaming:
            client.async_stream_infer(options.model, [tensor], **more)
        elif options.asynchronous:
            client.async_infer(options.model, [tensor], done, **more)
        else:
            done(client.infer(options.model, [tensor], **more), None)
    if options.streaming:
        client.stop_stream()
    found = [outcomes.get(timeout=60) for _ in range(count)]
    assert [error for _, error in found if error is not None] == []
    found.sort(key=lambda one: int(one[0].get_response().id))
    return [result.as_numpy(name) for result, _ in found]


@pytest.mark.parametrize(
    "line",
    [
        "-m brightness",
        "-m brightness -c 2",
        "-m brightness -c 2 -b 2",
        "-m brightness -a -b 2",
        "-m brightness --streaming -b 3 -c 2",
        "-m brightness -s VGG",
        "-m brightness.network -x 1.0.0 -c 2",
        "-m brightness.network -c 3 -b 2",
        "-m brightness.network -s INCEPTION",
        "-m brightness.network -s VGG -c 2 -a",
        "-m brightness.network -s INCEPTION -c 2 -b 2 --streaming",
    ],
)
def test_each_command_line_is_answered(client, line):
    options = OPTIONS.parse_args(line.split())
    rows = answers(client, options)
    kind = np.float32 if options.model.endswith(".network") else np.uint8
    seen = scaled(np.array(VALUES, kind), options.scaling).astype(float)
    scores = np.stack([seen, 255 - seen], axis=1)
    places = itertools.cycle(range(len(VALUES)))
    for request in rows:
        assert request.shape == (options.batch, min(options.classes, 2))
        for row in request:
            wanted = scores[next(places)]
            best = np.argsort(-wanted)[: options.classes]
            parts = [one.decode().split(":") for one in row]
            assert [(int(index), label) for _, index, label in parts] == [
                (index, ("bright", "dark")[index]) for index in best
            ]
            assert [float(score) for score, _, _ in parts] == pytest.approx(wanted[best], abs=1e-4)


def test_a_scaling_to_floats_is_refused_by_the_client_for_pictures_of_bytes(client):
    options = OPTIONS.parse_args(["-m", "brightness", "-s", "INCEPTION"])
    with pytest.raises(InferenceServerException, match="expected UINT8"):
        answers(client, options)


def test_without_i_grpc_the_script_ends_at_once(inference_server):
    # Its HTTP client raises HTTPParseError; here, the standard library's says the same.
    host, _, port = inference_server.address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("GET", "/v2/models/brightness")
    with pytest.raises(http.client.BadStatusLine):
        connection.getresponse()
    connection.close()
