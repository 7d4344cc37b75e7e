"""Input and output of a network, from the model object of ``bioimageio.spec``.

The library's object is followed, not the YAML: it inserts ``ensure_dtype`` steps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from zoobridge.backend import TensorSpec
from zoobridge.imaging import AxisSize, Fit, InputSpec, Interpolation, Operation, OutputSpec
from zoobridge.zoo._fault import PackageFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.zoo._package_config import PackageConfig

__all__ = ["class_count", "input_spec", "nominal_values", "output_spec", "output_tensors"]

#: Largest number of values of one item; more cannot be meant, and would exhaust the memory.
_ITEM_VALUES = 1 << 28
_CLASSES = 1 << 20

_CANONICAL = {"batch": "batch", "channel": "channel", "time": "time", "index": "index"}
_LETTERS = {"batch": "N", "channel": "C", "time": "T", "index": "I"}


def input_spec(model: Any, config: PackageConfig) -> InputSpec:
    """Describe the one input of a model.

    Parameters
    ----------
    model
        A ``bioimageio.spec.model.v0_5.ModelDescr``.
    config
        The package's ``config.zoobridge``.

    Raises
    ------
    PackageFault
        If it cannot be fed with one picture.
    """
    wanted = [tensor for tensor in model.inputs if not tensor.optional]
    if len(wanted) != 1 or len(model.inputs) != 1:
        listed = ", ".join(str(tensor.id) for tensor in model.inputs)
        raise PackageFault(
            f"the network wants {len(model.inputs)} inputs ({listed}); ZooBridge gives it one picture, "
            "so export it with a single input"
        )
    tensor = wanted[0]
    axes = _axes(tensor)
    if not {"X", "Y"} <= set(axes):
        raise PackageFault(
            f"the input has the axes {axes}; to take a picture it needs y and x axes in its rdf.yaml"
        )
    sizes = {
        letter: _input_size(model, tensor, axis)
        for letter, axis in zip(axes, tensor.axes, strict=True)
        if letter != "N"
    }
    values = math.prod(size.min for size in sizes.values())
    if values > _ITEM_VALUES:
        shown = " x ".join(f"{axis}={size.min}" for axis, size in sizes.items())
        raise PackageFault(
            f"one input of {shown} is {values} values, more than ZooBridge takes ({_ITEM_VALUES}); "
            "correct the sizes in the rdf.yaml"
        )
    channels: list[Any] = next(
        (axis.channel_names for axis in tensor.axes if axis.type == "channel"), []
    )
    names: tuple[str, ...] = tuple(str(name) for name in channels)
    if config.channel_order:
        if len(config.channel_order) != len(names):
            raise PackageFault(
                f"config.zoobridge.channel_order names {len(config.channel_order)} channels, but the "
                f"input has {len(names)}; make the two agree"
            )
        names = config.channel_order
    preprocessing = _operations(tensor.preprocessing, tensor)
    return InputSpec(
        name=str(tensor.id),
        axes=axes,
        dtype=_final_dtype(preprocessing, str(tensor.dtype)),
        sizes=sizes,
        channel_names=names,
        preprocessing=preprocessing,
        intensity_range=_intensity_range(tensor, config),
        fit=Fit(config.fit),
        interpolation=Interpolation(config.interpolation),
    )


def output_spec(model: Any, config: PackageConfig) -> tuple[OutputSpec, Any]:
    """Describe the output that holds the classes.

    Parameters
    ----------
    model
        A ``bioimageio.spec.model.v0_5.ModelDescr``.
    config
        The package's ``config.zoobridge``.

    Returns
    -------
    OutputSpec
        Its description.
    OutputTensorDescr
        The library's object for it.

    Raises
    ------
    PackageFault
        If no output holds classes, or not the one that the package names.
    """
    names = [str(tensor.id) for tensor in model.outputs]
    if config.output and config.output not in names:
        raise PackageFault(
            f"config.zoobridge.output is {config.output!r}, but the outputs are {', '.join(names)}"
        )
    reasons = []
    for index, tensor in enumerate(model.outputs):
        if config.output and config.output != names[index]:
            continue
        axes = _axes(tensor)
        extents = {
            letter: axis.size
            for letter, axis in zip(axes, tensor.axes, strict=True)
            if letter not in "NCI"
        }
        if any(size != 1 for size in extents.values()) or ("C" in axes and "I" in axes):
            reasons.append(f"{tensor.id} has the axes {axes}")
            continue
        spec = OutputSpec(
            name=str(tensor.id),
            axes=axes,
            dtype=str(tensor.dtype),
            postprocessing=_operations(tensor.postprocessing, tensor),
            index=index,
        )
        return spec, tensor
    raise PackageFault(
        f"no output holds one score a class ({'; '.join(reasons)}): this model is not a classifier"
    )


def output_tensors(model: Any) -> tuple[TensorSpec, ...]:
    """Describe all outputs of a model, whether they hold classes or not."""
    return tuple(
        TensorSpec(str(tensor.id), str(tensor.dtype), (-1,) * len(tensor.axes))
        for tensor in model.outputs
    )


def class_count(tensor: Any) -> int:
    """Return the number of scores of an output; 0 where it gives the number of a class.

    Raises
    ------
    PackageFault
        If the number is not fixed, or absurd.
    """
    sizes = [axis.size for axis in tensor.axes if axis.type in ("channel", "index")]
    size = sizes[0] if sizes else 1
    if not isinstance(size, int):
        raise PackageFault(
            f"the class axis of the output {tensor.id} has no fixed size; state it in the rdf.yaml"
        )
    if size > _CLASSES:
        raise PackageFault(f"{size} classes are more than ZooBridge takes ({_CLASSES})")
    whole = not str(tensor.dtype).startswith("float")
    return 0 if size == 1 and (whole or nominal_values(tensor)) else size


def nominal_values(tensor: Any) -> list[Any]:
    """Return an output's ``data.values``; an empty list where it has none."""
    data = tensor.data[0] if isinstance(tensor.data, (list, tuple)) else tensor.data
    return list(getattr(data, "values", []))


