# ruff: noqa: N802, ARG002 - gRPC names and calls the methods
"""A small real gRPC server, for faults that a whole server would not produce on demand."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
import pytest

from zoobridge import connect
from zoobridge.errors import ImageFormatError, OverloadedError, TrustError, UnknownModelError
from zoobridge.protocol import status_from_error, trailing_metadata
from zoobridge.protocol.v1 import (
    classification_pb2 as pb,
)
from zoobridge.protocol.v1 import (
    classification_pb2_grpc,
    model_pb2,
    prediction_pb2,
    zoo_pb2,
    zoo_pb2_grpc,
)


def abort(context, error):
    status = status_from_error(error)
    context.set_trailing_metadata(trailing_metadata(status))
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    context.abort(code, status.message)


@dataclass
class Script:
    """What the server was asked, and how it is to behave."""

    token: str = ""
    message_bytes: int = 64 << 20
    seen: list = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Zoo(zoo_pb2_grpc.ZooServiceServicer):
    def __init__(self, script):
        self.script = script

    def GetServerInfo(self, request, context):
        return zoo_pb2.GetServerInfoResponse(
            version="0", limits=zoo_pb2.Limits(message_bytes=self.script.message_bytes)
        )

    def ListModels(self, request, context):
        return zoo_pb2.ListModelsResponse(models=[model_pb2.Model(id="m", version="1")])

    def LoadModel(self, request, context):
        if ("authorization", f"Bearer {self.script.token}") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
        abort(context, TrustError("run `zoobridge trust m`", metadata={"model": "m"}))


class Classification(classification_pb2_grpc.ClassificationServiceServicer):
    def __init__(self, script):
        self.script = script

    def answer(self, request):
        self.script.seen.append(request)
        if request.model != "m":
            raise UnknownModelError("no model of that name", field="model")
        if request.image.encoded == b"not a picture":
            raise ImageFormatError("this is not a picture", field="image.encoded")
        if request.image.encoded == b"busy":
            raise OverloadedError("too much waits", retry_after=2.0)
        label = request.image.name
        items = max(1, len(request.regions))
        return pb.ClassifyResponse(
            results=[
                prediction_pb2.ItemResult(
                    index=index,
                    region_id=request.regions[index].id if request.regions else "",
                    prediction=prediction_pb2.Prediction(
                        top=[prediction_pb2.ClassScore(label=label, score=0.5)]
                    ),
                )
                for index in range(items)
            ],
            model=prediction_pb2.ModelIdentity(id="m", version="1", digest="d"),
            score_kind=prediction_pb2.SCORE_KIND_PROBABILITY,
        )

    def Classify(self, request, context):
        if request.image.encoded == b"slow":
            self.script.released.wait(5)
        try:
            return self.answer(request)
        except (UnknownModelError, ImageFormatError, OverloadedError) as error:
            abort(context, error)

    def ClassifyStream(self, requests, context):
        context.add_callback(self.note_cancel(context))
        held = []
        for message in requests:
            encoded = message.request.image.encoded
            if encoded == b"silence":
                self.script.released.wait(30)
                return
            if encoded == b"die":
                context.abort(grpc.StatusCode.INTERNAL, "the roof fell in")
            if encoded == b"vanish":
                return
            try:
                response = self.answer(message.request)
            except (UnknownModelError, ImageFormatError, OverloadedError) as error:
                yield pb.ClassifyStreamResponse(
                    id=message.id, last=True, error=status_from_error(error)
                )
                continue
            total = len(response.results)
            held.append((message.id, total, response))
            # Answers come back in pairs and the later one first, as a busy server's might.
            if len(held) == 2 or encoded == b"single":
                yield from (self.part(*one) for one in reversed(held))
                held.clear()
        yield from (self.part(*one) for one in held)

    def part(self, name, total, response):
        return pb.ClassifyStreamResponse(id=name, total=total, last=True, response=response)

    def note_cancel(self, context):
        return lambda: None if context.code() else self.script.cancelled.set()


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def start(script, monkeypatch, tmp_path):
    """Start the scripted server, with TLS if credentials are given, and return its port."""
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("ADDRESS", "TOKEN", "CA"):
        monkeypatch.delenv(f"ZOOBRIDGE_{name}", raising=False)
    servers = []

    def make(credentials=None):
        server = grpc.server(
            ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", 64 << 20)]
        )
        zoo_pb2_grpc.add_ZooServiceServicer_to_server(Zoo(script), server)
        classification_pb2_grpc.add_ClassificationServiceServicer_to_server(
            Classification(script), server
        )
        if credentials is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        servers.append(server)
        return port

    yield make
    script.released.set()
    for server in servers:
        server.stop(None).wait()


@pytest.fixture
def server(start):
    return f"127.0.0.1:{start()}"


@pytest.fixture
def client(server):
    with connect(server) as client:
        yield client
