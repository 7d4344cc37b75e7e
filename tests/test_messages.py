"""What the server says carries its subject; the words of the program in front of the user are added there."""

import ast
import re
from pathlib import Path

import click
import pytest

from zoobridge.backend import BackendFault
from zoobridge.cli._app import app
from zoobridge.cli._failure import describe
from zoobridge.client._own_words import PARAMETERS, error_of
from zoobridge.errors import ModelInputError, OverloadedError, PathPermissionError
from zoobridge.protocol import status_from_error
from zoobridge_backends._faults import LOAD_REMEDY, explained

ROOT = Path(__file__).parents[1]
SERVER = ("imaging", "engine", "server", "zoo", "evaluation/service")
ROOMS = [ROOT / "bridge" / "zoobridge" / room for room in SERVER]
ROOMS.append(ROOT / "backends" / "zoobridge_backends")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Commands of other tools, which make a file that runs.
FOREIGN = re.compile(r"tf2onnx|optimum-cli|pip install|--tflite|--graphdef|^ --output $")


def sentences(path):
    """Yield the texts of a module that are not documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        ):
            yield node


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_no_sentence_of_the_server_names_an_option(room):
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in sorted(room.rglob("*.py"))
        for node in sentences(path)
        if OPTION.search(node.value) and not FOREIGN.search(node.value)
    ]
    assert found == []


def shown(error, *words):
    """Return an error as a command shows it."""
    group = click.Context(app)
    group.invoked_subcommand = words[0]
    return describe(error, group)


def test_the_command_line_names_its_own_option():
    channels = ModelInputError("it has 2 channels", metadata={"option": "options.channels"})
    assert shown(channels, "classify") == "it has 2 channels (--channels)"
    # A command without such an option names none.
    assert shown(channels, "models") == "it has 2 channels"
    size = ModelInputError("state its size", field="size")
    assert shown(size, "add") == "state its size (--size)"


def test_settings_of_the_server_are_those_of_serve():
    memory = OverloadedError("no memory", metadata={"setting": "max_memory"})
    assert shown(memory, "classify") == "no memory (zoobridge serve --max-memory)"
    assert shown(memory, "serve") == "no memory (--max-memory)"
    paths = PathPermissionError("not allowed", metadata={"setting": "allow_paths"})
    assert shown(paths, "evaluate") == "not allowed (zoobridge serve --allow-path)"


def test_python_names_its_own_parameter():
    channels = ModelInputError("2 channels", metadata={"option": "options.channels"})
    noted = error_of(status_from_error(channels))
    assert noted.__notes__ == ["parameter: channels="]
    assert str(noted) == "2 channels"
    memory = OverloadedError("no memory", metadata={"setting": "max_memory"})
    assert error_of(status_from_error(memory)).__notes__ == ["setting of the server: max_memory"]


@pytest.mark.parametrize("field", sorted(set(PARAMETERS) - {"token"}))
def test_every_parameter_of_the_client_is_an_option_of_classify(field):
    option = re.search(r"\((--[a-z]+)\)", shown(ModelInputError("x", field=field), "classify"))
    assert option
    assert option[1].removeprefix("--").startswith(PARAMETERS[field].removesuffix("s"))


@pytest.mark.parametrize(
    "text",
    [
        "[ONNXRuntimeError] : 1 : FAIL : Load model failed: Unknown model file format version.",
        "/onnxruntime_src/onnxruntime/core/graph/model.cc:180 onnxruntime::Model::Model(int) Bad graph",
        "",
    ],
)
def test_what_a_framework_says_comes_after_what_to_do(text):
    with pytest.raises(BackendFault) as caught, explained("X cannot load a.onnx", LOAD_REMEDY):
        raise RuntimeError(text)
    sentence, _, reason = str(caught.value).partition(". Reason: ")
    assert sentence == f"X cannot load a.onnx; {LOAD_REMEDY}"
    assert reason
    assert ".cc:" not in reason
