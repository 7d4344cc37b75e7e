"""Who may import whom: downwards only."""

import ast
import graphlib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
BRIDGE = PROJECT / "bridge" / "zoobridge"

#: What each room may import from the others.
ALLOWED = {
    "": {"client", "errors", "backend", "training"},
    "errors": set(),
    "backend": set(),
    "files": set(),
    "confinement": {"errors"},
    "protocol": {"errors", "files"},
    "imaging": {"errors", "protocol", "backend"},
    "zoo": {"errors", "files", "protocol", "imaging", "backend"},
    "engine": {"errors", "confinement", "protocol", "imaging", "zoo", "backend"},
    "server": {"errors", "protocol", "imaging", "zoo", "engine", "backend"},
    "client": {"errors", "protocol"},
    "evaluation": {"errors", "files", "protocol", "client"},
    # A trained model becomes a package of the zoo; pictures are decoded as a worker decodes them. The
    # process of a served project speaks the contract with the server, which starts it by its name.
    "training": {"errors", "files", "client", "evaluation", "imaging", "zoo", "protocol"},
    "imagej": {"errors", "client"},
    "deepclas4bio": {"errors", "files", "client", "evaluation"},
    "cli": {
        *("errors", "protocol", "imaging", "zoo", "engine", "server", "client", "backend"),
        *("evaluation", "files", "imagej", "training", "web"),
    },
    # Its process that shows pictures decodes them as a worker does, and is confined like one.
    "web": {
        *("errors", "files", "confinement", "protocol", "imaging", "client", "evaluation"),
        "training",
    },
    "testing": {"errors", "protocol", "backend", "client"},
}

#: Frameworks and decoders, which the server process never imports.
HEAVY = {"torch", "torchvision", "tensorflow", "keras", "onnxruntime", "onnx"}

#: Writing a package takes the framework of its format; each is a module of its own, run lazily or
#: as a program, and the server imports none of them.
WRITERS = {
    "training/package/_onnx_graph.py": {"onnx", "onnxruntime"},
    "training/package/_torchscript.py": {"torch"},
    "training/package/_keras.py": {"keras", "tensorflow"},
    "training/compact/_quantise.py": {"onnx", "onnxruntime"},
    "training/ensemble/_graph.py": {"onnx"},
    "training/ensemble/_combining.py": {"onnx", "onnxruntime"},
    # captum is a library for PyTorch.
    "training/explain/_occlusion.py": {"torch"},
}


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
        heavy = HEAVY - WRITERS.get(relative.as_posix(), set())
        assert module.split(".")[0] not in heavy, f"{relative} imports {module}"


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


#: What the engine's sub-packages may import from each other: they are arranged by process.
ENGINE = {
    "channel": set(),
    "worker": {"channel"},
    "launch": {"channel", "worker"},
    "supervisor": {"channel", "launch", "worker"},
}


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_is_layered_by_process(name):
    for path in (BRIDGE / "engine" / name).glob("*.py"):
        for module in imports(path):
            if module.startswith("zoobridge.engine.") and (other := module.split(".")[2]) in ENGINE:
                assert other in {name, *ENGINE[name]}, f"{path.name} imports {module}"


def test_the_server_takes_nothing_from_the_worker():
    for path in (BRIDGE / "engine" / "supervisor").glob("*.py"):
        for module in imports(path):
            assert not module.startswith("zoobridge.engine.worker"), f"{path.name} imports {module}"


def test_only_the_process_that_shows_pictures_decodes_them():
    decoding = {
        path.name
        for path in (BRIDGE / "web").glob("*.py")
        if any(module.startswith("zoobridge.imaging") for module in imports(path))
    }
    assert decoding <= {"_planes.py", "_render_process.py"}
    for path in (BRIDGE / "web").glob("*.py"):
        if path.name not in decoding:
            assert "zoobridge.web._planes" not in imports(path), path.name


def test_modules_import_each_other_in_one_direction():
    paths = {
        ".".join(path.relative_to(BRIDGE.parent).with_suffix("").parts): path
        for path in FILES
        if path.name != "__init__.py"
    }
    above = {name: imports(path) & paths.keys() - {name} for name, path in paths.items()}
    reached = {name: _reach(name, above) for name in above}
    circles = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in above
        if name in reached[name]
    }
    assert not circles, [sorted(circle) for circle in circles]


def _reach(name: str, graph: dict[str, set[str]]) -> set[str]:
    """Return all modules that one imports, by others too."""
    found: set[str] = set()
    new = [name]
    while new:
        more = graph[new.pop()] - found
        found |= more
        new += more
    return found


def test_no_modules_import_each_other_in_a_circle():
    """Imports for type annotations count too; a package's front door does not."""
    modules = {
        ".".join(("zoobridge", *path.relative_to(BRIDGE).with_suffix("").parts)): path
        for path in BRIDGE.rglob("*.py")
        if path.name != "__init__.py"
    }
    graph = {name: imports(path) & modules.keys() for name, path in modules.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")
