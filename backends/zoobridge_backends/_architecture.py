"""Building the PyTorch module that a state dict belongs to."""

from __future__ import annotations

import importlib
import inspect
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from zoobridge.backend import BackendFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.backend import WeightsFile

__all__ = ["build_architecture"]

_LIBRARY: Final = "torchvision.models"

#: Arguments that make torchvision fetch weights from the network.
_FETCHING: Final = frozenset({"pretrained", "pretrained_backbone", "weights", "weights_backbone"})


def build_architecture(weights: WeightsFile) -> Any:
    """Call the architecture that a package names for its state dict.

    Without trust this is one of torchvision's model builders; with it, any callable of an
    installed module or of a source file in the package.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    BackendFault
        If the architecture is not stated in full, is not there, or needs trust.
    """
    import torch

    name = weights.architecture.get("callable")
    kwargs = weights.architecture.get("kwargs") or {}
    if not isinstance(name, str) or not isinstance(kwargs, dict):
        raise BackendFault(
            "The package states no architecture for its state dict; name its callable (and "
            "import_from or path) in the rdf.yaml."
        )
    source = weights.architecture.get("path")
    library = weights.architecture.get("import_from")
    if source is not None:
        _want_trust(weights, f"The architecture {name} is source code of the package")
        module = _run_source(Path(str(source)))
    elif isinstance(library, str) and library.split(".")[:2] == _LIBRARY.split("."):
        if not weights.trusted:
            return _torchvision_model(library, name, kwargs)
        module = importlib.import_module(library)
    elif isinstance(library, str):
        _want_trust(weights, f"The architecture {library}.{name} is not one of {_LIBRARY}")
        module = importlib.import_module(library)
    else:
        raise BackendFault(f"The package does not say where its architecture {name} comes from.")
    built = getattr(module, name)(**kwargs)
    if not isinstance(built, torch.nn.Module):
        raise BackendFault(f"The architecture {name} gave a {type(built).__name__}, not a module.")
    return built


def _want_trust(weights: WeightsFile, reason: str) -> None:
    if not weights.trusted:
        raise BackendFault(f"{reason}, which can run any code; trust the package, or use ONNX.")


def _torchvision_model(library: str, name: str, kwargs: dict[str, Any]) -> Any:
    if fetching := sorted(key for key in _FETCHING & kwargs.keys() if kwargs[key]):
        raise BackendFault(
            f"The architecture's argument {fetching[0]} would fetch weights from the network; "
            "leave it out of the rdf.yaml."
        )
    try:
        from torchvision import models
    except ImportError as error:
        raise BackendFault(
            f"The architecture {name} is torchvision's, which is not installed; "
            'add it with: pip install "zoobridge[torch]"'
        ) from error
    if name not in models.list_models():
        raise BackendFault(f"{library} has no architecture {name}.")
    # Some builders fetch weights for their backbone by default.
    parameters = inspect.signature(models.get_model_builder(name)).parameters
    silent = dict.fromkeys(_FETCHING & parameters.keys())
    return models.get_model(name, **{**kwargs, **silent})


def _run_source(path: Path) -> ModuleType:
    loader = _SourceOnly(f"_zoobridge_architecture_{path.stem}", str(path))
    module = ModuleType(loader.name)
    module.__file__ = str(path)
    # Dataclasses and pickling look their module up by name.
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


class _SourceOnly(SourceFileLoader):
    """Runs the source that was trusted, never compiled code that lies beside it; writes none."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError(f"No compiled code is kept for {path}")
