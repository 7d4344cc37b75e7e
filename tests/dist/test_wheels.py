"""What `make wheels` builds installs into a fresh environment, and the quick start runs from it."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(["make", "-s", "wheels", f"DIST={folder}"], cwd=PROJECT, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    (found,) = dist.glob("zoobridge-*.whl")
    return found


@pytest.fixture
def fresh(tmp_path):
    """Makes an environment with a requirement in it, and returns the folder of its programs."""

    def install(*requirements):
        subprocess.run([UV, "venv", "-q", "-p", sys.executable, tmp_path / "venv"], check=True)
        python = tmp_path / "venv" / "bin" / "python"
        words = [UV, "pip", "install", "-q", "-p", python, "-c", PROJECT / "constraints.txt"]
        subprocess.run([*words, *requirements], check=True)
        return python.parent

    return install


def quick_start():
    """Return the commands and the program that the README gives to the person who has a server."""
    page = (PROJECT / "README.md").read_text("utf-8")
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return commands, program


def test_the_quick_start_runs_from_the_wheel(wheel, fresh, tmp_path):
    programs = fresh(f"zoobridge[onnx,evaluation] @ {wheel.as_uri()}")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ZOOBRIDGE_")},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "ZOOBRIDGE_RUNTIME_DIR": str(tmp_path / "runtime"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    (tmp_path / "examples").symlink_to(PROJECT / "examples")
    commands, program = quick_start()

    def run(*words, text=None):
        return subprocess.run(
            words, cwd=tmp_path, env=environment, input=text, text=True, capture_output=True,
            timeout=240, check=False,
        )  # fmt: skip

    server = subprocess.Popen(
        [programs / "zoobridge", "serve", "examples/zoo"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert server.stdout.readline()
        done = run("bash", "-euc", commands)
        assert done.returncode == 0, done.stderr
        assert "textures" in done.stdout
        done = run("python", "-", text=f"{program}\nprint(zoobridge.__file__)")
        assert done.returncode == 0, done.stderr
        assert str(tmp_path / "venv") in done.stdout
    finally:
        server.terminate()
        server.communicate(timeout=60)


def test_the_client_alone_needs_no_extra(wheel, fresh):
    programs = fresh(str(wheel))
    done = subprocess.run(
        [programs / "zoobridge", "--help"], capture_output=True, text=True, check=True
    )
    assert "classify" in done.stdout
    code = "import zoobridge.client, sys; assert 'PIL' not in sys.modules"
    subprocess.run([programs / "python", "-c", code], check=True)


def test_naparis_plugin_is_found_by_its_manifest(dist, wheel, fresh):
    (plugin,) = dist.glob("napari_zoobridge-*.whl")
    programs = fresh(str(wheel), str(plugin), "npe2")
    code = (
        "from npe2 import PluginManifest;"
        "found = PluginManifest.from_distribution('napari-zoobridge');"
        "print(len(found.contributions.widgets), len(found.contributions.sample_data))"
    )
    done = subprocess.run(
        [programs / "python", "-c", code], capture_output=True, text=True, check=True
    )
    assert all(int(number) > 0 for number in done.stdout.split())


def test_what_is_no_module_travels_too(dist, wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for path in (PROJECT / "bridge" / "zoobridge" / "web" / "assets").iterdir():
        assert f"zoobridge/web/assets/{path.name}" in names
    assert "zoobridge/py.typed" in names
    assert not [name for name in names if name.startswith("tests")]
    (source,) = dist.glob("zoobridge-*.tar.gz")
    with tarfile.open(source) as archive:
        assert any(name.endswith("/LICENSE") for name in archive.getnames())
