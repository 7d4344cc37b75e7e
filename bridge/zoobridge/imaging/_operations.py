"""The pre- and postprocessing steps of BioImage.IO 0.5, vectorised over a batch.

Formulas and defaults are those of ``bioimageio.spec.model.v0_5``; where it is silent, those of
``bioimageio.core`` 0.11 (when statistics are taken). Every item of a batch stands alone: no statistic
is shared between items, even where a package names the batch axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from zoobridge.errors import BrokenPackageError
from zoobridge.imaging._byte_chain import ByteChain
from zoobridge.imaging._tensor_statistics import TensorStatistics, find_axis, letter_of
from zoobridge.imaging._types import Operation

__all__ = ["IMPLEMENTED_OPERATIONS", "byte_chain", "postprocess", "preprocess"]

Array = NDArray[Any]

# What bioimageio.core adds to a fixed standard deviation; the specification does not mention it.
_FIXED_EPS = 1e-6


class _Context:
    """What a step may look at beside the tensor that it changes.

    Parameters
    ----------
    axes
        Letters of the tensor, the batch included.
    entered
        Statistics of the tensor as it entered the chain; `None` where each step looks at what it
        is given.
    references
        Other tensors of the model by id, unprocessed.
    """

    def __init__(
        self,
        axes: str,
        entered: TensorStatistics | None,
        references: Mapping[str, TensorStatistics],
    ) -> None:
        self.axes = axes
        self._entered = entered
        self._references = references

    def statistics(self, tensor: Array, reference: str | None = None) -> TensorStatistics:
        """Return the statistics that a step is to use."""
        if reference is None:
            return self._entered or TensorStatistics(tensor, self.axes)
        if reference in self._references:
            return self._references[reference]
        known = ", ".join(sorted(self._references)) or "none"
        raise BrokenPackageError(
            f"a processing step refers to the tensor '{reference}', which is not at hand "
            f"(known: {known}); correct reference_tensor in the package"
        )

    def along(self, values: Any, axis: str | None, tensor: Array, what: str) -> Any:
        """Shape values of a step so that they lie along an axis of the tensor."""
        if axis is None:
            flat = np.ravel(values)
            if flat.size != 1:
                raise BrokenPackageError(
                    f"the step '{what}' gives {flat.size} values but names no axis for them"
                )
            return float(flat[0])
        place = find_axis(axis, self.axes)
        flat = np.atleast_1d(np.asarray(values, dtype=np.float64))
        if flat.size not in (1, tensor.shape[place]):
            raise BrokenPackageError(
                f"the step '{what}' gives {flat.size} values along '{axis}', "
                f"which has the length {tensor.shape[place]}"
            )
        return flat.reshape([-1 if i == place else 1 for i in range(tensor.ndim)])


def _ensure_dtype(tensor: Array, kwargs: Mapping[str, Any], _: _Context) -> Array:
    try:
        dtype = np.dtype(kwargs["dtype"])
    except TypeError as error:
        raise BrokenPackageError(f"ensure_dtype: {error}") from None
    # Negative numbers in an unsigned type are the package's business, not a reason to warn.
    with np.errstate(invalid="ignore"):
        return tensor.astype(dtype, copy=False)


def _binarize(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    threshold = context.along(kwargs["threshold"], kwargs.get("axis"), tensor, "binarize")
    return np.asarray(tensor > threshold)


def _clip(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    low, high = kwargs.get("min"), kwargs.get("max")
    low_percentile, high_percentile = kwargs.get("min_percentile"), kwargs.get("max_percentile")
    if low is not None and high is not None and low >= high:
        raise BrokenPackageError(f"the step 'clip' needs min < max, but {low} >= {high}")
    if low_percentile is not None or high_percentile is not None:
        axes = kwargs.get("axes")
        jointly = axes is None or any(letter_of(name) == "N" for name in axes)
        lowest, highest = context.statistics(tensor).percentiles(
            axes,
            0.0 if low_percentile is None else low_percentile,
            100.0 if high_percentile is None else high_percentile,
            # The reference takes the inverted CDF per item, and interpolates for a whole data
            # set, which axes that are not given stand for.
            method="linear" if jointly else "inverted_cdf",
        )
        if low_percentile is not None:
            tensor = np.maximum(tensor, lowest)
        if high_percentile is not None:
            tensor = np.minimum(tensor, highest)
    if low is None and high is None:
        return tensor
    return np.asarray(np.clip(tensor, _weak(low, tensor), _weak(high, tensor)))


def _weak(bound: float | None, tensor: Array) -> Any:
    """Keep a bound from widening floats; among integers it may have a fraction."""
    if bound is None or tensor.dtype.kind == "f":
        return bound
    return np.float64(bound)


def _scale_linear(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    axis = kwargs.get("axis")
    gain = context.along(kwargs.get("gain", 1.0), axis, tensor, "scale_linear")
    offset = context.along(kwargs.get("offset", 0.0), axis, tensor, "scale_linear")
    scaled = np.asarray(tensor * gain)
    scaled += offset
    return scaled


def _fixed_zero_mean(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    name, axis = "fixed_zero_mean_unit_variance", kwargs.get("axis")
    mean = context.along(kwargs["mean"], axis, tensor, name)
    std = context.along(kwargs["std"], axis, tensor, name)
    return _standardised(tensor, mean, std, _FIXED_EPS)


def _zero_mean(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    mean, std = context.statistics(tensor).mean_std(kwargs.get("axes"))
    return _standardised(tensor, mean, std, kwargs.get("eps", 1e-6))


def _standardised(tensor: Array, mean: Any, std: Any, eps: float) -> Array:
    # In float64: a mean far from zero would cost a float32 its last digits.
    result: Array = np.subtract(tensor, mean, dtype=np.float64)
    result /= std + eps
    return result


def _scale_range(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    low, high = kwargs.get("min_percentile", 0.0), kwargs.get("max_percentile", 100.0)
    if low >= high:
        raise BrokenPackageError(
            f"the step 'scale_range' needs min_percentile < max_percentile, but {low} >= {high}"
        )
    statistics = context.statistics(tensor, kwargs.get("reference_tensor"))
    lowest, highest = statistics.percentiles(kwargs.get("axes"), low, high, method="linear")
    return _standardised(tensor, lowest, highest - lowest, kwargs.get("eps", 1e-6))


def _scale_mean_variance(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    axes, eps = kwargs.get("axes"), kwargs.get("eps", 1e-6)
    mean, std = context.statistics(tensor).mean_std(axes)
    reference = context.statistics(tensor, kwargs["reference_tensor"])
    wanted_mean, wanted_std = reference.mean_std(axes)
    result = _standardised(tensor, mean, std, eps)
    return np.asarray(result * (wanted_std + eps) + wanted_mean)


def _sigmoid(tensor: Array, _: Mapping[str, Any], __: _Context) -> Array:
    # exp overflows to infinity where the sigmoid is zero, which is right.
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-_floating(tensor))))


def _softmax(tensor: Array, kwargs: Mapping[str, Any], context: _Context) -> Array:
    axis = find_axis(kwargs.get("axis", "channel"), context.axes)
    values = _floating(tensor)
    # Shifted by the greatest value, so that nothing overflows.
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    powers /= powers.sum(axis=axis, keepdims=True)
    return np.asarray(powers)


def _floating(tensor: Array) -> Array:
    return tensor if tensor.dtype.kind == "f" else tensor.astype(np.float64)


_Step = Callable[[Array, Mapping[str, Any], _Context], Array]
_STEPS: dict[str, _Step] = {
    "binarize": _binarize,
    "clip": _clip,
    "ensure_dtype": _ensure_dtype,
    "fixed_zero_mean_unit_variance": _fixed_zero_mean,
    "scale_linear": _scale_linear,
    "scale_mean_variance": _scale_mean_variance,
    "scale_range": _scale_range,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "zero_mean_unit_variance": _zero_mean,
}

#: Ids of the steps that :func:`preprocess` and :func:`postprocess` carry out.
IMPLEMENTED_OPERATIONS: frozenset[str] = frozenset(_STEPS)


def _step(operation: Operation) -> _Step:
    step = _STEPS.get(operation.id)
    if step is None:
        why = {
            "custom": "it runs Python code of the package",
            "cellpose_flow_dynamics": "it makes objects, not classes",
            "stardist_postprocessing": "it makes objects, not classes",
        }.get(operation.id, "it is not a step of BioImage.IO 0.5")
        raise BrokenPackageError(
            f"the processing step '{operation.id}' cannot be carried out: {why}; "
            f"use one of {', '.join(sorted(_STEPS))}"
        )
    return step


def _run(tensor: Array, operations: Sequence[Operation], context: _Context) -> Array:
    for operation in operations:
        step = _step(operation)
        try:
            tensor = step(tensor, operation.kwargs, context)
        except KeyError as error:
            raise BrokenPackageError(
                f"the processing step '{operation.id}' lacks its argument {error}"
            ) from None
        except TypeError as error:
            raise BrokenPackageError(
                f"the processing step '{operation.id}' has an argument of a wrong type: {error}"
            ) from None
    return tensor


def preprocess(
    batch: Array,
    axes: str,
    operations: Sequence[Operation],
    *,
    references: Mapping[str, tuple[Array, str]] | None = None,
) -> Array:
    """Carry out the steps before the network.

    Statistics (mean, standard deviation, percentiles) are those of the item as it *enters* the
    chain, whatever steps come before the one that uses them: so does the reference
    implementation, which packages are tested with.

    Parameters
    ----------
    batch
        Items of one size, the batch axis included; never modified.
    axes
        One upper-case letter an axis of `batch`; ``N`` is the batch.
    operations
        The steps in order.
    references
        Other unprocessed tensors and their axes, by tensor id, for steps that name one.

    Returns
    -------
    NDArray
        Of the same shape; of the dtype that the last step gives.

    Raises
    ------
    BrokenPackageError
        If a step is unknown or does not fit the tensor.
    """
    chain = byte_chain(operations)
    if chain.pays(batch, axes):
        return chain.apply(batch, axes)
    context = _Context(axes, TensorStatistics(batch, axes), _statistics_of(references))
    return _run(batch, operations, context)


def byte_chain(operations: Sequence[Operation], *, dtype: DTypeLike | None = None) -> ByteChain:
    """Return steps before the network in the form for 8-bit pixels, which pays if it is kept.

    Parameters
    ----------
    operations
        The steps in order.
    dtype
        What the results are turned into; `None`: what the last step gives.
    """
    return ByteChain(
        operations,
        lambda values, axes, steps: _run(values, steps, _Context(axes, None, {})),
        dtype=dtype,
    )


def postprocess(
    batch: Array,
    axes: str,
    operations: Sequence[Operation],
    *,
    references: Mapping[str, tuple[Array, str]] | None = None,
) -> Array:
    """Carry out the steps after the network.

    Statistics are those of the tensor that a step is given. (The reference implementation knows
    none for outputs: it looks for them before the network has run.)

    See Also
    --------
    preprocess : Parameters, return value and errors.
    """
    if all(_changes_nothing(one, batch) for one in operations):
        return batch
    return _run(batch, operations, _Context(axes, None, _statistics_of(references)))


def _changes_nothing(operation: Operation, tensor: Array) -> bool:
    return operation.id == "ensure_dtype" and operation.kwargs.get("dtype") == tensor.dtype


def _statistics_of(
    references: Mapping[str, tuple[Array, str]] | None,
) -> dict[str, TensorStatistics]:
    return {name: TensorStatistics(*pair) for name, pair in (references or {}).items()}
