"""Reading a model package: a folder or a zip with a BioImage.IO description."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.zoo._archive import unpack
from zoobridge.zoo._colors import distinct_colors
from zoobridge.zoo._description import Author, Citation, ModelDescription
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import file_sha256, package_file
from zoobridge.zoo._identity import id_problem, slug, zoo_id
from zoobridge.zoo._labels import find_labels
from zoobridge.zoo._library import load_model, parse_description
from zoobridge.zoo._reliability import reliability
from zoobridge.zoo._scores import find_score_kind
from zoobridge.zoo._tensors import (
    class_count,
    input_spec,
    nominal_values,
    output_spec,
    output_tensors,
)
from zoobridge.zoo._weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from zoobridge.zoo._package_config import PackageConfig

__all__ = ["description_name", "load_tensor", "model_object", "read_document", "read_package"]

_NAMES = ("bioimageio.yaml", "rdf.yaml", "model.yaml")
_DESCRIPTION_BYTES = 8 << 20
_TEST_TENSOR_BYTES = 64 << 20


def description_name(names: Sequence[str]) -> str:
    """Choose the description among the files of a folder; empty without one."""
    for known in _NAMES:
        for name in sorted(names):
            if name == known or name.endswith(f".{known}"):
                return name
    return ""


def read_package(path: Path, *, unpack_to: Path) -> ModelDescription:
    """Read a package, leniently and without the network.

    Nothing that a package holds raises: what is wrong with it becomes the description's
    ``problem``, what is wrong with one set of weights becomes theirs.

    Parameters
    ----------
    path
        A folder or a zip file.
    unpack_to
        A folder of ours, for the content of zip files.

    Returns
    -------
    ModelDescription
        As far as the package could be read.
    """
    source = path.absolute()
    blank = ModelDescription(
        id=slug(source.stem if source.is_file() else source.name), root=source, source=source
    )
    try:
        root = _root(source, unpack_to)
        content, document = _document(root)
    except PackageFault as fault:
        return replace(blank, problem=str(fault))
    except OSError as error:
        return replace(blank, problem=f"{source.name} cannot be read: {error}")
    named = _named(replace(blank, root=root), document)
    if named.problem:
        return named
    try:
        model = load_model(document, root)
        return _described(named, model, unpack_to=unpack_to, content=content)
    except PackageFault as fault:
        return replace(named, problem=str(fault))
    except OSError as error:
        return replace(named, problem=f"{source.name} cannot be read: {error}")


def read_document(model: ModelDescription) -> dict[str, Any]:
    """Return a package's description as it is written.

    Raises
    ------
    PackageFault
        If the package cannot be read any more.
    """
    return _document(model.root)[1]


def model_object(model: ModelDescription) -> Any:
    """Return the library's object (``bioimageio.spec.model.v0_5.ModelDescr``) for a package.

    Raises
    ------
    PackageFault
        If the package cannot be read any more.
    """
    try:
        _, document = _document(model.root)
        return load_model(document, model.root)
    except OSError as error:
        raise PackageFault(f"{model.source.name} cannot be read: {error}") from error


def _root(source: Path, unpack_to: Path) -> Path:
    if source.is_dir():
        return source
    if not source.is_file():
        raise PackageFault(f"{source} is neither a folder nor a zip file; correct the path")
    folder = unpack_to / f"package-{file_sha256(source)}"
    unpack(source, folder)
    inside = list(folder.iterdir())
    # A zip of the folder itself is as common as one of its content.
    if not description_name([entry.name for entry in inside]) and len(inside) == 1:
        return inside[0] if inside[0].is_dir() else folder
    return folder


def _document(root: Path) -> tuple[bytes, dict[str, Any]]:
    name = description_name([entry.name for entry in root.iterdir()])
    if not name:
        raise PackageFault("the package holds no rdf.yaml or bioimageio.yaml; add one")
    path = package_file(root, name)
    if path.stat().st_size > _DESCRIPTION_BYTES:
        raise PackageFault(f"{name} is larger than 8 MiB, which no description needs to be")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PackageFault(f"{name} is not UTF-8 text ({error}); save it as UTF-8") from error
    return content, parse_description(text, name)


def _named(blank: ModelDescription, document: Mapping[str, Any]) -> ModelDescription:
    """Take what a listing shows first, from a document that may be broken otherwise."""
    stated = document.get("id")
    stated = stated.strip() if isinstance(stated, str) else ""
    config = document.get("config")
    chosen = zoo_id(stated, config if isinstance(config, dict) else {}, blank.id)
    version = document.get("version", document.get("version_number"))
    texts = {
        key: value if isinstance(value := document.get(key), str) else ""
        for key in ("name", "description")
    }
    return replace(
        blank,
        id=chosen,
        original_id=stated if stated != chosen else "",
        version=str(version) if isinstance(version, (str, int, float)) else "",
        name=texts["name"],
        description=texts["description"],
        problem=id_problem(stated),
    )


def _described(
    named: ModelDescription,
    model: Any,
    *,
    unpack_to: Path,
    content: bytes,
) -> ModelDescription:
    root = named.root
    description = replace(
        named,
        version=str(model.version) if model.version is not None else "",
        name=str(model.name),
        description=str(model.description or ""),
        license=_license(model.license),
        tags=tuple(str(tag) for tag in model.tags),
        authors=tuple(_author(author) for author in model.authors),
        citations=tuple(_citation(cite) for cite in model.cite),
        documentation_path=_optional_file(root, model.documentation),
        cover_path=next(
            (found for cover in model.covers if (found := _optional_file(root, cover))), None
        ),
    )
    if not _is_version(description.version):
        return replace(
            description,
            problem=f"the version {description.version!r} cannot be addressed as id@version; "
            "use letters, digits, dots, plus and minus",
        )
    weights = read_weights(model, root=root, unpack_to=unpack_to, description=content)
    description = replace(description, weights=weights)
    try:
        config = _config(model)
        described = replace(description, input=input_spec(model, config))
        described = _with_output(described, model, config)
    except PackageFault as fault:
        return replace(description, problem=str(fault))
    problem = ""
    if not weights:
        problem = "the package has no weights in a format that ZooBridge runs; add ONNX weights"
    elif all(one.problem for one in weights):
        problem = weights[0].problem
    return replace(described, problem=problem)


def _with_output(
    described: ModelDescription, model: Any, config: PackageConfig
) -> ModelDescription:
    root = described.root
    output, tensor = output_spec(model, config)
    count = class_count(tensor)
    channels: list[Any] = next(
        (axis.channel_names for axis in tensor.axes if axis.type == "channel"), []
    )
    attachments = model.attachments or []
    labels, source = find_labels(
        channel_names=[str(name) for name in channels],
        values=nominal_values(tensor),
        count=count,
        attachments=[str(attachment.source) for attachment in attachments],
        root=root,
    )
    test_outputs = _tensors(root, model.outputs)
    measured = load_tensor(test_outputs[output.index]) if test_outputs else None
    if measured is not None and count:
        _check_measured(measured, output.axes, count)
    kind, how = find_score_kind(output, count, config, measured)
    colors = {
        label: config.class_colors.get(label, color).lower()
        for label, color in zip(labels, distinct_colors(len(labels)), strict=True)
    }
    strangers = sorted(config.class_colors.keys() - set(labels))
    return replace(
        described,
        **reliability(config, output, [str(one.id) for one in model.outputs], kind, root),
        output=output,
        outputs=output_tensors(model),
        labels=labels,
        label_source=source,
        label_colors=tuple(colors[label] for label in labels),
        score_kind=kind,
        score_kind_source=how,
        default_top_k=min(config.default_top_k, max(len(labels), 1)),
        threshold=config.threshold,
        test_inputs=_tensors(root, model.inputs),
        test_outputs=test_outputs,
        warnings=tuple(
            f"config.zoobridge.class_colors names {label!r}, which is not one of the classes"
            for label in strangers
        ),
    )


def _check_measured(measured: NDArray[Any], axes: str, count: int) -> None:
    place = next((axes.index(letter) for letter in "CI" if letter in axes), None)
    if place is None or measured.ndim != len(axes):
        return
    if measured.shape[place] != count:
        raise PackageFault(
            f"the package names {count} classes, but the network's test output has "
            f"{measured.shape[place]}; make the two agree in the rdf.yaml"
        )


def _config(model: Any) -> PackageConfig:
    from pydantic import ValidationError

    from zoobridge.zoo._package_config import PackageConfig

    section = (model.config.model_extra or {}).get("zoobridge") or {}
    try:
        return PackageConfig.model_validate(section)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(("config.zoobridge", *map(str, first["loc"])))
        raise PackageFault(f"{place} in the rdf.yaml: {first['msg']}") from error


def _tensors(root: Path, tensors: Sequence[Any]) -> tuple[Path, ...]:
    found = [_optional_file(root, tensor.test_tensor) for tensor in tensors]
    return tuple(path for path in found if path is not None) if all(found) else ()


def _optional_file(root: Path, stated: Any) -> Path | None:
    if stated is None:
        return None
    try:
        return package_file(root, str(getattr(stated, "source", stated)))
    except PackageFault:
        return None


def load_tensor(path: Path) -> NDArray[Any] | None:
    """Load a ``.npy`` file of numbers, of up to 64 MiB; `None` where it cannot be."""
    try:
        size = path.stat().st_size
        if size > _TEST_TENSOR_BYTES:
            return None
        content = io.BytesIO(path.read_bytes())
        header = (
            np.lib.format.read_array_header_1_0
            if np.lib.format.read_magic(content) == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = header(content)
        # Memory is taken for what the header states, so it must not state more than there is.
        if dtype.kind not in "biuf" or math.prod(shape) * dtype.itemsize > size:
            return None
        content.seek(0)
        array: NDArray[Any] = np.lib.format.read_array(content, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array


def _license(stated: Any) -> str:
    return "" if stated is None else str(getattr(stated, "source", stated))


def _author(author: Any) -> Author:
    return Author(
        name=str(author.name),
        affiliation=str(author.affiliation or ""),
        orcid=str(author.orcid or ""),
    )


def _citation(cite: Any) -> Citation:
    return Citation(text=str(cite.text), doi=str(cite.doi or ""), url=str(cite.url or ""))


def _is_version(version: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9.+_!-]{0,64}", version) is not None
