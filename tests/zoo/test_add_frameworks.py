"""Adding networks of PyTorch and TensorFlow, which run in workers of their own."""

import os
import subprocess
import sys

import numpy as np
import pytest

from adding import FRAMEWORKS
from zoobridge.engine import confined_network
from zoobridge.errors import InvalidRequestError, TrustError
from zoobridge.zoo import ScoreKind, choose_weights

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


def test_a_state_dict_alone_is_told_apart_from_torchscript(add, tmp_path):
    run_script(
        "import sys, torch; torch.save({'w': torch.zeros(2)}, sys.argv[1])", tmp_path / "net.pt"
    )
    with pytest.raises(InvalidRequestError, match="a state dict"):
        add(tmp_path / "net.pt")
