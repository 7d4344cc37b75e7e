"""Who may import whom: downwards only."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
BRIDGE = PROJECT / "bridge" / "zoobridge"

#: What each room may import from the others.
ALLOWED = {
    "": {"client", "errors", "backend"},
    "errors": set(),
    "backend": set(),
    "files": set(),
    "protocol": {"errors", "files"},
    "imaging": {"errors", "protocol"},
    "zoo": {"errors", "files", "protocol", "imaging", "backend"},
    "engine": {"errors", "protocol", "imaging", "zoo", "backend"},
    "server": {"errors", "protocol", "imaging", "zoo", "engine", "backend"},
    "client": {"errors", "protocol"},
    "evaluation": {"errors", "files", "protocol", "client"},
    "imagej": {"errors", "client"},
    "deepclas4bio": {"errors", "files", "client", "evaluation"},
    "cli": {
        *("errors", "protocol", "imaging", "zoo", "engine", "server", "client", "backend"),
        *("evaluation", "files", "imagej"),
    },
    "testing": {"errors", "protocol", "backend", "client"},
}

#: Frameworks and decoders, which the server process never imports.
HEAVY = {"torch", "torchvision", "tensorflow", "keras", "onnxruntime", "onnx"}


def imports(path: Path) -> set[str]:
    """Return the dotted names of all modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


FILES = sorted(
    path for path in BRIDGE.rglob("*.py") if path.parent.name != "v1" and path.name != "__main__.py"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BRIDGE)))
def test_a_module_imports_only_what_lies_below_it(path):
    relative = path.relative_to(BRIDGE)
    own = relative.parts[0].removesuffix(".py")
    own = "" if own == "__init__" else own
    assert own in ALLOWED, f"{own} has no place in the design"
    for module in imports(path):
        if module.startswith("zoobridge.") and (other := room(module)) != own:
            assert other in ALLOWED[own], f"{relative} imports {module}"
        assert not module.startswith("zoobridge_backends"), f"{relative} imports {module}"
        assert module.split(".")[0] not in HEAVY, f"{relative} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BRIDGE)))
def test_a_room_is_entered_by_its_front_door(path):
    own = path.relative_to(BRIDGE).parts[0]
    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "zoobridge" and len(parts) > 2 and parts[1] != own:
            assert not any(part.startswith("_") for part in parts), f"{path} imports {module}"


@pytest.mark.parametrize("framework", ["onnx", "pytorch", "tensorflow"])
def test_a_backend_knows_numpy_its_framework_and_the_protocol_alone(framework):
    own = {
        "onnx": {"onnxruntime", "onnx"},
        "pytorch": {"torch", "torchvision"},
        "tensorflow": {"tensorflow", "keras"},
    }[framework]
    path = PROJECT / "backends" / "zoobridge_backends" / f"{framework}.py"
    import sys

    for module in imports(path):
        top = module.split(".")[0]
        if top == "zoobridge":
            assert module == "zoobridge.backend" or module.startswith("zoobridge.backend.")
        else:
            assert top in {"numpy", "zoobridge_backends", *own, *sys.stdlib_module_names}, module
