"""Building a network in Keras from given parameters; a program, so that TensorFlow has a process."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from recipe import architecture

__all__ = ["build", "main"]


def build(
    plan: architecture.NetworkPlan, parameters: dict[str, np.ndarray], name: str
) -> keras.Model:
    """Build a network; input ``(batch, 1, size, size)`` as in the other frameworks.

    Parameters
    ----------
    plan
        The layers.
    parameters
        As PyTorch has them: kernels ``(out, in, height, width)`` and ``(out, in)``.
    name
        Name of the model.
    """
    raw = keras.Input((1, plan.size, plan.size), name="raw")
    value = keras.layers.Permute((2, 3, 1), name="channels_last")(raw)
    weighted: list[keras.layers.Layer] = []
    for layer in plan.layers:
        if isinstance(layer, architecture.Convolution):
            weighted.append(
                keras.layers.Conv2D(
                    layer.channels,
                    layer.kernel,
                    padding="same" if layer.padded else "valid",
                    activation="relu",
                    name=f"convolution_{len(weighted)}",
                )
            )
            value = weighted[-1](value)
        else:
            value = keras.layers.MaxPooling2D(name=f"pooling_{len(weighted)}")(value)
    value = keras.layers.GlobalAveragePooling2D(name="mean")(value)
    weighted.append(keras.layers.Dense(len(plan.labels), name="scores"))
    model = keras.Model(raw, weighted[-1](value), name=name)
    for number, layer in enumerate(weighted):
        kernel = parameters[f"kernel_{number}"]
        order = (2, 3, 1, 0) if kernel.ndim == 4 else (1, 0)
        layer.set_weights([kernel.transpose(order), parameters[f"bias_{number}"]])
    return model


def main(plan_name: str, given: str, folder: str) -> None:
    """Write ``weights.keras``, the folder ``saved_model``, and what both answer to ``inputs``."""
    with np.load(given) as file:
        parameters = dict(file)
    inputs = parameters.pop("inputs")
    model = build(getattr(architecture, plan_name), parameters, plan_name.lower())
    path = Path(folder, "weights.keras")
    model.save(path)
    _forget_the_run(path)
    bundle = Path(folder, "saved_model")
    model.export(bundle, verbose=False)
    served = tf.saved_model.load(bundle).signatures["serving_default"]
    np.savez(
        Path(folder, "outputs.npz"),
        keras=keras.saving.load_model(path).predict(inputs, verbose=0),
        saved_model=next(iter(served(tf.constant(inputs)).values())).numpy(),
    )


def _forget_the_run(path: Path) -> None:
    """Take out of a ``.keras`` file what differs from run to run: the date, and objects' addresses."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    facts = json.loads(members["metadata.json"])
    facts.pop("date_saved", None)
    members["metadata.json"] = json.dumps(facts).encode()
    numbers: dict[bytes, bytes] = {}
    members["config.json"] = re.sub(
        rb'("shared_object_id": )(\d+)',
        lambda found: found[1] + numbers.setdefault(found[2], b"%d" % len(numbers)),
        members["config.json"],
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


if __name__ == "__main__":
    main(*sys.argv[1:])
