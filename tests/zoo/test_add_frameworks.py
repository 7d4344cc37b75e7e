"""Adding networks of PyTorch and TensorFlow, which run in workers of their own."""

import os
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest

from adding import FRAMEWORKS, LABELS
from zoobridge.backend import WeightsFile
from zoobridge.engine import confined_network
from zoobridge.errors import InvalidRequestError, TrustError
from zoobridge.imaging import Operation, preprocess
from zoobridge.zoo import ScoreKind, choose_weights, read_export

TORCH = """
import sys, torch, warnings
warnings.simplefilter("ignore")
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 8 * 8, 3), torch.nn.Softmax(1))
torch.jit.save(torch.jit.trace(net.eval(), torch.zeros(1, 3, 8, 8)), sys.argv[1])
"""

TORCH_SEVERAL = """
import sys, torch, warnings
warnings.simplefilter("ignore")
class Net(torch.nn.Module):
    def forward(self, picture):
        features = picture.flatten(1)
        if sys.argv[2] == "dict":
            return {"features": features, "scores": picture.mean((2, 3))}
        return features, picture.mean((2, 3))
net = torch.jit.trace(Net(), torch.ones(1, 3, 8, 8), strict=False)
torch.jit.save(net, sys.argv[1])
"""

KERAS = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
keras.utils.set_random_seed(0)
net = keras.Sequential([
    keras.layers.Input((8, 8, 3), name="picture"), keras.layers.Flatten(),
    keras.layers.Dense(3, activation="softmax"),
])
net.save(sys.argv[1])
net.export(sys.argv[2], verbose=False)
"""

# Networks that rescale by themselves, and Teachable Machine's export, each with the scores that Keras
# itself gives for a picture of 0…255 (or of 0…1, where the network was made for that).
KERAS_INSIDE = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np
folder = sys.argv[1]
picture = np.load(folder + "/picture.npy")[None].astype("float32")
L = keras.layers
adapted = L.Normalization(axis=-1)
adapted.adapt(np.random.default_rng(5).uniform(0, 255, (4, 8, 8, 3)).astype("float32"))
inside = {
    "rescaling": (L.Rescaling(1 / 255), 1),
    "signed": (L.Rescaling(2.0, offset=-1.0), 1 / 255),
    "normalization": (L.Normalization(mean=[120, 110, 100], variance=[900, 1600, 2500]), 1),
    "unit-normalization": (L.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.04, 0.05, 0.06]), 1 / 255),
    "adapted": (adapted, 1),
}
for name, (layer, gain) in inside.items():
    keras.utils.set_random_seed(0)
    net = keras.Sequential([L.Input((8, 8, 3)), layer, L.Flatten(), L.Dense(3, activation="softmax")])
    net.save(f"{folder}/{name}.keras")
    net.save(f"{folder}/{name}.h5")
    np.save(f"{folder}/{name}.npy", net.predict(picture * gain, verbose=0)[0])
keras.utils.set_random_seed(0)
net = keras.Sequential([
    keras.Sequential([L.Input((8, 8, 3)), L.DepthwiseConv2D(3), L.GlobalAveragePooling2D()]),
    keras.Sequential([L.Input((3,)), L.Dense(3, activation="softmax", use_bias=False)]),
])
os.mkdir(folder + "/converted_keras")
open(folder + "/converted_keras/labels.txt", "w").write("0 cat\\n1 dog\\n2 owl\\n")
net.save(folder + "/converted_keras/keras_model.h5")
np.save(folder + "/converted_keras.npy", net.predict(picture / 127.5 - 1, verbose=0)[0])
"""


def run_script(code, *paths):
    subprocess.run(
        [sys.executable, "-c", code, *paths],
        check=True,
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
    )


def test_torchscript_is_added_and_validated_in_confined_workers(
    add, read, validate, trust, tmp_path
):
    run_script(TORCH, tmp_path / "net.pt")
    with pytest.raises(InvalidRequestError, match="height and width"):
        add(tmp_path / "net.pt", open_network=confined_network, channels=3)
    folder = add(
        tmp_path / "net.pt", open_network=confined_network, channels=3, size=(8, 8), name="Script"
    )
    model = read(folder)
    assert model.problem == ""
    assert model.score_kind is ScoreKind.PROBABILITY
    assert validate(folder, confined_network).ok
    # Trusted by being the user's own: it may run where nothing can be confined.
    chosen = choose_weights(model, frameworks=FRAMEWORKS, confined=False, trust=trust)
    assert chosen.format == "torchscript"
    trust.forget([chosen.digest])
    with pytest.raises(TrustError):
        choose_weights(model, frameworks=FRAMEWORKS, confined=False, trust=trust)


