"""What a client asks for, checked against the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import InvalidRequestError
from zoobridge.server.inference._elements import decode_bytes, from_contents, raw_elements

if TYPE_CHECKING:
    from zoobridge.engine import TensorBytes
    from zoobridge.server.inference._region import RegionPart, SharedMemoryRegion
    from zoobridge.server.inference._shared_memory import CallerRegions
    from zoobridge.server.inference._views import Tensor, View

__all__ = ["Wanted", "read_inputs", "read_outputs", "read_timeout"]

_MEMORY: Final = ("shared_memory_region", "shared_memory_offset", "shared_memory_byte_size")
_SEQUENCES: Final = ("sequence_id", "sequence_start", "sequence_end")


@dataclass(frozen=True)
class Wanted:
    """An output that is wanted.

    Parameters
    ----------
    tensor
        Which.
    classes
        Answer the best so many classes in place of the elements; 0 for the elements.
    region, offset, size
        Where to put it; `None` to send it.
    """

    tensor: Tensor
    classes: int = 0
    region: SharedMemoryRegion | None = None
    offset: int = 0
    size: int = 0


def read_inputs(
    view: View, request: Any, memory: CallerRegions
) -> dict[str, TensorBytes | list[bytes]]:
    """Return the inputs of a ``ModelInferRequest`` by name.

    Raises
    ------
    InvalidRequestError
        If they do not fit the model, or what is said of them does not fit their elements.
    """
    raw = list(request.raw_input_contents)
    inputs: dict[str, TensorBytes | list[bytes]] = {}
    for given in request.inputs:
        tensor = view.input(given.name)
        if given.name in inputs:
            raise InvalidRequestError(f"input '{given.name}' is given twice", field="inputs.name")
        shape = tuple(given.shape)
        tensor.check(given.datatype, shape, batched=view.batched)
        place = _place(given.parameters, memory)
        if place is not None:
            if given.HasField("contents"):
                raise _twice(given.name)
            region, offset, size = place
            part = region.part(offset, size)
            inputs[given.name] = _decode(given.name, given.datatype, shape, part)
        elif given.HasField("contents"):
            if raw:
                raise _twice(given.name)
            inputs[given.name] = from_contents(given.name, given.datatype, shape, given.contents)
        elif raw:
            inputs[given.name] = _decode(given.name, given.datatype, shape, raw.pop(0))
        else:
            raise InvalidRequestError(
                f"input '{given.name}' has no elements; send them in raw_input_contents, in "
                "contents, or in shared memory",
                field="raw_input_contents",
            )
    if raw:
        raise InvalidRequestError(
            f"raw_input_contents holds {len(raw)} more than there are inputs without contents",
            field="raw_input_contents",
        )
    return inputs


def read_outputs(view: View, request: Any, memory: CallerRegions) -> list[Wanted]:
    """Return the outputs that are wanted; all of them where none is named.

    Raises
    ------
    InvalidRequestError
        If one is not the model's, or its parameters make no sense.
    """
    if not request.outputs:
        return [Wanted(tensor) for tensor in (*view.outputs, *view.other_outputs)]
    wanted: list[Wanted] = []
    for asked in request.outputs:
        tensor = view.output(asked.name)
        if any(other.tensor.name == asked.name for other in wanted):
            raise InvalidRequestError(f"output '{asked.name}' is asked for twice", field="outputs")
        classes = 0
        if "classification" in asked.parameters:
            classes = _classes(tensor, asked.parameters["classification"])
        place = _place(asked.parameters, memory)
        if place is None:
            wanted.append(Wanted(tensor, classes))
        else:
            wanted.append(Wanted(tensor, classes, *place))
    return wanted


def read_timeout(request: Any) -> float | None:
    """Return the seconds that a request may take by its own word; `None` where it says nothing.

    Raises
    ------
    InvalidRequestError
        If its parameters make no sense, or ask for what no classifier has.
    """
    parameters = request.parameters
    for name in _SEQUENCES:
        if name in parameters and _truthy(parameters[name]):
            raise InvalidRequestError(
                f"'{name}' is for models that keep a state between requests; this server has none",
                field="parameters",
            )
    if "priority" in parameters:
        _whole(parameters["priority"], "priority")
    if "timeout" not in parameters:
        return None
    microseconds = _whole(parameters["timeout"], "timeout")
    return microseconds / 1e6 if microseconds else None


def _decode(
    name: str, datatype: str, shape: tuple[int, ...], data: bytes | RegionPart
) -> TensorBytes | list[bytes]:
    if datatype == "BYTES":
        return decode_bytes(name, shape, data if isinstance(data, bytes) else data.read())
    return raw_elements(name, datatype, shape, data)


def _place(parameters: Any, memory: CallerRegions) -> tuple[SharedMemoryRegion, int, int] | None:
    if _MEMORY[0] not in parameters:
        for name in _MEMORY[1:]:
            if name in parameters:
                raise InvalidRequestError(
                    f"'{name}' goes with '{_MEMORY[0]}', which is missing", field="parameters"
                )
        return None
    given = parameters[_MEMORY[0]]
    if given.WhichOneof("parameter_choice") != "string_param":
        raise InvalidRequestError(f"'{_MEMORY[0]}' is a name", field="parameters")
    if _MEMORY[2] not in parameters:
        raise InvalidRequestError(
            f"'{_MEMORY[0]}' goes with '{_MEMORY[2]}', which is missing", field="parameters"
        )
    offset = _whole(parameters[_MEMORY[1]], _MEMORY[1]) if _MEMORY[1] in parameters else 0
    size = _whole(parameters[_MEMORY[2]], _MEMORY[2])
    region = memory.region(given.string_param)
    region.check(offset, size)
    return region, offset, size


def _classes(tensor: Tensor, parameter: Any) -> int:
    count = _whole(parameter, "classification")
    if count < 1:
        raise InvalidRequestError(
            f"'classification' asks for {count} classes; ask for at least 1",
            field="outputs.parameters",
        )
    if tensor.datatype == "BYTES" or len(tensor.shape) != 2 or tensor.shape[1] < 1:
        raise InvalidRequestError(
            f"output '{tensor.name}' holds no scores of classes to name the best of",
            field="outputs.parameters",
        )
    return min(count, math.prod(tensor.shape[1:]))


def _whole(parameter: Any, name: str) -> int:
    choice = parameter.WhichOneof("parameter_choice")
    value = getattr(parameter, choice) if choice in ("int64_param", "uint64_param") else -1
    if value < 0:
        raise InvalidRequestError(
            f"'{name}' is a whole number that is not negative", field="parameters"
        )
    return int(value)


def _truthy(parameter: Any) -> bool:
    choice = parameter.WhichOneof("parameter_choice")
    return bool(choice and getattr(parameter, choice))


def _twice(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the elements of input '{name}' are sent twice; use raw_input_contents, contents, or "
        "shared memory, but for a whole request only one of the first two",
        field="inputs.contents",
    )
