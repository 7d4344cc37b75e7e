"""What an ONNX file says of itself, read without the onnx package.

The few fields below come from ``onnx.proto`` (field numbers are ONNX's); everything else, the
weights above all, is skipped as unknown fields.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import DecodeError, Message

from zoobridge.protocol import message_classes
from zoobridge.zoo._fault import PackageFault

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OnnxFacts", "external_data", "read_onnx", "rename_external_data"]

#: Message name to its fields: name, number, repeated, type (a message's name, or a scalar).
_MESSAGES: dict[str, list[tuple[str, int, bool, str]]] = {
    "Model": [
        ("graph", 7, False, "Graph"),
        ("opset_import", 8, True, "Opset"),
        ("metadata_props", 14, True, "Property"),
        ("training_info", 20, True, "Training"),
        ("functions", 25, True, "Function"),
    ],
    "Property": [("key", 1, False, "string"), ("value", 2, False, "string")],
    "Opset": [("domain", 1, False, "string"), ("version", 2, False, "int64")],
    "Training": [("initialization", 1, False, "Graph"), ("algorithm", 2, False, "Graph")],
    "Function": [("node", 7, True, "Node"), ("attribute_proto", 11, True, "Attribute")],
    "Graph": [
        ("node", 1, True, "Node"),
        ("initializer", 5, True, "Tensor"),
        ("sparse_initializer", 15, True, "Sparse"),
    ],
    "Node": [("attribute", 5, True, "Attribute")],
    "Attribute": [
        ("t", 5, False, "Tensor"),
        ("g", 6, False, "Graph"),
        ("tensors", 10, True, "Tensor"),
        ("graphs", 11, True, "Graph"),
        ("sparse_tensor", 22, False, "Sparse"),
        ("sparse_tensors", 23, True, "Sparse"),
    ],
    "Sparse": [("values", 1, False, "Tensor"), ("indices", 2, False, "Tensor")],
    "Tensor": [("external_data", 13, True, "Entry")],
    "Entry": [("key", 1, False, "bytes"), ("value", 2, False, "bytes")],
}


@dataclass(frozen=True)
class OnnxFacts:
    """What an ONNX file says of itself.

    Parameters
    ----------
    opset
        Version of the default operator set; 0 where none is named.
    external
        Names of the files that hold data, as written, sorted.
    metadata
        What its exporter wrote beside the network.
    """

    opset: int
    external: tuple[str, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


def external_data(path: Path) -> tuple[str, ...]:
    """Return the names of the files that hold an ONNX model's data, as written.

    A tensor with external data names its file under the key ``location``: where that word does
    not occur, the file need not be parsed.

    Raises
    ------
    PackageFault
        If the file is not an ONNX model.
    """
    if path.stat().st_size == 0:
        raise PackageFault(f"{path.name} is empty; copy the package again, whole")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"location") < 0:
            return ()
    return read_onnx(path).external


def read_onnx(path: Path) -> OnnxFacts:
    """Read an ONNX file.

    Raises
    ------
    PackageFault
        If the file is not an ONNX model.
    """
    model = _parsed(path)
    if not model.HasField("graph"):
        raise PackageFault(f"{path.name} is not an ONNX model: it holds no graph")
    opset = max(
        (entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")),
        default=0,
    )
    names = {
        entry.value.decode("utf-8", "surrogateescape")
        for entry in _entries(model)
        if entry.key == b"location"
    }
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    return OnnxFacts(int(opset), tuple(sorted(names)), metadata)


def rename_external_data(path: Path, target: Path, name: str) -> None:
    """Write an ONNX file again, its external data under another name.

    Raises
    ------
    PackageFault
        If the file is not an ONNX model.
    """
    model = _parsed(path)
    for entry in _entries(model):
        if entry.key == b"location":
            entry.value = name.encode()
    target.write_bytes(model.SerializeToString())


def _parsed(path: Path) -> Any:
    model = _message_types()["zoobridge.onnx.Model"]()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise PackageFault(f"{path.name} is not an ONNX model, or is damaged") from error
    return model


def _entries(message: Any) -> Iterator[Any]:
    """Yield what is said of external data."""
    # A stack, since graphs may be nested deeper than Python recurses.
    waiting = [message]
    while waiting:
        current = waiting.pop()
        for field_, value in current.ListFields():
            if field_.message_type is None:
                continue
            entries: Any = (value,) if isinstance(value, Message) else value
            for entry in entries:
                if field_.message_type.name == "Entry":
                    yield entry
                else:
                    waiting.append(entry)


@lru_cache(maxsize=1)
def _message_types() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="zoobridge_onnx_excerpt.proto", package="zoobridge.onnx", syntax="proto2"
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    scalars = {
        "string": kinds.TYPE_STRING,
        "bytes": kinds.TYPE_BYTES,
        "int64": kinds.TYPE_INT64,
    }
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, repeated, kind in fields:
            field = message.field.add(
                name=field_name,
                number=number,
                label=kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL,
                type=scalars.get(kind, kinds.TYPE_MESSAGE),
            )
            if kind in _MESSAGES:
                field.type_name = f".zoobridge.onnx.{kind}"
    # A separate pool: the process's pool belongs to the protocol's stubs.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_classes(pool.FindFileByName(file.name))