@pytest.mark.parametrize("kind", ["dict", "tuple"])
def test_one_of_several_outputs_of_torchscript_is_added(add, read, validate, tmp_path, kind):
    run_script(TORCH_SEVERAL, tmp_path / "net.pt", kind)
    options = {"open_network": confined_network, "channels": 3, "size": (8, 8)}
    with pytest.raises(InvalidRequestError, match=r"output_1 \(1 x 192\), output_2 \(1 x 3\)"):
        add(tmp_path / "net.pt", **options)
    folder = add(tmp_path / "net.pt", output="output_2", **options)
    model = read(folder)
    assert model.output.name == "output_2"
    np.testing.assert_allclose(
        np.load(model.test_outputs[1]), np.load(model.test_inputs[0]).mean(axis=(2, 3)), rtol=1e-5
    )
    assert validate(folder, confined_network).ok


@pytest.fixture(scope="module")
def keras_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    run_script(KERAS, folder / "net.keras", folder / "saved")
    return folder


@pytest.mark.parametrize("source", ["net.keras", "saved"])
def test_keras_and_saved_model_are_added(add, read, keras_files, source):
    folder = add(keras_files / source, open_network=confined_network, preprocessing="unit")
    model = read(folder)
    assert model.problem == ""
    assert model.input.axes == "NYXC"
    assert model.score_kind is ScoreKind.PROBABILITY


@pytest.fixture(scope="module")
def keras_inside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inside")
    picture = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    np.save(folder / "picture.npy", picture)
    run_script(KERAS_INSIDE, folder)
    return folder


@pytest.mark.parametrize(
    "name", ["signed.keras", "signed.h5", "normalization.keras", "converted_keras"]
)
def test_what_rescales_by_itself_answers_as_keras_does(add, read, keras_inside, name):
    export = read_export(keras_inside / name)
    source = WeightsFile(
        "keras_v3" if name.endswith(".keras") else "keras_hdf5", export.weights, (), (), True
    )
    with confined_network("tensorflow", source) as network:
        model = read(
            add(
                export.weights,
                open_network=lambda _framework, _file: nullcontext(network),
                labels=export.labels or LABELS,
                preprocessing=export.preprocessing,
                intensity_range=export.intensity_range,
            )
        )
        picture = np.load(keras_inside / "picture.npy")[None].astype(np.float32)
        prepared = preprocess(picture, model.input.axes, model.input.preprocessing)
        (scores,) = network.forward([prepared])
    assert model.labels == (export.labels or LABELS)
    assert model.input.intensity_range == (0, 255)
    wanted = np.load((keras_inside / name).with_suffix(".npy"))
    np.testing.assert_allclose(scores[0], wanted, atol=1e-5)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("rescaling", None),
        ("signed", 1 / 255),
        ("normalization", None),
        ("unit-normalization", 1 / 255),
    ],
)
def test_layers_inside_say_whether_they_take_bytes_or_fractions(keras_inside, name, gain, suffix):
    export = read_export(keras_inside / f"{name}{suffix}")
    assert export.preprocessing == (
        () if gain is None else (Operation("scale_linear", {"gain": gain}),)
    )
    assert export.intensity_range == (0, 255)


def test_an_adapted_normalization_leaves_open_what_it_was_adapted_to(keras_inside):
    export = read_export(keras_inside / "adapted.keras")
    assert (export.preprocessing, export.intensity_range) == (None, (0, 255))


def test_a_state_dict_alone_is_told_apart_from_torchscript(add, tmp_path):
    run_script(
        "import sys, torch; torch.save({'w': torch.zeros(2)}, sys.argv[1])", tmp_path / "net.pt"
    )
    with pytest.raises(InvalidRequestError, match="a state dict"):
        add(tmp_path / "net.pt")
