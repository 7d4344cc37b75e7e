"""A worker loads what its first frame names, says what it is, and answers until its channel ends."""

import json

import numpy as np
import pytest

from engine_asks import request_for
from zoobridge.engine import EngineConfig, pack_tensors, unpack_tensors
from zoobridge.engine.channel._arena import Arena
from zoobridge.engine.channel._failure import worker_error
from zoobridge.engine.channel._frames import PART, RUN, FrameKind
from zoobridge.engine.launch._load_frame import load_document
from zoobridge.engine.launch._spawn import SpawnLauncher
from zoobridge.errors import BackendError, DeviceError
from zoobridge.protocol.v1 import classification_pb2 as messages
from zoobridge.zoo import weights_file

CONFIG = EngineConfig(device="cpu", threads=1)


class Spoken:
    """A worker, and frames to and from it."""

    def __init__(self, folder):
        self.folder = folder
        self.arena = Arena(1 << 16, folder / "arena", anonymous=False)
        self.worker = SpawnLauncher().launch("faulty", self.arena, folder)

    def load(self, model, *, config=CONFIG, bare=False):
        weights = model.weights[0]
        document = load_document(
            weights_file(model, weights, trusted=True),
            config,
            read=[model.root],
            model=None if bare else model,
        )
        self.worker.writer.send(FrameKind.LOAD, 0, document)
        return self.worker.reader.next()

    def ask(self, data, *, tensors=False):
        with self.arena.path.open("r+b") as file:
            file.write(data)
        run = RUN.pack(0, len(data), 60.0, 0.0, False, tensors)
        self.worker.writer.send(FrameKind.RUN, 1, run)
        frame = self.worker.reader.next()
        assert frame.kind == FrameKind.PART
        return bytes(frame.payload)[PART.size :]

    def close(self):
        self.worker.writer.close()
        assert self.worker.wait(30)
        self.worker.reader.close()
        self.arena.close()


@pytest.fixture
def spoken(tmp_path):
    folder = tmp_path / "worker"
    folder.mkdir()
    worker = Spoken(folder)
    yield worker
    worker.close()


def test_it_says_what_it_has_loaded_and_where(spoken, faulty):
    frame = spoken.load(faulty())
    assert frame.kind == FrameKind.READY
    ready = json.loads(bytes(frame.payload))
    assert (ready["framework"], ready["framework_version"]) == ("faulty", "1.0")
    assert (ready["device"], ready["devices"], ready["precision"]) == ("cpu", ["cpu"], "float32")
    assert [spec["name"] for spec in ready["outputs"]] == ["output"]


def test_it_classifies_pictures_of_its_model(spoken, faulty):
    spoken.load(faulty())
    response = messages.ClassifyResponse.FromString(spoken.ask(request_for(10, rest=10)))
    assert response.results[0].prediction.top[0].label == "dark"


def test_a_bare_network_takes_tensors(spoken, faulty):
    spoken.load(faulty(), bare=True)
    data = pack_tensors({"input": np.full((1, 4, 4), 5, "f4")})
    np.testing.assert_array_equal(
        unpack_tensors(spoken.ask(data, tensors=True))["output"], [[5, 250]]
    )


@pytest.mark.parametrize(
    ("command", "device", "error"),
    [("refuse", "cpu", BackendError), ("", "cuda:7", DeviceError)],
    ids=["weights", "device"],
)
def test_what_cannot_be_loaded_is_its_last_frame(spoken, faulty, command, device, error):
    frame = spoken.load(faulty(command=command), config=EngineConfig(device=device, threads=1))
    assert (frame.kind, frame.number) == (FrameKind.FAILED, 0)
    assert isinstance(worker_error(frame.payload), error)
    assert spoken.worker.reader.next() is None


def test_it_may_be_asked_for_its_devices_alone(spoken):
    spoken.worker.writer.send(FrameKind.LOAD, 0, load_document(None, CONFIG, read=[]))
    frame = spoken.worker.reader.next()
    assert json.loads(bytes(frame.payload))["devices"] == ["cpu"]
    assert spoken.worker.reader.next() is None


def test_it_is_confined_to_its_folder(spoken, faulty):
    ready = json.loads(bytes(spoken.load(faulty()).payload))
    assert ready["confinement"] in {"landlock", "none"}
