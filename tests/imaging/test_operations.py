"""Every step equals the reference implementation, item by item; the specification where it says more."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoobridge.errors import BrokenPackageError
from zoobridge.imaging import IMPLEMENTED_OPERATIONS, Operation, postprocess, preprocess

with warnings.catch_warnings():
    # Third-party packages that the reference implementation imports.
    warnings.simplefilter("ignore")
    from bioimageio.core import Sample, Tensor
    from bioimageio.core.proc_setup import get_pre_and_postprocessing
    from bioimageio.spec.model import v0_5

IDS = {"N": "batch", "C": "channel", "Y": "y", "X": "x", "Z": "z"}


def described(steps: list[dict[str, Any]], *, channels: int, dtype: str) -> Any:
    """The model object of the specification, which adds casts and defaults."""
    return v0_5.InputTensorDescr(
        id=v0_5.TensorId("input"),
        axes=[
            v0_5.BatchAxis(),
            v0_5.ChannelAxis(channel_names=[f"c{i}" for i in range(channels)]),
            v0_5.SpaceInputAxis(id="y", size=v0_5.ParameterizedSize(min=1, step=1)),
            v0_5.SpaceInputAxis(id="x", size=v0_5.ParameterizedSize(min=1, step=1)),
        ],
        data=v0_5.IntervalOrRatioDataDescr(type=dtype),
        preprocessing=steps,
    )


def operations(tensor: Any) -> list[Operation]:
    dumped = [step.model_dump(mode="json") for step in tensor.preprocessing]
    return [Operation(step["id"], step.get("kwargs", {})) for step in dumped]


def reference(tensor: Any, batch: np.ndarray) -> np.ndarray:
    """What bioimageio.core makes of each item in a pipeline of its own."""
    items = []
    for item in batch:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Computed dataset percentiles naively")
            model = SimpleNamespace(inputs=[tensor], outputs=[])
            pre, _ = get_pre_and_postprocessing(model, dataset_for_initial_statistics=[])
            sample = Sample(
                members={"input": Tensor(item[np.newaxis], dims=("batch", "channel", "y", "x"))},
                stat={},
                id=None,
            )
            pre(sample)
        items.append(sample.members["input"].to_numpy())
    return np.concatenate(items)


CASES: dict[str, list[dict[str, Any]]] = {
    "binarize": [{"id": "binarize", "kwargs": {"threshold": 100.5}}],
    "clip by values": [{"id": "clip", "kwargs": {"min": 20, "max": 200.5}}],
    "clip below": [{"id": "clip", "kwargs": {"min": 60.25}}],
    "clip above": [{"id": "clip", "kwargs": {"max": 60.25}}],
    "clip by percentiles": [{"id": "clip", "kwargs": {"min_percentile": 5, "max_percentile": 90}}],
    "clip by percentiles per channel": [
        {"id": "clip", "kwargs": {"min_percentile": 7, "max_percentile": 93, "axes": ["y", "x"]}}
    ],
    "clip by percentiles over the batch": [
        {"id": "clip", "kwargs": {"min_percentile": 7, "axes": ["batch", "y", "x"]}}
    ],
    "clip by a percentile and a value": [
        {"id": "clip", "kwargs": {"min": 3, "max_percentile": 80, "axes": ["channel", "y", "x"]}}
    ],
    "fixed": [{"id": "fixed_zero_mean_unit_variance", "kwargs": {"mean": 103.5, "std": 13.7}}],
    "fixed per channel": [
        {
            "id": "fixed_zero_mean_unit_variance",
            "kwargs": {"mean": [1.5, 102.5, 203.5], "std": [0.2, 12.7, 53.7], "axis": "channel"},
        }
    ],
    "linear": [{"id": "scale_linear", "kwargs": {"gain": 1 / 255, "offset": -0.5}}],
    "linear per channel": [
        {"id": "scale_linear", "kwargs": {"gain": [1, 2, 3], "offset": 4.5, "axis": "channel"}}
    ],
    "range": [{"id": "scale_range", "kwargs": {}}],
    "range by percentiles": [
        {"id": "scale_range", "kwargs": {"min_percentile": 5.0, "max_percentile": 99.8}}
    ],
    "range by percentiles per channel": [
        {
            "id": "scale_range",
            "kwargs": {"min_percentile": 5.0, "max_percentile": 99.8, "axes": ["y", "x"]},
        }
    ],
    "range of the tensor by name": [
        {
            "id": "scale_range",
            "kwargs": {"axes": ["channel", "y", "x"], "reference_tensor": "input"},
        }
    ],
    "sigmoid": [{"id": "scale_linear", "kwargs": {"gain": 0.1, "offset": -12}}, {"id": "sigmoid"}],
    "softmax": [
        {"id": "scale_linear", "kwargs": {"gain": 0.05}},
        {"id": "softmax", "kwargs": {"axis": "channel"}},
    ],
    "softmax over columns": [{"id": "softmax", "kwargs": {"axis": "x"}}],
    "standardised": [{"id": "zero_mean_unit_variance"}],
    "standardised per channel": [{"id": "zero_mean_unit_variance", "kwargs": {"axes": ["y", "x"]}}],
    "standardised over the batch": [
        {"id": "zero_mean_unit_variance", "kwargs": {"axes": ["batch", "y", "x"]}}
    ],
    "statistics after another step": [
        {"id": "scale_linear", "kwargs": {"gain": 2.5, "offset": 3}},
        {"id": "zero_mean_unit_variance", "kwargs": {"axes": ["channel", "y", "x"]}},
    ],
    "clipped, scaled and clipped": [
        {"id": "clip", "kwargs": {"min_percentile": 2, "max_percentile": 98, "axes": ["y", "x"]}},
        {"id": "scale_range", "kwargs": {"axes": ["y", "x"], "max_percentile": 99.0}},
        {"id": "clip", "kwargs": {"min": 0, "max": 1}},
    ],
    "as in ImageNet": [
        {"id": "scale_linear", "kwargs": {"gain": 1 / 255}},
        {
            "id": "fixed_zero_mean_unit_variance",
            "kwargs": {
                "mean": [0.485, 0.456, 0.406],
                "std": [0.229, 0.224, 0.225],
                "axis": "channel",
            },
        },
    ],
}


@pytest.mark.parametrize("pixels", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_preprocessing_equals_the_reference(
    name: str, pixels: str, rng: np.random.Generator
) -> None:
    tensor = described(CASES[name], channels=3, dtype="float32")
    batch = (rng.random((4, 3, 19, 23)) * 255).astype(pixels)
    kept = batch.copy()
    result = preprocess(batch, "NCYX", operations(tensor), references={"input": (batch, "NCYX")})
    expected = reference(tensor, batch)
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(batch, kept)


@pytest.mark.parametrize("name", CASES)
def test_an_item_is_the_same_alone_and_in_a_batch(name: str, rng: np.random.Generator) -> None:
    steps = operations(described(CASES[name], channels=3, dtype="float32"))
    batch = rng.integers(0, 256, (3, 3, 21, 25), dtype=np.uint8)
    batch[1] //= 4

    def run(items: np.ndarray) -> np.ndarray:
        return preprocess(items, "NCYX", steps, references={"input": (items, "NCYX")})

    alone = np.concatenate([run(item[np.newaxis]) for item in batch])
    np.testing.assert_array_equal(run(batch), alone)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float64"])
def test_the_casts_of_the_model_object_are_followed(dtype: str, rng: np.random.Generator) -> None:
    tensor = described([{"id": "scale_range", "kwargs": {}}], channels=2, dtype=dtype)
    batch = rng.integers(0, 200, (2, 2, 9, 9)).astype(dtype)
    result = preprocess(batch, "NCYX", operations(tensor))
    assert result.dtype == dtype
    np.testing.assert_allclose(result, reference(tensor, batch), rtol=1e-6)


@given(
    batch=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=4, max_dims=4, min_side=1, max_side=4)),
    gain=st.floats(0.01, 9),
    offset=st.floats(-50, 50),
)
def test_bytes_looked_up_in_a_table_equal_bytes_computed(
    batch: np.ndarray, gain: float, offset: float
) -> None:
    steps = [
        Operation("ensure_dtype", {"dtype": "float32"}),
        Operation("scale_linear", {"gain": gain, "offset": offset}),
        Operation("clip", {"min": 0.0, "max": 100.0}),
        Operation("fixed_zero_mean_unit_variance", {"mean": 12.5, "std": 3.5}),
        Operation("ensure_dtype", {"dtype": "float32"}),
    ]
    big = np.tile(batch, (1, 1, 24, 24))
    looked_up, computed = (
        preprocess(big, "NCYX", steps),
        preprocess(big.astype(np.int16), "NCYX", steps),
    )
    assert looked_up.dtype == computed.dtype
    # A straight line is drawn in float32: two roundings of the largest number that takes part.
    rounding = 2 * np.finfo(np.float32).eps * 30
    np.testing.assert_allclose(looked_up, computed, rtol=0, atol=rounding)


def test_a_chain_that_is_no_straight_line_is_looked_up_exactly() -> None:
    steps = [
        Operation("scale_linear", {"gain": 1 / 255}),
        Operation("sigmoid"),
        Operation("ensure_dtype", {"dtype": "float32"}),
    ]
    batch = np.tile(np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16), (1, 3, 2, 2))
    np.testing.assert_array_equal(
        preprocess(batch, "NCYX", steps), preprocess(batch.astype(np.int16), "NCYX", steps)
    )


def test_eps_is_the_packages_own() -> None:
    batch = np.array([[[0.0, 1.0, 2.0, 5.0]]])
    for name, low, spread in (
        ("zero_mean_unit_variance", batch.mean(), batch.std()),
        ("scale_range", 0.0, 5.0),
    ):
        result = preprocess(batch, "NCX", [Operation(name, {"eps": 0.1})])
        np.testing.assert_allclose(result, (batch - low) / (spread + 0.1))


def test_binarize_along_an_axis_follows_the_specification() -> None:
    # The reference implementation ignores the axis.
    batch = np.full((2, 3, 4, 5), 0.5)
    result = postprocess(
        batch, "NCYX", [Operation("binarize", {"axis": "channel", "threshold": [0.25, 0.5, 0.75]})]
    )
    assert [bool(channel.all()) for channel in result[0]] == [True, False, False]
    assert not result[0, 1].any()


def test_postprocessing_takes_the_statistics_of_what_it_is_given(rng: np.random.Generator) -> None:
    batch = rng.random((3, 10)) * 7 + 3
    result = postprocess(
        batch,
        "NC",
        [Operation("scale_linear", {"gain": 0.01}), Operation("zero_mean_unit_variance")],
    )
    np.testing.assert_allclose(result.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(result.std(axis=1), 1, atol=1e-4)


def test_mean_and_variance_of_another_tensor_are_matched(rng: np.random.Generator) -> None:
    batch, other = rng.random((2, 3, 8, 8)), rng.random((2, 3, 8, 8)) * 50 + 9
    result = postprocess(
        batch,
        "NCYX",
        [Operation("scale_mean_variance", {"reference_tensor": "raw", "axes": ["y", "x"]})],
        references={"raw": (other, "NCYX")},
    )
    np.testing.assert_allclose(result.mean((2, 3)), other.mean((2, 3)))
    np.testing.assert_allclose(result.std((2, 3)), other.std((2, 3)), rtol=1e-5)


def test_softmax_and_sigmoid_bear_great_numbers() -> None:
    logits = np.array([[1000.0, -1000.0, 999.0]], np.float32)
    np.testing.assert_allclose(
        postprocess(logits, "NC", [Operation("softmax", {"axis": "channel"})]),
        [[1 / (1 + np.exp(-1)), 0, 1 / (1 + np.exp(1))]],
        rtol=1e-6,
    )
    np.testing.assert_array_equal(postprocess(logits, "NC", [Operation("sigmoid")]), [[1, 0, 1]])


def test_every_step_of_the_specification_is_known_or_refused_with_a_reason() -> None:
    ids = {
        step.model_fields["id"].annotation.__args__[0]
        for name, step in vars(v0_5).items()
        if name.endswith("Descr") and hasattr(step, "implemented_id")
    }
    refused = {"custom", "cellpose_flow_dynamics", "stardist_postprocessing"}
    assert ids - refused <= IMPLEMENTED_OPERATIONS
    for name in refused:
        with pytest.raises(BrokenPackageError, match="cannot be carried out: it"):
            postprocess(np.zeros((1, 2)), "NC", [Operation(name)])


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (Operation("blur"), "'blur' cannot be carried out: it is not a step"),
        (Operation("binarize"), "lacks its argument 'threshold'"),
        (Operation("softmax", {"axis": "z"}), r"names the axis 'z', which the tensor \(NC\)"),
        (Operation("scale_linear", {"gain": [1, 2]}), "gives 2 values but names no axis"),
        (
            Operation("scale_linear", {"gain": [1, 2], "axis": "channel"}),
            "gives 2 values along 'channel', which has the length 3",
        ),
        (Operation("clip", {"min": 2, "max": 1}), "needs min < max"),
        (Operation("ensure_dtype", {"dtype": "float33"}), "ensure_dtype"),
        (Operation("scale_range", {"reference_tensor": "raw"}), "the tensor 'raw', which is not"),
        (
            Operation("scale_range", {"min_percentile": 60, "max_percentile": 50}),
            "needs min_percentile < max_percentile",
        ),
    ],
)
def test_a_step_that_cannot_be_carried_out_names_its_fault(
    operation: Operation, sentence: str
) -> None:
    with pytest.raises(BrokenPackageError, match=sentence):
        preprocess(np.ones((1, 3)), "NC", [operation])