def _axes(tensor: Any) -> str:
    letters = []
    for axis in tensor.axes:
        if axis.type == "space":
            if str(axis.id).lower() not in ("x", "y", "z"):
                raise PackageFault(
                    f"the space axis {axis.id} of {tensor.id} is not x, y or z; rename it in the rdf.yaml"
                )
            letters.append(str(axis.id).upper())
        else:
            letters.append(_LETTERS[axis.type])
    if len(set(letters)) < len(letters):
        raise PackageFault(f"{tensor.id} has two axes of the same kind: {''.join(letters)}")
    return "".join(letters)


def _input_size(model: Any, tensor: Any, axis: Any) -> AxisSize:
    size = axis.size
    if isinstance(size, int):
        return AxisSize(size)
    if hasattr(size, "step"):
        return AxisSize(size.min, size.step)
    if hasattr(size, "axis_id"):
        reference = next(
            (
                other
                for other_tensor in model.inputs
                for other in other_tensor.axes
                if other_tensor.id == size.tensor_id and other.id == size.axis_id
            ),
            None,
        )
        if reference is not None and isinstance(reference.size, int):
            return AxisSize(size.get_size(axis, reference, n=0))
        if reference is not None and hasattr(reference.size, "step"):
            first = size.get_size(axis, reference, n=0)
            return AxisSize(first, size.get_size(axis, reference, n=1) - first)
    raise PackageFault(
        f"the size of the axis {axis.id} of {tensor.id} depends on data; state it in the rdf.yaml"
    )


def _operations(steps: Sequence[Any], tensor: Any) -> tuple[Operation, ...]:
    # Axes may have names of their own; those of their kind are what processing goes by.
    names = {str(axis.id): _CANONICAL.get(axis.type, str(axis.id)) for axis in tensor.axes}
    operations = []
    for step in steps:
        name = str(step.id)
        if name in ("custom", "stardist_postprocessing", "cellpose_flow_dynamics"):
            raise PackageFault(
                f"the processing step {name} of {tensor.id} is not one that ZooBridge knows; "
                "express it by the steps of the BioImage.IO format"
            )
        kwargs: dict[str, Any] = step.kwargs.model_dump(mode="json", exclude_none=True)
        if isinstance(axes := kwargs.get("axes"), list):
            kwargs["axes"] = [names.get(axis, axis) for axis in axes]
        if isinstance(axis := kwargs.get("axis"), str):
            kwargs["axis"] = names.get(axis, axis)
        reference = kwargs.get("reference_tensor")
        if name == "scale_mean_variance" or (reference and reference != str(tensor.id)):
            raise PackageFault(
                f"the processing step {name} of {tensor.id} refers to another tensor, which a "
                "classifier's scores have no use for; leave it out of the rdf.yaml"
            )
        operations.append(Operation(name, kwargs))
    return tuple(operations)


def _final_dtype(operations: Sequence[Operation], stated: str) -> str:
    """Return the type that the last step leaves."""
    last = operations[-1]
    return str(last.kwargs["dtype"]) if last.id == "ensure_dtype" else stated


def _intensity_range(tensor: Any, config: PackageConfig) -> tuple[float, float] | None:
    if config.intensity_range is not None:
        return config.intensity_range
    data = tensor.data[0] if isinstance(tensor.data, (list, tuple)) else tensor.data
    low, high = getattr(data, "range", (None, None)) if hasattr(data, "scale") else (None, None)
    if low is not None and high is not None and low < high:
        return (float(low), float(high))
    return (0.0, 255.0) if str(tensor.dtype) == "uint8" else None
