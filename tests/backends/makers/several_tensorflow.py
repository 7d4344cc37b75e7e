"""Write Keras and SavedModel networks with two outputs: FOLDER, which holds their matrix."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

folder = Path(sys.argv[1])
matrix = np.load(folder / "matrix.npy")
picture = keras.Input((1, 4, 4), name="input")
doubled = keras.layers.Rescaling(2.0, name="map")(picture)
flat = keras.layers.Flatten()(picture)
dense = keras.layers.Dense(matrix.shape[1], use_bias=False, name="output")
model = keras.Model(picture, {"map": doubled, "output": dense(flat)})
dense.set_weights([matrix])
model.save(folder / "weights.keras")
model.export(folder / "saved_model", verbose=False)
