import json
import subprocess
import sys
import time

import pytest

from zoobridge.protocol.connection import read


@pytest.mark.parametrize(
    "name",
    [
        "serve", "frameworks", "models", "model", "classify", "measures", "readers",
        "evaluate", "load", "unload", "add", "validate", "trust", "doctor", "top", "stop",
    ],
)  # fmt: skip
def test_every_command_explains_itself(command, name):
    assert name in command("--help").stdout
    text = command(name, "--help").stdout
    assert text.startswith("Usage: ")
    assert "\\b" not in text


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from zoobridge.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'grpc', 'numpy', 'google', 'rich', 'torch', 'tensorflow', 'onnxruntime'}\n"
        "sys.exit(str(heavy & {name.split('.')[0] for name in sys.modules}) "
        "if heavy & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_the_version_is_told(command):
    assert command("--version").stdout.startswith("zoobridge ")


def test_an_unknown_command_ends_with_code_2(command):
    assert "No such command" in command("clasify", code=2).stderr


def test_frameworks_are_listed(zb):
    text = zb("frameworks").stdout
    for name in ("onnx", "pytorch", "tensorflow"):
        assert name in text
    listed = json.loads(zb("frameworks", "--format", "json").stdout)
    assert "onnx" in next(one for one in listed if one["name"] == "onnx")["weights_formats"]


def test_models_are_listed(zb):
    assert "brightness" in zb("models").stdout
    (model,) = json.loads(zb("models", "--format", "json").stdout)
    assert (model["id"], model["version"]) == ("brightness", "1.0.0")
    assert model["labels"] == ["dark", "medium", "bright"]
    result = zb("models", "--framework", "tensorflow")
    assert result.stdout == ""
    assert "zoobridge frameworks" in result.stderr


def test_a_model_is_described(zb):
    text = zb("model", "brightness").stdout
    for fact in ("brightness@1.0.0", "dark, medium, bright", "CC0-1.0", "Ada Lovelace", "0 to 255"):
        assert fact in text
    described = json.loads(zb("model", "brightness@1.0.0", "--format", "json").stdout)
    assert described["input"]["channel_names"] == ["grey"]
    assert described["authors"][0]["name"] == "Ada Lovelace"


def test_a_model_is_loaded_and_freed(zb):
    zb("unload", "brightness")
    assert "was not loaded" in zb("unload", "brightness").stdout
    assert "is loaded: onnx" in zb("load", "brightness").stdout
    assert "landlock" in zb("model", "brightness").stdout or sys.platform != "linux"
    assert "1 copy" in zb("unload", "brightness").stdout


def test_managing_without_the_token_is_refused(zb, served):
    result = zb("load", "brightness", "--server", served.address, "--token", "wrong", code=1)
    assert "token" in result.stderr


def test_a_sound_package_is_in_order(command, zoo):
    done = command.alone("validate", zoo / "brightness")
    assert "brightness@1.0.0 is in order" in done.stdout_text
    assert "good" in done.stdout_text


def test_a_package_with_other_weights_is_not_in_order(command, zoo, tmp_path, make_network):
    (tmp_path / "copy").mkdir()
    for path in (zoo / "brightness").iterdir():
        (tmp_path / "copy" / path.name).write_bytes(path.read_bytes())
    make_network(tmp_path / "copy" / "weights.onnx", gain=2.0)
    done = command.alone("validate", tmp_path / "copy", code=1)
    assert "is not in order" in done.stderr_text


def test_a_running_server_lists_what_is_added(zb, zoo, tmp_path, make_network):
    make_network(tmp_path / "more.onnx")
    zb.alone("add", tmp_path / "more.onnx", "--labels", "a,b,c", "--name", "Häuser & Bäume")
    try:
        for _ in range(200):
            names = {model["id"] for model in json.loads(zb("models", "--format", "json").stdout)}
            if len(names) == 2:
                break
            time.sleep(0.05)
        assert "brightness" in names
        assert len(names) == 2
    finally:
        (added,) = names - {"brightness"}
        for path in (zoo / added).iterdir():
            path.unlink()
        (zoo / added).rmdir()


def test_add_asks_for_what_it_cannot_know(command, tmp_path, make_network):
    make_network(tmp_path / "net.onnx")
    result = command("add", tmp_path / "net.onnx", "--labels", "a,b,c", "--name", "Net", code=2)
    assert "--zoo" in result.stderr
    result = command(
        "add", tmp_path / "net.onnx", "--labels", "labels.txt", "--name", "Net",
        "--zoo", tmp_path / "zoo", code=2,
    )  # fmt: skip
    assert "labels.txt" in result.stderr
    done = command.alone(
        "add", tmp_path / "net.onnx", "--labels", "a,b", "--name", "Net", "--zoo",
        tmp_path / "zoo", code=1,
    )  # fmt: skip
    assert "2 labels" in done.stderr_text


def test_trust_is_given_by_digest_and_taken_back(command, zoo, tmp_path):
    done = command.alone("trust", zoo / "brightness")
    assert "trusted: onnx of brightness@1.0.0, " in done.stdout_text
    digest = done.stdout_text.split()[-1]
    stored = tmp_path / "alone" / "config" / "zoobridge" / "trusted.json"
    assert digest in stored.read_text()
    command.alone("trust", zoo / "brightness", "--forget")
    assert digest not in stored.read_text()


def test_a_served_model_is_trusted_by_its_name(zb, served):
    zb("trust", "brightness@1.0.0")
    stored = served.folder / "config" / "zoobridge" / "trusted.json"
    assert "brightness@1.0.0" in stored.read_text()
    zb("trust", "brightness@1.0.0", "--forget")


def test_the_doctor_knows_the_frameworks_and_the_server(zb, served):
    text = zb("doctor", "--no-devices").stdout
    for word in ("onnx", "pytorch", "tensorflow", "confinement", served.address):
        assert word in text


def test_serve_runs_until_stop(command, zoo, tmp_path):
    process = command.start("serve", zoo, "--threads", "1")
    runtime = tmp_path / "alone" / "runtime"
    while not (runtime.is_dir() and list(runtime.glob("server-*.json"))):
        assert process.poll() is None
        time.sleep(0.02)
    address = read(next(runtime.glob("server-*.json"))).address
    result = command("serve", zoo, "--port", address.rpartition(":")[2], code=1)
    assert address.rpartition(":")[2] in result.stderr
    assert address in command("stop").stdout
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert f"serves at {address}" in errors
    assert not list(runtime.glob("server-*"))
    assert "no server" in command("stop", code=1).stderr


def test_serve_names_a_folder_that_does_not_exist(command, tmp_path):
    result = command("serve", tmp_path / "nowhere", code=1)
    assert "nowhere does not exist" in result.stderr


def test_a_size_that_is_none_is_refused(command, zoo):
    assert "512M" in command("serve", zoo, "--max-memory", "much", code=2).stderr
