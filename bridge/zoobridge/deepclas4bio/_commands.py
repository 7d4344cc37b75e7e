"""The seven commands."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoobridge.deepclas4bio._answer import UsageError, answering
from zoobridge.deepclas4bio._names import (
    find_model,
    find_picture,
    framework_name,
    model_names,
    our_framework,
    our_reader,
    reader_name,
)
from zoobridge.errors import InvalidRequestError, ServerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoobridge.client import Client, Results

__all__ = [
    "evaluate",
    "list_frameworks",
    "list_measures",
    "list_models",
    "list_readers",
    "predict",
    "predict_batch",
]

#: Names the zoo on which a server is started where none runs: one folder or more.
ZOO_VARIABLE: Final = "ZOOBRIDGE_ZOO"

_Document = tuple[dict[str, Any], int]


@answering("")
def list_frameworks(words: list[str]) -> _Document:
    """List the frameworks that can be used, under the original's names."""
    _expect(words, 0)
    with _connected() as client:
        names = [one.name for one in client.frameworks() if not one.problem]
    # Its dialogs preselect the first.
    names.sort(key=lambda name: (name != "tensorflow", name != "pytorch", name))
    return {"type": "frameworks", "frameworks": [framework_name(name) for name in names]}, 0


@answering("FRAMEWORK")
def list_models(words: list[str]) -> _Document:
    """List the models that a framework can run."""
    _expect(words, 1)
    with _connected() as client:
        framework = our_framework(words[0], [one.name for one in client.frameworks()])
        names = model_names(client.models(framework), framework)
    return {"type": "models", "framework": words[0], "models": names}, 0


@answering("")
def list_measures(words: list[str]) -> _Document:
    """List the original's measures."""
    from zoobridge.deepclas4bio._measures import MEASURES

    _expect(words, 0)
    return {"type": "measures", "measures": list(MEASURES)}, 0


@answering("")
def list_readers(words: list[str]) -> _Document:
    """List the dataset readers, under names of the original's kind."""
    from zoobridge.evaluation import readers

    _expect(words, 0)
    found = [{"name": reader_name(name), "description": reader.description}
             for name, reader in readers().items()]  # fmt: skip
    return {"type": "readDatasets", "readDatasets": found}, 0


@answering("IMAGE FRAMEWORK MODEL")
def predict(words: list[str]) -> _Document:
    """Classify one picture, whose path may have been split at its spaces."""
    if len(words) < 3:
        raise UsageError("name a picture, a framework and a model")
    *image, framework, model = words
    path = find_picture(image)
    with _connected() as client:
        (label,), failed = _labels(client, framework, model, [path])
    if failed:
        raise InvalidRequestError(failed[0])
    return {
        "type": "classification",
        "image": " ".join(image),
        "framework": framework,
        "model": model,
        "class": label,
    }, 0


@answering("CONFIG.json [BATCH_SIZE]")
def predict_batch(words: list[str]) -> _Document:
    """Classify the pictures that a file names; those that fail say so in the place of a class."""
    if len(words) > 1 and words[-1].isdigit() and not Path(" ".join(words)).is_file():
        # The server finds the best batch by itself.
        words = words[:-1]
    config = _config(words)
    framework, model = _text(config, "framework"), _text(config, "model")
    images = _texts(config, "images")
    with _connected() as client:
        labels, failed = _labels(client, framework, model, [Path(image) for image in images])
    if images and len(failed) == len(images):
        raise InvalidRequestError(failed[0])
    for sentence in failed:
        sys.stderr.write(f"{sentence}\n")
    results = [
        {"image": image, "class": label} for image, label in zip(images, labels, strict=True)
    ]
    return {
        "type": "classification", "framework": framework, "model": model, "results": results,
    }, int(bool(failed))  # fmt: skip


