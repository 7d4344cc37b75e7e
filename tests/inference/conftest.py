"""A served zoo, and stock Triton clients of it."""

import numpy as np
import pytest
import tritonclient.grpc as triton

from served import write_package


@pytest.fixture(scope="session")
def inference_server(tmp_path_factory, zoobridge_server):
    """A zoo of a model in two versions, one with awkward labels, and a broken one."""
    folder = tmp_path_factory.mktemp("zoo")
    write_package(folder / "brightness", "brightness")
    write_package(folder / "brightness-2", "brightness", version="2.0.0")
    (write_package(folder / "wreck", "wreck") / "weights.onnx").write_bytes(b"no weights")
    labels = [{"type": "channel", "channel_names": ["a:b, c", "größer"]}]
    outputs = [
        {
            "id": "output",
            "axes": [{"type": "batch"}, *labels],
            "data": {"type": "float32"},
            "test_tensor": {"source": "test_output.npy"},
        }
    ]
    write_package(folder / "colon", "colon", outputs=outputs)
    return zoobridge_server(folder)


@pytest.fixture
def client(inference_server):
    with triton.InferenceServerClient(inference_server.address) as client:
        yield client


@pytest.fixture
def manager(inference_server):
    """Metadata that allows loading and unloading."""
    return {"authorization": f"Bearer {inference_server.token}"}


@pytest.fixture
def batch():
    """Three pictures of 4 × 4 whose first is the darkest, as the network takes them."""
    return np.stack([np.full((1, 4, 4), value, np.float32) for value in (0, 100, 200)])


@pytest.fixture
def tensor(batch):
    """The batch as an input of the raw network."""
    tensor = triton.InferInput("input", batch.shape, "FP32")
    tensor.set_data_from_numpy(batch)
    return tensor
