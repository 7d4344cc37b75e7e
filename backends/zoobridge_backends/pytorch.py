"""PyTorch: TorchScript, state dicts, and exported programs (``.pt2``)."""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from zoobridge.backend import BackendFault, FrameworkFacts, TensorSpec, WeightsFile
from zoobridge_backends._architecture import build_architecture
from zoobridge_backends._faults import explained
from zoobridge_backends._installed import facts_of
from zoobridge_backends._network import DescribedNetwork, choose_device
from zoobridge_backends._tensors import check_format, check_inputs, check_outputs, identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PyTorchBackend", "PyTorchNetwork"]

#: In older ones a crafted state dict could break out of ``weights_only`` loading.
_FLOOR: Final = "2.10"


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A module, and the count of its numbers, which freezing turns into constants."""

    module: Any
    parameters: int


class PyTorchBackend:
    """Loads ``torchscript`` and ``pytorch_state_dict`` weights.

    TorchScript runs the package's program while loading, so it belongs into a confined process.
    An exported program (a file named ``.pt2`` in place of TorchScript) and an architecture that is
    not torchvision's are code, and are refused unless the package is trusted.
    """

    def __init__(self) -> None:
        self._modules: WeakValueDictionary[object, _Loaded] = WeakValueDictionary()

    @property
    def formats(self) -> tuple[str, ...]:
        """The weights formats that it loads, fastest first."""
        return ("torchscript", "pytorch_state_dict")

    def facts(self) -> FrameworkFacts:
        """Tell what is known without importing PyTorch."""
        return facts_of(framework="PyTorch", distributions=("torch",), floor=_FLOOR, extra="torch")

    def start(self) -> None:
        """Import PyTorch.

        torchvision stays out: it takes longer to import than PyTorch itself, starts looking for
        compilers and caches, and only state dicts of its architectures need it.
        """
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import torch  # noqa: F401

    def devices(self) -> tuple[str, ...]:
        """Tell the devices: ``cpu``, then ``cuda:0`` … or ``mps:0`` as PyTorch sees them."""
        import torch

        accelerator = torch.accelerator.current_accelerator(check_available=True)
        if accelerator is None:
            return ("cpu",)
        count = torch.accelerator.device_count()
        return ("cpu", *(f"{accelerator.type}:{index}" for index in range(count)))

    def load(self, weights: WeightsFile, *, device: str, threads: int) -> PyTorchNetwork:
        """Load a network.

        A module that is loaded already is shared by networks that differ in their threads alone.

        Raises
        ------
        BackendFault
            If PyTorch cannot load it, or if it is code that nobody has trusted.
        """
        import torch

        check_format(weights, self.formats, "PyTorch")
        device = choose_device(device, self.devices(), "PyTorch")
        key = identity(weights, device)
        if (loaded := self._modules.get(key)) is None:
            torch.set_num_threads(threads)
            with explained(f"PyTorch cannot load {weights.path.name}"):
                loaded = _load(weights, device)
            self._modules[key] = loaded
        return PyTorchNetwork(loaded, weights, device, threads)


class PyTorchNetwork(DescribedNetwork):
    """A network in PyTorch."""

    def __init__(self, loaded: _Loaded, weights: WeightsFile, device: str, threads: int) -> None:
        if not weights.inputs:
            raise BackendFault("The package describes no inputs; add them to its rdf.yaml.")
        # The tensors are as the package describes them, since the weights do not; the numbers
        # include the buffers of normalisation layers.
        super().__init__(device, weights.inputs, weights.outputs, loaded.parameters)
        self._loaded = loaded
        self._threads = threads

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch.

        Raises
        ------
        BackendFault
            If an input does not fit, or PyTorch reports an error.
        """
        import numpy as np  # after start() has bounded its threads
        import torch

        check_inputs(inputs, self._inputs)
        # OpenMP's number of threads belongs to each thread, and a new one takes all cores.
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with (
            explained("PyTorch cannot run the network"),
            torch.inference_mode(),
            _interpreted(),
        ):
            # Copies, since networks may work in place and arrays may be read-only.
            tensors = [torch.tensor(array, device=self._device) for array in inputs]
            outputs = _flat(self._loaded.module(*tensors), self._outputs)
            # Copied again where a network hands out a tensor that it keeps.
            arrays = [np.array(output.cpu().numpy()) for output in outputs]
        return check_outputs(arrays, self._outputs)


