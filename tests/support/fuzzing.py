"""Mutated messages over real sockets, and whether the server is ever to blame."""

import threading
from collections import Counter
from random import Random

import grpc
import psutil

from mutations import RICH, corpus, methods, mutate
from served import request
from zoobridge.protocol.inference import grpc_service_pb2
from zoobridge.protocol.v1 import classification_pb2
from zoobridge.server.inference._request import read_timeout

_CALLERS = 8
_STREAMED = 5
_SECONDS = 120
#: What no message may be answered with: the server's fault, its death, or no answer at all.
_FAULTS = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}
_INTERNAL = {code.value[0] for code in _FAULTS}
_INFER = "/inference.GRPCInferenceService/ModelInfer"
_CLASSIFY = "/zoobridge.v1.ClassificationService/Classify"


class Fuzzer:
    """Sends mutated messages to a server, by several callers at once.

    Parameters
    ----------
    server
        A `Serving` of the model ``brightness``.
    seed
        The same messages come of the same seed.
    only
        Beginning of the paths of the methods that are called, such as ``/inference.``.
    """

    def __init__(self, server, *, seed, only="/"):
        self.server = server
        self.seed = seed
        self.sent = 0
        self.codes = Counter()
        self._corpus = corpus()
        self._methods = {path: kind for path, kind in methods().items() if path.startswith(only)}
        self._rich = [path for path in RICH if path in self._methods]
        self._lock = threading.Lock()
        self._faults = []
        with grpc.insecure_channel(server.address) as channel:
            channel.unary_unary(_CLASSIFY)(request().SerializeToString(), timeout=120)
        self._processes = {child.pid for child in server.children()}
        self._memory = 0

    def __str__(self):
        codes = ", ".join(f"{count} {name}" for name, count in self.codes.most_common())
        return f"seed {self.seed}: {self.sent} messages: {codes}; {self.memory() >> 20} MB"

    def memory(self):
        return psutil.Process(self.server.pid).memory_info().rss

    def settle(self):
        """Take the memory that the server has now as what it may have."""
        self._memory = self.memory()

    def send(self, count):
        """Send so many messages more."""
        share = count // _CALLERS
        callers = [
            threading.Thread(target=self._caller, args=(f"{self.seed} {self.sent} {place}", share))
            for place in range(_CALLERS)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        if self._faults:
            log = self.server.log.read_text()[-3000:]
            raise AssertionError(f"seed {self.seed}: {self._faults[0]}\n{log}")

    def check(self, *, growth):
        """Fails where a process ended, an incident was logged, or the memory grew."""
        assert self.server.process.poll() is None
        # Calls of the training service start processes too.
        assert self._processes <= {child.pid for child in self.server.children()}
        log = self.server.log.read_text()
        assert "incident=" not in log, log[-3000:]
        assert self.memory() < growth * self._memory, (self.memory(), self._memory)

    def _caller(self, seed, count):
        random = Random(seed)
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(self.server.address, options) as channel:
            done = 0
            while done < count and not self._faults:
                path = random.choice(self._rich if random.random() < 0.8 else list(self._methods))
                streamed, answered = self._methods[path]
                number = _STREAMED if streamed else 1
                messages = [
                    mutate(random, random.choice(self._corpus[path])) for _ in range(number)
                ]
                code, text = _outcome(channel, path, messages, streamed, answered)
                done += number
                with self._lock:
                    self.sent += number
                    self.codes[code.name] += number
                    if code in _FAULTS and not _hurries(path, messages[0], code):
                        shown = [message.hex() for message in messages]
                        self._faults.append(f"{path}: {code.name}: {text}; {shown}")


def _hurries(path, message, code):
    """Whether a deadline passed that the message itself states, of less than a second."""
    if code is not grpc.StatusCode.DEADLINE_EXCEEDED or path != _INFER:
        return False
    seconds = read_timeout(grpc_service_pb2.ModelInferRequest.FromString(message))
    return seconds is not None and seconds < 1


def _outcome(channel, path, messages, streamed, answered):
    """The code of a call, or the first fault that one of its answers states."""
    if streamed:
        call = channel.stream_stream(path)(iter(messages), timeout=_SECONDS)
    elif answered:
        call = channel.unary_stream(path)(messages[0], timeout=_SECONDS)
    else:
        call = channel.unary_unary(path).future(messages[0], timeout=_SECONDS)
    try:
        answers = list(call) if streamed or answered else [call.result()]
    except grpc.RpcError:
        return call.code(), call.details()
    if path == _CLASSIFY:
        for result in classification_pb2.ClassifyResponse.FromString(answers[0]).results:
            if result.error.code in _INTERNAL:
                return grpc.StatusCode.INTERNAL, result.error.message
    return call.code(), call.details()
