"""Write the TensorFlow samples into the folder that is named."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import oracle
import tensorflow as tf


def network() -> keras.Model:
    picture = keras.Input((oracle.SIZE, oracle.SIZE, oracle.CHANNELS), name="picture")
    filtered = keras.layers.Conv2D(oracle.FILTERS, 3, activation="relu")(picture)
    means = keras.layers.GlobalAveragePooling2D()(filtered)
    scores = keras.layers.Dense(oracle.CLASSES, activation="softmax", name="scores")(means)
    model = keras.Model(picture, scores)
    own = oracle.parameters()
    model.set_weights(
        [own["kernel"].transpose(2, 3, 1, 0), own["kernel_bias"], own["dense"], own["dense_bias"]]
    )
    return model


def two_ways() -> keras.Model:
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    return keras.Model(
        {"right": right, "left": left},
        [keras.layers.Subtract(name="difference")([left, right]), left],
    )


class Plain(tf.Module):
    """A SavedModel that Keras had no part in, with outputs that share what it keeps."""

    def __init__(self) -> None:
        self.kept = tf.Variable([1.0, 2.0, 3.0])

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32, name="right"),
            tf.TensorSpec([None, 3], tf.float32, name="left"),
        ]
    )
    def serve(self, right, left):
        return {"same": tf.identity(right), "difference": (left - right) * self.kept / self.kept}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    model = network()
    model.save(folder / "network.keras")
    model.save(folder / "network.h5")
    model.export(folder / "network", verbose=False)
    two_ways().save(folder / "two_ways.keras")
    plain = Plain()
    tf.saved_model.save(plain, folder / "two_ways", signatures={"serve": plain.serve})
