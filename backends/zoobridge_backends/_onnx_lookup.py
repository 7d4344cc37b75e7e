"""A small ONNX graph that looks bytes up in a table, on the device of the network that takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zoobridge.backend import ByteTable

__all__ = ["TableLookup"]

#: ``TensorProto.DataType`` of ``onnx.proto``.
_TYPES: Final = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "bool": 9,
    "float16": 10, "float64": 11, "uint32": 12, "uint64": 13,
}  # fmt: skip

_IR_VERSION, _OPSET = 8, 13


class TableLookup:
    """Makes of bytes what a table states, and leaves the result on the device.

    Parameters
    ----------
    dtype
        NumPy name of the element type that the network takes.
    device
        ``cpu``, ``cuda:0`` …
    options, providers
        As for the network's session.
    """

    def __init__(self, dtype: str, device: str, options: Any, providers: Sequence[Any]) -> None:
        import onnxruntime

        self._dtype = dtype
        self._kind, _, index = device.partition(":")
        self._index = int(index or 0)
        self._session = onnxruntime.InferenceSession(
            _graph(_TYPES[dtype]),
            sess_options=options,
            providers=[*providers],
        )
        self._tables: WeakKeyDictionary[ByteTable, tuple[Any, Any]] = WeakKeyDictionary()

    def prepare(self, pixels: NDArray[np.uint8], table: ByteTable) -> Any:
        """Return ``table.values[channel, pixels]`` as an ``OrtValue`` on the device."""
        import numpy as np

        known = self._tables.get(table)
        if known is None:
            values = table.values.astype(self._dtype).ravel()
            first = table.first_places(pixels.ndim).astype(np.int32)
            known = self._placed(values), self._placed(first)
            self._tables[table] = known
        binding = self._session.io_binding()
        binding.bind_cpu_input("pixels", np.ascontiguousarray(pixels))
        binding.bind_ortvalue_input("values", known[0])
        binding.bind_ortvalue_input("first", known[1])
        binding.bind_output("prepared", self._kind, self._index)
        binding.synchronize_inputs()
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return binding.get_outputs()[0]

    def _placed(self, array: NDArray[Any]) -> Any:
        import onnxruntime

        return onnxruntime.OrtValue.ortvalue_from_numpy(array, self._kind, self._index)


def _graph(kind: int) -> bytes:
    """Return a ``ModelProto``: ``prepared = Gather(values, Cast(pixels) + first)``.

    Written by the field numbers of ``onnx.proto``, without the onnx package. No shape is stated, so
    that any number of axes will do.
    """
    whole = _TYPES["int32"]
    to = _text(1, "to") + _number(3, whole) + _number(20, 2)  # AttributeProto of type INT
    nodes = (
        _node("Cast", ["pixels"], "bytes") + _bytes(5, to),
        _node("Add", ["bytes", "first"], "places"),
        _node("Gather", ["values", "places"], "prepared"),
    )
    inputs = (("pixels", _TYPES["uint8"]), ("values", kind), ("first", whole))
    graph = b"".join(_bytes(1, node) for node in nodes) + _text(2, "lookup")
    graph += b"".join(_bytes(11, _tensor(*one)) for one in inputs)
    graph += _bytes(12, _tensor("prepared", kind))
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _number(2, _OPSET))


def _node(operator: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, operator)


def _tensor(name: str, kind: int) -> bytes:
    """Return a ``ValueInfoProto``: its name, and ``type.tensor_type.elem_type``."""
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind)))


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
