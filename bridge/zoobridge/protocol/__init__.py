"""Messages and stubs of the contract, and the codecs between them and Python.

Nothing here imports grpc, so that workers and their fork servers may use it; the service
stubs (``zoobridge.protocol.v1.*_pb2_grpc``) are for servers and clients alone, and so is
:mod:`zoobridge.protocol.connection`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoobridge.protocol._axes import check_axes
from zoobridge.protocol._enums import enum_number, enum_word, enum_words, from_enum, to_enum
from zoobridge.protocol._file_formats import START_BYTES, FileKind, kind_of_file
from zoobridge.protocol._limits import NO_HINTS, ClientHints, Limits
from zoobridge.protocol._message_classes import message_classes
from zoobridge.protocol._model_card import Author, AxisSize, Citation, ModelCard
from zoobridge.protocol._records import from_message, sent_as, shortest_float32, to_message
from zoobridge.protocol._status import (
    ERROR_DOMAIN,
    STATUS_DETAILS_KEY,
    error_from_status,
    status_from_error,
    trailing_metadata,
)
from zoobridge.protocol._wire import (
    ClassifyParts,
    StreamParts,
    before_picture,
    before_request,
    divide_request,
    divide_stream_request,
    join_requests,
    join_responses,
    split_picture,
    with_response,
)

if TYPE_CHECKING:
    from zoobridge.protocol._boxes import Boxes, read_boxes
    from zoobridge.protocol._item_results import (
        NEVER,
        ResultWriter,
        activation_field,
        conversion_fields,
        novelty_field,
        prediction_set_field,
        result_field,
    )
    from zoobridge.protocol._pixels import (
        PIXEL_DTYPES,
        lay_out,
        pack_mask,
        pixel_dtype,
        pixels_array,
        unpack_mask,
    )

__all__ = [
    "ERROR_DOMAIN",
    "NEVER",
    "NO_HINTS",
    "PIXEL_DTYPES",
    "START_BYTES",
    "STATUS_DETAILS_KEY",
    "Author",
    "AxisSize",
    "Boxes",
    "Citation",
    "ClassifyParts",
    "ClientHints",
    "FileKind",
    "Limits",
    "ModelCard",
    "ResultWriter",
    "StreamParts",
    "activation_field",
    "before_picture",
    "before_request",
    "check_axes",
    "conversion_fields",
    "divide_request",
    "divide_stream_request",
    "enum_number",
    "enum_word",
    "enum_words",
    "error_from_status",
    "from_enum",
    "from_message",
    "join_requests",
    "join_responses",
    "kind_of_file",
    "lay_out",
    "message_classes",
    "novelty_field",
    "pack_mask",
    "pixel_dtype",
    "pixels_array",
    "prediction_set_field",
    "read_boxes",
    "result_field",
    "sent_as",
    "shortest_float32",
    "split_picture",
    "status_from_error",
    "to_enum",
    "to_message",
    "trailing_metadata",
    "unpack_mask",
    "with_response",
]

# What needs NumPy is loaded on first use: its import is a third of what a command takes to start.
_LAZY = {
    **dict.fromkeys(("Boxes", "read_boxes"), "zoobridge.protocol._boxes"),
    **dict.fromkeys(
        (
            "NEVER",
            "ResultWriter",
            "activation_field",
            "conversion_fields",
            "novelty_field",
            "prediction_set_field",
            "result_field",
        ),
        "zoobridge.protocol._item_results",
    ),
    **dict.fromkeys(
        (
            *("PIXEL_DTYPES", "lay_out", "pack_mask", "pixel_dtype"),
            *("pixels_array", "unpack_mask"),
        ),
        "zoobridge.protocol._pixels",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