def _interpreted() -> AbstractContextManager[None]:
    """Keep TorchScript from profiling, which compiles anew for every new batch size."""
    import torch

    context: AbstractContextManager[None] = torch.jit.optimized_execution(False)  # type: ignore[attr-defined] # noqa: FBT003
    return context


def _load(weights: WeightsFile, device: str) -> _Loaded:
    if weights.path.suffix.lower() == ".pt2":
        module = _load_exported(weights, device)
    elif weights.format == "torchscript":
        module = _load_torchscript(weights, device)
        return _Loaded(_frozen(module) if device == "cpu" else module, _parameters(module))
    else:
        module = _load_state_dict(weights).to(device)
    return _Loaded(module, _parameters(module))


def _parameters(module: Any) -> int:
    """Return the number of floating elements of its state; quantized layers keep none there."""
    import torch

    tensors = (one for one in module.state_dict().values() if isinstance(one, torch.Tensor))
    return sum(tensor.numel() for tensor in tensors if tensor.is_floating_point())


def _load_torchscript(weights: WeightsFile, device: str) -> Any:
    import torch

    with warnings.catch_warnings():
        # All of torch.jit is deprecated in favour of .pt2, which is code where this is a program.
        warnings.filterwarnings("ignore", r"`torch\.jit\.\w+` is deprecated", DeprecationWarning)
        module = torch.jit.load(str(weights.path), map_location=device)  # type: ignore[no-untyped-call]
        return module.eval()


def _frozen(module: Any) -> Any:
    """Return a module made for inference on the CPU; the module itself where that cannot be."""
    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`torch\.jit\.\w+` is deprecated", DeprecationWarning)
        # Folds batch normalisation into convolutions and keeps tensors in oneDNN's layout: half
        # the time of a MobileNet. What cannot be frozen (it changes its own attributes in an
        # unusual way) runs as it is, with the same results.
        with suppress(RuntimeError):
            return torch.jit.optimize_for_inference(module)
    return module


def _load_exported(weights: WeightsFile, device: str) -> Any:
    if not weights.trusted:
        raise BackendFault(
            f"{weights.path.name} is an exported program, which can run any code while it loads; "
            "trust the package, or export it as ONNX."
        )
    import torch
    from torch.export.passes import move_to_device_pass

    # Its graph names the device that it was exported on; moving the parameters is not enough.
    return move_to_device_pass(torch.export.load(weights.path), device).module()


def _load_state_dict(weights: WeightsFile) -> Any:
    import torch

    # Read before the architecture is built: a damaged file is told at once.
    try:
        state = torch.load(weights.path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BackendFault(
            f"{weights.path.name} is damaged, or holds objects other than tensors, which could run "
            "code; save the weights with torch.save(model.state_dict(), ...)."
        ) from error
    if not isinstance(state, Mapping):
        raise BackendFault(
            f"{weights.path.name} holds a {type(state).__name__}, not a state dict; "
            "save the weights with torch.save(model.state_dict(), ...)."
        )
    module = build_architecture(weights)
    module.load_state_dict(state)
    return module.eval()


def _flat(result: object, stated: Sequence[TensorSpec]) -> list[Any]:
    import torch

    values: list[Any]
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, Mapping):
        named = [spec.name for spec in stated]
        values = (
            [result[name] for name in named]
            if named and set(named) <= result.keys()
            else [*result.values()]
        )
    elif isinstance(result, (tuple, list)):
        values = list(result)
    else:
        values = [result]
    for tensor in values:
        if not isinstance(tensor, torch.Tensor):
            raise BackendFault(
                f"The network gave a {type(tensor).__name__} where a tensor is expected."
            )
    return values
