"""Inference requests: what they ask of the image classifier or the bare network, and the answer."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.engine import InferenceRequest, tensor_chunks, unpack_tensors
from zoobridge.errors import InvalidRequestError, WorkerError
from zoobridge.protocol import before_picture, error_from_status, shortest_float32
from zoobridge.protocol.v1 import classification_pb2, image_pb2
from zoobridge.server.inference._elements import encode_bytes
from zoobridge.server.inference._request import read_inputs, read_outputs, read_timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.engine import Chunk, TensorBytes
    from zoobridge.server._model_selection import ModelSelection
    from zoobridge.server.inference._request import Wanted
    from zoobridge.server.inference._shared_memory import CallerRegions
    from zoobridge.server.inference._views import Targets, View

    Outputs = dict[str, NDArray[np.generic] | list[bytes]]

__all__ = ["Inference", "read_inference"]

_FINAL = "triton_enable_empty_final_response"


@dataclass(frozen=True, eq=False)
class Inference:
    """A ``ModelInferRequest`` that was found to be sound.

    Parameters
    ----------
    request
        The request.
    view, choice
        What answers it.
    inputs
        Its tensors by name.
    wanted
        The outputs that it asks for.
    deadline
        On the clock of :func:`time.monotonic`; `None` for none.
    """

    request: Any
    view: View
    choice: ModelSelection
    inputs: Mapping[str, TensorBytes | list[bytes]]
    wanted: Sequence[Wanted]
    deadline: float | None

    def works(self, may_wait: Callable[[float], bool] | None = None) -> list[InferenceRequest]:
        """Return the work for the engine: a single one, or one for each encoded picture.

        Parameters
        ----------
        may_wait
            As of an :class:`InferenceRequest`.

        Raises
        ------
        InvalidRequestError
            If the inputs are not those that there must be.
        """
        if self.view.network:
            requests = [_network_request(self.view, self.inputs)]
        else:
            requests = _classifier_requests(self.inputs)
        choice, network = self.choice, self.view.network
        return [
            InferenceRequest(
                choice.model,
                choice.weights,
                chunks,
                self.deadline,
                tensors=network,
                may_wait=may_wait,
            )
            for chunks in requests
        ]

    def respond(self, response: Any, answers: Sequence[bytes | memoryview]) -> None:
        """Write the answer to the request.

        Parameters
        ----------
        response
            An empty ``ModelInferResponse``, where the answer is to be: it would else be copied there.
        answers
            What the engine answered to each of :meth:`works`.

        Raises
        ------
        ZooBridgeError
            If that is an error, or not what was asked for.
        """
        view, request = self.view, self.request
        if view.network:
            outputs = _network_outputs(view, answers[0])
        else:
            outputs = _classifier_outputs(view, answers, encoded="image" in self.inputs)
        response.model_name = view.name
        response.model_version = view.version
        response.id = request.id
        for one in self.wanted:
            _add_output(response, view, one, outputs[one.tensor.name])
        if _FINAL in request.parameters and request.parameters[_FINAL].bool_param:
            response.parameters["triton_final_response"].bool_param = True


def read_inference(
    targets: Targets, memory: CallerRegions, request: Any, *, deadline: float | None
) -> Inference:
    """Read a ``ModelInferRequest``.

    Parameters
    ----------
    targets
        Finds models.
    memory
        The shared memory of the call's user.
    request
        The request.
    deadline
        Of the call, on the clock of :func:`time.monotonic`; `None` for none.

    Raises
    ------
    ZooBridgeError
        If it cannot be answered.
    """
    target = targets.find(request.model_name, request.model_version)
    view = target.view
    timeout = read_timeout(request)
    if timeout is not None:
        limit = time.monotonic() + timeout
        deadline = limit if deadline is None else min(limit, deadline)
    wanted = read_outputs(view, request, memory)
    inputs = read_inputs(view, request, memory)
    return Inference(request, view, target.choice, inputs, wanted, deadline)


def _network_request(view: View, inputs: Mapping[str, Any]) -> Sequence[Chunk]:
    missing = [tensor.name for tensor in view.inputs if tensor.name not in inputs]
    if missing:
        raise InvalidRequestError(
            f"model '{view.name}' takes the input '{missing[0]}', which is missing", field="inputs"
        )
    return tensor_chunks({tensor.name: inputs[tensor.name] for tensor in view.inputs})


def _network_outputs(view: View, answer: bytes | memoryview) -> Outputs:
    found = list(unpack_tensors(answer).values())
    output = view.model.output
    index = output.index if output is not None else 0
    if index >= len(found):
        raise WorkerError(f"the network of '{view.name}' gave no output number {index}")
    return {view.outputs[0].name: found[index]}


def _classifier_requests(inputs: Mapping[str, Any]) -> list[Sequence[Chunk]]:
    if len(inputs) != 1:
        raise InvalidRequestError(
            "give one of the inputs 'image' (encoded pictures) and 'pixels' (their elements)",
            field="inputs",
        )
    options = {"top_k": 1, "all_scores": True}
    request = classification_pb2.ClassifyRequest(options=options)
    if "pixels" in inputs:
        pixels: TensorBytes = inputs["pixels"]
        # Positions are planes of one picture: prepared together, answered in order.
        message = image_pb2.Pixels(
            data_type=image_pb2.DATA_TYPE_UINT8, shape=pixels.shape, axes="PYXC"
        )
        head = before_picture(request, image_pb2.Image(pixels=message), math.prod(pixels.shape))
        return [(head, pixels.data)]
    requests: list[Sequence[Chunk]] = []
    for picture in inputs["image"]:
        request.image.encoded = picture
        requests.append((request.SerializeToString(),))
    return requests


def _classifier_outputs(
    view: View, answers: Sequence[bytes | memoryview], *, encoded: bool
) -> Outputs:
    results: list[Any] = []
    for number, answer in enumerate(answers):
        response = classification_pb2.ClassifyResponse.FromString(bytes(answer))
        if encoded and len(response.results) != 1:
            raise InvalidRequestError(
                f"picture {number} holds {len(response.results)} planes; send one plane, or use "
                "zoobridge.v1 for stacks",
                field="inputs",
            )
        results.extend(response.results)
    labels: list[bytes] = []
    scores: list[Sequence[float]] = []
    for number, result in enumerate(results):
        if result.WhichOneof("outcome") == "error":
            error = error_from_status(result.error)
            raise type(error)(f"picture {number}: {error.message}", field="inputs")
        labels.append(result.prediction.top[0].label.encode())
        scores.append(result.prediction.scores)
    outputs: Outputs = {"label": labels}
    if any(tensor.name == "scores" for tensor in view.outputs):
        outputs["scores"] = np.array(scores, np.float32)
    return outputs


def _add_output(
    response: Any, view: View, wanted: Wanted, value: NDArray[np.generic] | list[bytes]
) -> None:
    output = response.outputs.add(name=wanted.tensor.name, datatype=wanted.tensor.datatype)
    if isinstance(value, list):
        output.shape.append(len(value))
        data = encode_bytes(value)
    elif wanted.classes:
        best = _best_classes(value, view.model.labels, wanted.classes)
        output.datatype = "BYTES"
        output.shape.extend((len(value), wanted.classes))
        data = encode_bytes(best)
    else:
        output.shape.extend(value.shape)
        data = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes("C")
    if wanted.region is None:
        response.raw_output_contents.append(data)
        return
    if len(data) > wanted.size:
        raise InvalidRequestError(
            f"output '{wanted.tensor.name}' takes {len(data)} bytes, but only {wanted.size} of "
            f"shared memory were given for it",
            field="outputs.parameters",
        )
    wanted.region.write(wanted.offset, data)
    output.parameters["shared_memory_region"].string_param = wanted.region.name
    output.parameters["shared_memory_byte_size"].uint64_param = len(data)
    if wanted.offset:
        output.parameters["shared_memory_offset"].uint64_param = wanted.offset


def _best_classes(scores: NDArray[Any], labels: Sequence[str], count: int) -> list[bytes]:
    """Return ``score:index:label`` of the best classes of each row; NaN comes last.

    Scores have as few digits as stand for the same float32, so that 1e-9 survives.
    """
    if scores.ndim != 2:
        raise InvalidRequestError(
            "this output holds no row of scores an item to name the best of",
            field="outputs.parameters",
        )
    order = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")[:, :count]
    exact = scores.dtype == np.float64
    return [
        f"{_written(row[index], exact=exact)}:{index}{_named(labels, index)}".encode()
        for row, ranks in zip(scores, order, strict=True)
        for index in ranks.tolist()
    ]


def _written(score: Any, *, exact: bool) -> str:
    return repr(float(score) if exact else shortest_float32(float(score)))


def _named(labels: Sequence[str], index: int) -> str:
    return f":{labels[index]}" if index < len(labels) else ""