@answering("CONFIG.json")
def evaluate(words: list[str]) -> _Document:
    """Measure the models that a file names on labelled pictures."""
    from zoobridge.deepclas4bio._measures import check_measures, measured, our_measures
    from zoobridge.evaluation import evaluate as run
    from zoobridge.evaluation import read_dataset, readers

    config = _config(words)
    names = _texts(config, "measures")
    check_measures(names)
    known = readers()
    reader = our_reader(_text(config, "readDataset"), known)
    labels = config.get("pathLabels") or ""
    options = {"labels": str(labels)} if labels and "labels" in known[reader].options else {}
    dataset = read_dataset(Path(_text(config, "pathDataset")), reader=reader, options=options)
    document: dict[str, dict[str, float]] = {}
    with _connected() as client, tempfile.TemporaryDirectory() as folder:
        frameworks = [one.name for one in client.frameworks()]
        for predictor in _predictors(config):
            framework, model = _text(predictor, "framework"), _text(predictor, "model")
            ours = f"{find_model(client, model)}:{our_framework(framework, frameworks)}"
            comparison = run(
                client, [ours], dataset, folder=Path(folder), measures=our_measures(names)
            )
            (row,) = comparison.rows
            values = document.setdefault(f"{model}{framework}", {})
            for failure in row.run.failures:
                path = dataset.items[failure.item].path
                sys.stderr.write(f"{model}{framework}: not answered: {path}: {failure.error}\n")
            for name in names:
                value = measured(name, row)
                if isinstance(value, float):
                    values[name] = value
                else:
                    sys.stderr.write(f"{model}{framework}: {name} does not apply: {value}\n")
    return document, 0


def _connected() -> Client:
    """Connect to the server of this machine, or the one that the environment names.

    Where none runs, one is started on the zoo of ``$ZOOBRIDGE_ZOO``.
    """
    from zoobridge.client import connect

    zoo = os.environ.get(ZOO_VARIABLE, "")
    try:
        return connect(start=[part for part in zoo.split(os.pathsep) if part] if zoo else None)
    except ServerUnavailableError as error:
        if zoo:
            raise
        raise ServerUnavailableError(
            f"{error.message}; or set {ZOO_VARIABLE} to the folder of your models, and one is "
            "started"
        ) from error


def _labels(
    client: Client, framework: str, model: str, paths: Sequence[Path]
) -> tuple[list[str], list[str]]:
    """Return each picture's class, or why it has none; and the sentences of those."""
    ours = our_framework(framework, [one.name for one in client.frameworks()])
    reference = find_model(client, model)
    labels = ["" for _ in paths]
    failed: list[str] = []
    # Named by number, so that neither a folder nor a pattern stands for several pictures.
    pictures = {str(number): path for number, path in enumerate(paths)}
    with closing(client.classify_each(reference, pictures, framework=ours)) as stream:
        for results in stream:
            number = results[0].image_index
            label, problem = _outcome(results)
            if problem:
                failed.append(f"{paths[number]}: {problem}")
                label = f"ERROR: {failed[-1]}"
            labels[number] = label
    return labels, failed


def _outcome(results: Results) -> tuple[str, str]:
    if len(results) > 1:
        return "", f"it holds {len(results)} planes; give each as a separate picture"
    error = results[0].error
    return ("", error.message) if error is not None else (results[0].label, "")


def _expect(words: Sequence[str], count: int) -> None:
    if len(words) != count:
        raise UsageError(f"it takes {count} arguments, not {len(words)}")


def _config(words: Sequence[str]) -> dict[str, Any]:
    if not words:
        raise UsageError("name the file that says what to do")
    path = find_picture(words)
    try:
        config = json.loads(path.read_text("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidRequestError(f"{path} is not a JSON file: {error}") from error
    if not isinstance(config, dict):
        raise InvalidRequestError(f"{path} holds no JSON object")
    return config


def _text(config: dict[str, Any], key: str) -> str:
    value = config.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(f'the configuration needs a text "{key}"')
    return value


def _texts(config: dict[str, Any], key: str) -> list[str]:
    value = config.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidRequestError(f'the configuration needs a list of texts "{key}"')
    return value


def _predictors(config: dict[str, Any]) -> list[dict[str, Any]]:
    value = config.get("predictors")
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise InvalidRequestError('the configuration needs a list "predictors" of objects')
    return value
