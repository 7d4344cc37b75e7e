"""From several models of the zoo to one package that answers for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import onnx
import onnxruntime

from zoobridge.errors import InvalidRequestError
from zoobridge.imaging import preprocess
from zoobridge.training._zoo_packages import find_package
from zoobridge.training.ensemble._graph import RULES, Member, RuleName, ensemble_model
from zoobridge.zoo import (
    file_sha256,
    finish_package,
    new_package,
    package_folder,
    plain_name,
    read_document,
    slug,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zoobridge.client import Client
    from zoobridge.imaging import InputSpec
    from zoobridge.zoo import ModelDescription

__all__ = ["PublishedEnsemble", "combine_models"]

#: By how much a picture that is prepared by a gain and an offset may differ from one that its steps prepare.
_AFFINE: Final = 1e-5


@dataclass(frozen=True)
class PublishedEnsemble:
    """An ensemble in the zoo.

    Parameters
    ----------
    id, version
        Of the model.
    members
        Its members, each as ``id@version``.
    folder
        The package.
    """

    id: str
    version: str
    members: tuple[str, ...]
    folder: Path

    @property
    def reference(self) -> str:
        """The model as one writes it: ``id@version``."""
        return f"{self.id}@{self.version}"


def combine_models(
    client: Client,
    models: Sequence[str],
    *,
    name: str,
    zoo: Path,
    rule: RuleName = "mean",
    views: Literal[1, 8] = 1,
    version: str = "1.0.0",
) -> PublishedEnsemble:
    """Write a package into the zoo that answers for several models.

    The members' ONNX networks stand side by side in one, which every client and framework setting treats
    as any other. Later versions of the members do not change it.

    Parameters
    ----------
    client
        Connected to the server of the zoo.
    models
        ``id`` or ``id@version``; two or more, with ONNX weights, the same classes, and inputs of the same
        size. One is enough with eight views.
    name
        Of the ensemble.
    zoo
        The zoo's folder.
    rule
        One of :data:`~zoobridge.training.ensemble.RULES`.
    views
        Of a picture: 1, or 8 for the mean of each member's probabilities over its flips and turns.
    version
        Of the ensemble.

    Raises
    ------
    InvalidRequestError
        If the models do not fit together, or the zoo has the ensemble already.
    ServerError
        If the package cannot be written.
    """
    described = []
    for model in models:
        named = client.model(model)
        described.append(find_package(zoo, named.id, named.version))
    references = [f"{one.id}@{one.version}" if one.version else one.id for one in described]
    least = 1 if views > 1 else 2
    if len(set(references)) < max(least, len(references)):
        raise InvalidRequestError("an ensemble needs two or more different models")
    members, same = _members(described, references)
    model_id = slug(name)
    target = package_folder(zoo, model_id, version)
    turned = _turned(described[0], references[0]) if views > 1 else None
    made = ensemble_model(members, rule, turned=turned)
    combined = RULES[rule] if len(members) > 1 else "the mean over eight flips and turns"
    if views > 1 and len(members) > 1:
        combined += "; each member answers with the mean over eight flips and turns"
    with new_package(zoo) as folder:
        (folder / "weights.onnx").write_bytes(made.SerializeToString(deterministic=True))
        document = _document(described[0], same=same)
        document |= {
            "id": model_id,
            "version": version,
            "name": plain_name(name),
            "description": f"An ensemble of {', '.join(references)}: {combined}.",
        }
        document["config"]["zoobridge"]["ensemble"] = {
            "members": references,
            "rule": rule,
            "views": views,
        }
        _note_sources(document, described)
        _write_tests(folder, described[0], same=same)
        (folder / "README.md").write_text(_readme(name, references, combined), "utf-8")
        document["weights"] = {
            "onnx": {
                "source": "weights.onnx",
                "sha256": file_sha256(folder / "weights.onnx"),
                "opset_version": max(one.version for one in made.opset_import if not one.domain),
            }
        }
        finish_package(document, folder)
        folder.rename(target)
    return PublishedEnsemble(model_id, version, tuple(references), target)


def _members(
    described: Sequence[ModelDescription], references: Sequence[str]
) -> tuple[list[Member], bool]:
    """Return the networks, and whether all prepare pictures alike."""
    first = _input_of(described[0], references[0])
    same = all(
        _input_of(one, reference).preprocessing == first.preprocessing
        for one, reference in zip(described, references, strict=True)
    )
    members = []
    for one, reference in zip(described, references, strict=True):
        spec, output = _input_of(one, reference), one.output
        assert output is not None  # noqa: S101 - it was checked with the input
        if set(one.labels) != set(described[0].labels):
            raise InvalidRequestError(
                f"{reference} has other classes than {references[0]}; an ensemble needs models of the "
                "same classes"
            )
        if _shape(spec) != _shape(first):
            raise InvalidRequestError(
                f"{reference} takes other pictures than {references[0]} (size, channels, range or how "
                "they are fitted); an ensemble needs models that take the same"
            )
        steps = [step.id for step in output.postprocessing if step.id != "ensure_dtype"]
        if one.score_kind != "probability" or steps not in ([], ["softmax"]) or output.axes != "NC":
            raise InvalidRequestError(
                f"{reference} gives no probabilities of one class each, which an ensemble combines"
            )
        gain, offset = (None, None) if same else _affine(one, spec, reference)
        members.append(
            Member(
                model=onnx.load(_weights(one, reference)),
                output=output.name,
                softmax=bool(steps),
                order=np.array([one.labels.index(label) for label in described[0].labels]),
                gain=gain,
                offset=offset,
            )
        )
    return members, same


def _input_of(described: ModelDescription, reference: str) -> InputSpec:
    if described.problem or described.input is None:
        raise InvalidRequestError(f"{reference} cannot be used: {described.problem}")
    if described.input.dtype != "float32":
        raise InvalidRequestError(
            f"{reference} takes {described.input.dtype}; an ensemble needs models that take float32"
        )
    return described.input


def _weights(described: ModelDescription, reference: str) -> Path:
    for one in described.weights:
        if one.format == "onnx":
            return one.path
    raise InvalidRequestError(f"{reference} has no ONNX weights, which an ensemble is made of")


def _turned(first: ModelDescription, reference: str) -> tuple[int, int]:
    """Return the axes along Y and X."""
    spec = _input_of(first, reference)
    sizes = [spec.sizes[axis] for axis in "YX"]
    if sizes[0] != sizes[1] or "N" not in spec.axes:
        raise InvalidRequestError(
            f"{reference} takes pictures that are not square, or one at a time; eight views need a square "
            "input with a batch axis"
        )
    return spec.axes.index("Y"), spec.axes.index("X")


def _shape(spec: InputSpec) -> tuple[Any, ...]:
    return (
        *(spec.axes, dict(spec.sizes), spec.channel_names),
        *(spec.intensity_range, spec.fit, spec.interpolation),
    )


def _affine(
    described: ModelDescription, spec: InputSpec, reference: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the gain and the offset, by channel, that preparing a picture amounts to."""
    tested = np.load(described.test_inputs[0])[:1].astype(np.float32)

    def prepared(array: NDArray[np.float32]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = preprocess(array, spec.axes, spec.preprocessing).astype(
            np.float64
        )
        return result

    corner = tuple(slice(None) if axis == "C" else slice(0, 1) for axis in spec.axes)
    offset = prepared(np.zeros_like(tested))[corner]
    gain = prepared(np.ones_like(tested))[corner] - offset
    expected = prepared(tested)
    reach = max(1.0, float(np.abs(expected).max()))
    if not np.allclose(tested * gain + offset, expected, rtol=0, atol=_AFFINE * reach):
        raise InvalidRequestError(
            f"{reference} prepares a picture by that picture's own values, and not as the others do; an "
            "ensemble needs models that prepare pictures alike, or by a fixed gain and offset"
        )
    return gain.astype(np.float32), offset.astype(np.float32)


def _document(first: ModelDescription, *, same: bool) -> dict[str, Any]:
    """Return the description of the first member, without what is true of it alone."""
    document = read_document(first)
    assert first.output is not None  # noqa: S101 - the members were checked
    given, scores = document["inputs"][0], document["outputs"][first.output.index]
    given["id"], given["test_tensor"] = "raw", {"source": "test_input.npy"}
    if not same:
        given["preprocessing"] = [{"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}]
    scores["id"], scores["test_tensor"] = "scores", {"source": "test_scores.npy"}
    scores["axes"] = [{"type": "batch"}, {"type": "channel", "channel_names": list(first.labels)}]
    scores.pop("postprocessing", None)
    own = document.get("config", {}).get("zoobridge", {})
    kept = (
        "fit",
        "interpolation",
        "channel_order",
        "intensity_range",
        "default_top_k",
        "class_colors",
    )
    return {
        "type": "model",
        "format_version": document["format_version"],
        "documentation": {"source": "README.md"},
        "inputs": [given],
        "outputs": [scores],
        "config": {
            "zoobridge": {
                **{key: own[key] for key in kept if key in own},
                "score_kind": "probability",
            }
        },
    }


def _note_sources(document: dict[str, Any], described: Sequence[ModelDescription]) -> None:
    """Name those whom the members name, and the licence that all have."""
    documents = [read_document(one) for one in described]
    for field in ("authors", "cite", "tags"):
        entries: list[Any] = []
        for one in documents:
            entries += [entry for entry in one.get(field, ()) if entry not in entries]
        document[field] = entries
    licenses = {one.get("license", "") for one in documents}
    if len(licenses) == 1 and (license_id := licenses.pop()):
        document["license"] = license_id


def _write_tests(folder: Path, first: ModelDescription, *, same: bool) -> None:
    spec = first.input
    assert spec is not None  # noqa: S101 - the members were checked
    tested = np.load(first.test_inputs[0])
    np.save(folder / "test_input.npy", tested)
    given = preprocess(tested, spec.axes, spec.preprocessing) if same else tested
    session = onnxruntime.InferenceSession(
        folder / "weights.onnx", providers=["CPUExecutionProvider"]
    )
    (scores,) = session.run(["scores"], {"raw": np.ascontiguousarray(given, np.float32)})
    np.save(folder / "test_scores.npy", scores)


def _readme(name: str, references: Sequence[str], combined: str) -> str:
    members = "\n".join(f"- {one}" for one in references)
    return (
        f"# {name}\n\nAn ensemble; its scores are {combined}.\n\n{members}\n\n"
        "What each member was trained on, and how good it is, its own model card says. The ensemble was "
        "not measured: `zoobridge evaluate` compares it with its members. Its probabilities were not "
        "calibrated, and its answers carry neither prediction set nor novelty.\n"
    )
