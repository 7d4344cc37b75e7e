"""What the distribution asks for and brings with it."""

import ast
import subprocess
import sys
from importlib.metadata import entry_points, requires, version
from importlib.resources import files
from pathlib import Path

import pytest
from npe2 import PluginManifest
from packaging.requirements import Requirement

import napari_zoobridge

SOURCE = Path(napari_zoobridge.__file__).parent
QT_FREE = ["_samples", "layers", "results", "runs", "targets"]

#: What each sub-package may import from the others.
BELOW = {
    "layers": set(),
    "targets": {"layers"},
    "results": {"layers", "targets"},
    "runs": {"layers", "results", "targets"},
    "connection": {"layers", "results", "runs", "targets"},
    "widgets": {"connection", "layers", "results", "runs", "targets"},
    "training": {"connection", "layers", "results", "runs", "targets", "widgets"},
}


def imported(path):
    """Name every module that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_it_depends_on_the_light_client_and_no_framework_and_no_qt_binding():
    needed = [Requirement(line) for line in requires("napari-zoobridge")]
    always = {one.name for one in needed if one.marker is None}
    assert always == {"magicgui", "numpy", "pandas", "qtpy", "tifffile", "zoobridge"}
    assert not any(one.extras for one in needed if one.name == "zoobridge")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.stem)
def test_a_module_imports_only_what_is_declared(path):
    allowed = {"magicgui", "napari", "napari_zoobridge", "numpy", "pandas", "qtpy", "tifffile"}
    allowed |= {"zoobridge"}
    for name in imported(path):
        top = name.partition(".")[0]
        assert top in allowed | set(sys.stdlib_module_names), name
        if top == "zoobridge":
            assert name in {"zoobridge.client", "zoobridge.errors"}


@pytest.mark.parametrize("name", sorted(BELOW))
def test_a_sub_package_imports_only_what_lies_below_it_and_by_its_front_door(name):
    for path in (SOURCE / name).glob("*.py"):
        for module in imported(path):
            parts = module.split(".")
            if parts[0] == "napari_zoobridge" and parts[1] != name:
                assert parts[1] in BELOW[name], f"{path.name} imports {module}"
                assert len(parts) == 2, f"{path.name} imports {module}"


def test_the_logic_needs_no_qt():
    code = "; ".join(f"import napari_zoobridge.{name}" for name in QT_FREE)
    heavy = ("pyside", "pyqt", "qtpy", "torch", "tensorflow", "vispy")
    code += f"; import sys; print([m for m in sys.modules if m.lower().startswith({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_for_its_manifest_loads_nothing():
    code = (
        "import sys; before = set(sys.modules); import napari_zoobridge; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - {'napari_zoobridge'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_manifest_is_found_and_its_commands_exist():
    (point,) = entry_points(group="napari.manifest", name="napari-zoobridge")
    assert point.value == "napari_zoobridge:napari.yaml"
    manifest = PluginManifest.from_distribution("napari-zoobridge")
    manifest.validate_imports()
    assert manifest.package_version == version("napari-zoobridge") == napari_zoobridge.__version__
    menus = manifest.contributions.menus["napari/layers/classify"]
    assert {item.command for item in menus} >= {
        "napari-zoobridge.classify",
        "napari-zoobridge.compare",
    }


def test_the_sample_pictures_are_part_of_the_package():
    folder = files("napari_zoobridge") / "samples"
    assert {one.name for one in folder.iterdir()} == {"digits.npz", "textures.npz"}
