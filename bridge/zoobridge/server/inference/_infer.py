"""Running an inference request: through the image classifier, or through the bare network."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.engine import Work, tensor_chunks, unpack_tensors
from zoobridge.errors import InvalidRequestError, WorkerError
from zoobridge.protocol import before_pixels, error_from_status
from zoobridge.protocol.inference import grpc_service_pb2 as messages
from zoobridge.protocol.v1 import classification_pb2, image_pb2
from zoobridge.server.inference._elements import encode_bytes
from zoobridge.server.inference._request import read_inputs, read_outputs, read_timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.engine import Answer, Chunk, Engine, TensorBytes
    from zoobridge.server.inference._request import Wanted
    from zoobridge.server.inference._shared_memory import SharedMemory
    from zoobridge.server.inference._views import Targets, View

    OnEnd = Callable[[Callable[[], None]], bool]

__all__ = ["infer"]

_FINAL = "triton_enable_empty_final_response"


def infer(
    engine: Engine,
    targets: Targets,
    memory: SharedMemory,
    request: Any,
    *,
    deadline: float | None,
    on_end: OnEnd,
) -> Any:
    """Answer a ``ModelInferRequest``.

    Parameters
    ----------
    engine
        Runs models.
    targets
        Finds them.
    memory
        The registered shared memory.
    request
        The request.
    deadline
        On the clock of :func:`time.monotonic`; `None` for none.
    on_end
        Takes what is to be called when the caller is gone; tells whether it still waits.

    Raises
    ------
    ZooBridgeError
        If it cannot be answered.
    """
    target = targets.find(request.model_name, request.model_version)
    view, choice = target.view, target.choice
    timeout = read_timeout(request)
    if timeout is not None:
        limit = time.monotonic() + timeout
        deadline = limit if deadline is None else min(limit, deadline)
    wanted = read_outputs(view, request, memory)
    inputs = read_inputs(view, request, memory)

    def submit(data: Sequence[Chunk], *, tensors: bool) -> Answer:
        answer = engine.submit(Work(choice.model, choice.weights, data, deadline, tensors=tensors))
        if not on_end(answer.cancel):
            answer.cancel()
        return answer

    run = _network if view.network else _classifier
    outputs = run(view, inputs, submit)
    response = messages.ModelInferResponse(
        model_name=view.name, model_version=view.version, id=request.id
    )
    for one in wanted:
        _add_output(response, view, one, outputs[one.tensor.name])
    if _FINAL in request.parameters and request.parameters[_FINAL].bool_param:
        response.parameters["triton_final_response"].bool_param = True
    return response


def _network(
    view: View, inputs: Mapping[str, Any], submit: Callable[..., Answer]
) -> dict[str, NDArray[np.generic] | list[bytes]]:
    missing = [tensor.name for tensor in view.inputs if tensor.name not in inputs]
    if missing:
        raise InvalidRequestError(
            f"model '{view.name}' takes the input '{missing[0]}', which is missing", field="inputs"
        )
    given = {tensor.name: inputs[tensor.name] for tensor in view.inputs}
    (part,) = submit(tensor_chunks(given), tensors=True)
    found = list(unpack_tensors(part.response).values())
    output = view.model.output
    index = output.index if output is not None else 0
    if index >= len(found):
        raise WorkerError(f"the network of '{view.name}' gave no output number {index}")
    return {view.outputs[0].name: found[index]}


def _classifier(
    view: View, inputs: Mapping[str, Any], submit: Callable[..., Answer]
) -> dict[str, NDArray[np.generic] | list[bytes]]:
    if len(inputs) != 1:
        raise InvalidRequestError(
            "give one of the inputs 'image' (encoded pictures) and 'pixels' (their elements)",
            field="inputs",
        )
    options = {"top_k": 1, "all_scores": True}
    request = classification_pb2.ClassifyRequest(options=options)
    requests: list[Sequence[Chunk]]
    if "pixels" in inputs:
        pixels: TensorBytes = inputs["pixels"]
        # Positions are planes of one picture: prepared together, answered in order.
        message = image_pb2.Pixels(
            data_type=image_pb2.DATA_TYPE_UINT8, shape=pixels.shape, axes="PYXC"
        )
        head = before_pixels(request, message, math.prod(pixels.shape))
        requests = [(head, pixels.data)]
    else:
        requests = []
        for picture in inputs["image"]:
            request.image.encoded = picture
            requests.append((request.SerializeToString(),))
    answers = [submit(chunks, tensors=False) for chunks in requests]
    results: list[Any] = []
    for number, answer in enumerate(answers):
        response = classification_pb2.ClassifyResponse.FromString(
            b"".join(part.response for part in answer)
        )
        if "image" in inputs and len(response.results) != 1:
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
    outputs: dict[str, NDArray[np.generic] | list[bytes]] = {"label": labels}
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
    """Return ``score:index:label`` of the best classes of each row; NaN comes last."""
    if scores.ndim != 2:
        raise InvalidRequestError(
            "this output holds no row of scores an item to name the best of",
            field="outputs.parameters",
        )
    order = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")[:, :count]
    return [
        f"{row[index]:f}:{index}{':' + labels[index] if index < len(labels) else ''}".encode()
        for row, ranks in zip(scores, order, strict=True)
        for index in ranks.tolist()
    ]
