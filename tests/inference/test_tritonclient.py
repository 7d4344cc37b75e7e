"""Stock Triton clients work unchanged, beside ZooBridge's own client in one process."""

import asyncio
import io
import queue

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from PIL import Image
from tritonclient.utils import InferenceServerException, shared_memory

EXPECTED = np.array([[0, 255], [100, 155], [200, 55]], np.float32)


def pixels_input(values=(0, 100, 200)):
    pixels = np.stack([np.full((4, 4, 1), value, np.uint8) for value in values])
    tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
    tensor.set_data_from_numpy(pixels)
    return tensor


def encoded_pictures(values=(0, 100, 200)):
    pictures = []
    for value in values:
        buffer = io.BytesIO()
        Image.fromarray(np.full((4, 4), value, np.uint8)).save(buffer, "PNG")
        pictures.append(buffer.getvalue())
    return pictures


def image_input(values=(0, 100, 200)):
    pictures = encoded_pictures(values)
    tensor = triton.InferInput("image", [len(pictures)], "BYTES")
    tensor.set_data_from_numpy(np.array(pictures, object))
    return tensor


def test_the_server_tells_what_it_is(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    metadata = client.get_server_metadata()
    assert metadata.name == "zoobridge"
    assert {"classification", "statistics", "system_shared_memory"} <= set(metadata.extensions)


def test_models_are_ready_in_each_version(client):
    assert client.is_model_ready("brightness")
    assert client.is_model_ready("brightness", "1.0.0")
    assert client.is_model_ready("brightness.network", "2.0.0")
    assert not client.is_model_ready("brightness", "9.9.9")
    assert not client.is_model_ready("wreck")
    assert not client.is_model_ready("nobody")


def test_metadata_names_the_tensors(client):
    network = client.get_model_metadata("brightness.network")
    assert [(t.name, t.datatype, list(t.shape)) for t in network.inputs] == [
        ("input", "FP32", [-1, 1, 4, 4])
    ]
    assert [(t.name, t.datatype, list(t.shape)) for t in network.outputs] == [
        ("output", "FP32", [-1, 2])
    ]
    assert set(network.versions) == {"1.0.0", "2.0.0"}
    classifier = client.get_model_metadata("brightness")
    assert [(t.name, t.datatype, list(t.shape)) for t in classifier.inputs] == [
        ("pixels", "UINT8", [-1, 4, 4, 1])
    ]
    assert [(t.name, t.datatype, list(t.shape)) for t in classifier.outputs] == [
        ("scores", "FP32", [-1, 2])
    ]
    encoded = client.get_model_metadata("brightness.encoded")
    assert [(t.name, t.datatype, list(t.shape)) for t in encoded.inputs] == [
        ("image", "BYTES", [-1, 1])
    ]


def test_the_configuration_is_tritons(client):
    config = client.get_model_config("brightness.network").config
    assert config.platform == "onnxruntime_onnx"
    assert config.max_batch_size > 1
    assert list(config.input[0].dims) == [1, 4, 4]
    assert len(config.parameters["digest"].string_value) == 64


def test_the_raw_network_answers_its_tensors(client, tensor):
    result = client.infer("brightness.network", [tensor], request_id="seven")
    assert result.as_numpy("output") == pytest.approx(EXPECTED)
    response = result.get_response()
    assert (response.id, response.model_name) == ("seven", "brightness.network")
    assert response.model_version == "2.0.0"
    assert not response.outputs[0].HasField("contents")


@pytest.mark.parametrize("make", [pixels_input, image_input])
def test_the_image_classifier_prepares_pictures_and_names_classes(client, make):
    result = client.infer("brightness", [make()])
    assert result.as_numpy("scores") == pytest.approx(EXPECTED)
    assert result.as_numpy("label").tolist() == [b"dark", b"dark", b"bright"]


def test_a_version_that_is_no_number_is_refused(client):
    with pytest.raises(InferenceServerException, match="'abc' is not a version"):
        client.is_model_ready("brightness", "abc")


def test_pixels_of_another_size_than_stated_are_converted(client):
    pixels = np.full((1, 8, 6, 3), 200, np.uint8)
    tensor = triton.InferInput("pixels", pixels.shape, "UINT8")
    tensor.set_data_from_numpy(pixels)
    assert client.infer("brightness", [tensor]).as_numpy("label").tolist() == [b"bright"]


def test_triton_s_ensemble_image_client_finds_what_it_looks_for(client):
    # One input, filled with a column of encoded files, and class_count of every output.
    metadata = client.get_model_metadata("brightness.encoded")
    outputs = [triton.InferRequestedOutput(one.name, class_count=2) for one in metadata.outputs]
    (name,) = [one.name for one in metadata.inputs]
    column = triton.InferInput(name, [3, 1], "BYTES")
    column.set_data_from_numpy(np.array(encoded_pictures(), object).reshape(3, 1))
    rows = client.infer("brightness.encoded", [column], outputs=outputs).as_numpy("scores")
    assert [row[0].decode().split(":")[2] for row in rows] == ["dark", "dark", "bright"]


@pytest.mark.parametrize(
    ("model", "output", "make"),
    [("brightness", "scores", pixels_input), ("brightness.network", "output", None)],
)
def test_the_classification_extension_names_the_best(client, tensor, model, output, make):
    asked = triton.InferRequestedOutput(output, class_count=1)
    result = client.infer(model, [make() if make else tensor], outputs=[asked])
    rows = result.as_numpy(output)
    assert rows.shape == (3, 1)
    assert rows[2, 0] == b"200.0:0:bright"


def test_encoded_pictures_may_come_as_a_column(client):
    flat = image_input()
    column = triton.InferInput("image", [3, 1], "BYTES")
    column.set_data_from_numpy(np.array([[b""]] * 3, object))
    column._raw_content = flat._raw_content
    rows = client.infer("brightness", [column]).as_numpy("scores")
    np.testing.assert_array_equal(rows, EXPECTED)


def test_labels_of_any_characters_survive(client):
    asked = triton.InferRequestedOutput("scores", class_count=2)
    rows = client.infer("colon", [pixels_input((200,))], outputs=[asked]).as_numpy("scores")
    score, index, label = rows[0, 0].decode().split(":", 2)
    assert (float(score), index, label) == (200.0, "0", "a:b, c")
    assert rows[0, 1].decode().endswith(":1:größer")


def test_nan_is_never_the_best(client):
    batch = np.full((1, 1, 4, 4), np.nan, np.float32)
    tensor = triton.InferInput("input", batch.shape, "FP32")
    tensor.set_data_from_numpy(batch)
    asked = triton.InferRequestedOutput("output", class_count=2)
    rows = client.infer("brightness.network", [tensor], outputs=[asked]).as_numpy("output")
    assert all(row.startswith(b"nan:") for row in rows[0])


def test_asyncio_clients_work(inference_server, batch):
    async def ask():
        async with triton_aio.InferenceServerClient(inference_server.address) as client:
            tensor = triton_aio.InferInput("input", batch.shape, "FP32")
            tensor.set_data_from_numpy(batch)
            results = await asyncio.gather(
                *(client.infer("brightness.network", [tensor]) for _ in range(8))
            )
            return [result.as_numpy("output") for result in results]

    for scores in asyncio.run(ask()):
        assert scores == pytest.approx(EXPECTED)


def test_streams_answer_each_request_and_go_on_after_an_error(client, tensor):
    outcomes: queue.Queue = queue.Queue()
    client.start_stream(lambda result, error: outcomes.put((result, error)))
    for number in range(10):
        model = "nobody" if number == 4 else "brightness.network"
        client.async_stream_infer(model, [tensor], request_id=str(number))
    found = [outcomes.get(timeout=60) for _ in range(10)]
    client.stop_stream()
    good = [result for result, error in found if error is None]
    assert sorted(result.get_response().id for result in good) == list("012356789")
    (bad,) = [error for _, error in found if error is not None]
    assert "nobody" in str(bad)


def test_system_shared_memory_spares_the_bytes(client, batch):
    handle_in = shared_memory.create_shared_memory_region("in", "/zoobridge-test-in", batch.nbytes)
    handle_out = shared_memory.create_shared_memory_region("out", "/zoobridge-test-out", 24)
    try:
        shared_memory.set_shared_memory_region(handle_in, [batch])
        client.register_system_shared_memory("in", "/zoobridge-test-in", batch.nbytes)
        client.register_system_shared_memory("out", "/zoobridge-test-out", 24)
        regions = client.get_system_shared_memory_status().regions
        assert {name: region.byte_size for name, region in regions.items()} == {
            "in": batch.nbytes,
            "out": 24,
        }
        tensor = triton.InferInput("input", batch.shape, "FP32")
        tensor.set_shared_memory("in", batch.nbytes)
        output = triton.InferRequestedOutput("output")
        output.set_shared_memory("out", 24)
        result = client.infer("brightness.network", [tensor], outputs=[output])
        assert result.get_output("output").parameters["shared_memory_byte_size"].uint64_param == 24
        scores = shared_memory.get_contents_as_numpy(handle_out, np.float32, (3, 2))
        assert scores == pytest.approx(EXPECTED)
    finally:
        client.unregister_system_shared_memory()
        shared_memory.destroy_shared_memory_region(handle_in)
        shared_memory.destroy_shared_memory_region(handle_out)
    assert not client.get_system_shared_memory_status().regions


def test_the_repository_lists_what_can_be_used_and_why_not(client):
    models = {model.name: model for model in client.get_model_repository_index().models}
    assert models["brightness"].state == "READY"
    assert models["wreck"].state == "UNAVAILABLE"
    assert models["wreck"].reason


def test_loading_and_unloading_take_the_managing_token(client, manager):
    with pytest.raises(InferenceServerException, match="managing token"):
        client.load_model("brightness")
    client.load_model("brightness", headers=manager)
    client.unload_model("brightness", headers=manager)


def test_statistics_count_requests_and_batches(client, tensor, manager):
    client.unload_model("brightness", headers=manager)
    for _ in range(3):
        client.infer("brightness.network", [tensor])
    (stats,) = client.get_inference_statistics("brightness.network").model_stats
    assert stats.inference_stats.success.count == 3
    assert stats.execution_count == 3
    assert {batch.batch_size for batch in stats.batch_stats} == {3}
    assert stats.memory_usage[0].byte_size > 1 << 20


def test_a_timeout_is_kept(client, tensor, manager):
    client.unload_model("brightness", headers=manager)
    with pytest.raises(InferenceServerException, match="deadline"):
        client.infer("brightness.network", [tensor], timeout=1)


def test_declared_messages_are_those_of_tritonclient():
    from tritonclient.grpc import model_config_pb2, service_pb2

    from zoobridge.protocol.inference import grpc_service_pb2
    from zoobridge.protocol.inference import model_config_pb2 as own_config_pb2

    def compare(ours, theirs):
        fields = {field.number: field for field in theirs.fields}
        for field in ours.fields:
            other = fields[field.number]
            assert (field.name, field.type) == (other.name, other.type)
            assert field.is_repeated == other.is_repeated
        for nested in ours.nested_types:
            compare(nested, theirs.nested_types_by_name[nested.name])

    for ours, theirs in ((grpc_service_pb2, service_pb2), (own_config_pb2, model_config_pb2)):
        for name, message in ours.DESCRIPTOR.message_types_by_name.items():
            compare(message, theirs.DESCRIPTOR.message_types_by_name[name])
