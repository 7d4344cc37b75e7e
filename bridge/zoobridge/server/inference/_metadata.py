"""Models described in the protocol's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from zoobridge.protocol.inference import grpc_service_pb2 as messages
from zoobridge.protocol.inference import model_config_pb2 as configs
from zoobridge.server.inference._views import MAX_BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.server.inference._views import Tensor, View
    from zoobridge.zoo import WeightsDescription

__all__ = ["config_message", "metadata_message"]

_PLATFORMS: Final = {
    "onnx": "onnxruntime_onnx",
    "torchscript": "pytorch_libtorch",
    "tensorflow_saved_model_bundle": "tensorflow_savedmodel",
}

_CONFIG_TYPES: Final = {"BYTES": configs.TYPE_STRING}


def metadata_message(view: View, weights: WeightsDescription, versions: Sequence[str]) -> Any:
    """Return a ``ModelMetadataResponse``."""
    message = messages.ModelMetadataResponse(
        name=view.name, versions=versions, platform=_platform(view, weights)
    )
    for described, tensors in ((message.inputs, view.inputs), (message.outputs, view.outputs)):
        for tensor in tensors:
            described.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
    return message


def config_message(view: View, weights: WeightsDescription) -> Any:
    """Return a ``ModelConfigResponse``."""
    message = messages.ModelConfigResponse()
    config = message.config
    config.name = view.name
    config.platform = _platform(view, weights)
    config.backend = weights.framework
    config.max_batch_size = MAX_BATCH if view.batched else 0
    for tensor in view.inputs:
        config.input.add(
            name=tensor.name,
            data_type=_type(tensor),
            dims=_lengths(view, tensor),
            format=_format(view, tensor),
        )
    for tensor in view.outputs:
        config.output.add(
            name=tensor.name,
            data_type=_type(tensor),
            dims=_lengths(view, tensor),
            label_filename="labels.txt" if tensor.datatype != "BYTES" else "",
        )
    if view.batched:
        config.dynamic_batching.SetInParent()
    config.model_transaction_policy.decoupled = False
    config.parameters["digest"].string_value = weights.digest
    config.parameters["weights_format"].string_value = weights.format
    return message


def _format(view: View, tensor: Tensor) -> int:
    """Return the order of the axes as Triton's clients of pictures want it stated."""
    spec = view.model.input
    axes = spec.axes.replace("N", "") if view.network and spec is not None else ""
    if tensor.name == "pixels" and not view.network:
        axes = "YXC"
    orders = {"CYX": "FORMAT_NCHW", "YXC": "FORMAT_NHWC"}
    return int(configs.ModelInput.Format.Value(orders.get(axes, "FORMAT_NONE")))


def _platform(view: View, weights: WeightsDescription) -> str:
    return _PLATFORMS.get(weights.format, weights.format) if view.network else "zoobridge"


def _type(tensor: Tensor) -> int:
    if tensor.datatype in _CONFIG_TYPES:
        return int(_CONFIG_TYPES[tensor.datatype])
    return int(configs.DataType.Value(f"TYPE_{tensor.datatype}"))


def _lengths(view: View, tensor: Tensor) -> list[int]:
    # Triton's configuration leaves the batch out, and wants a length of 1 where nothing is left.
    return list(tensor.shape[1:] if view.batched else tensor.shape) or [1]
