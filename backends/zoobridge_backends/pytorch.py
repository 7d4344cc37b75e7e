"""PyTorch: TorchScript, state dicts, and exported programs (``.pt2``)."""

from __future__ import annotations

import os
import pickle
import threading
import warnings
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from zoobridge.backend import (
    BackendFault,
    ByteTable,
    DeviceMemoryFault,
    FrameworkFacts,
    TensorSpec,
    WeightsFile,
)
from zoobridge_backends._architecture import build_architecture
from zoobridge_backends._cuda import driver_problem, has_gpu
from zoobridge_backends._faults import LOAD_REMEDY, RUN_REMEDY, explained
from zoobridge_backends._installed import facts_of
from zoobridge_backends._network import DescribedNetwork, check_precision, choose_device
from zoobridge_backends._tensors import check_format, check_inputs, check_outputs, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
        """Return what is known without importing PyTorch."""
        return facts_of(framework="PyTorch", distributions=("torch",), floor=_FLOOR, extra="torch")

    def start(self) -> None:
        """Import PyTorch.

        torchvision stays out: it takes longer to import than PyTorch itself, starts looking for
        compilers and caches, and only state dicts of its architectures need it.
        """
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import torch  # noqa: F401

    def devices(self) -> tuple[str, ...]:
        """Return the devices: ``cpu``, then ``cuda:0`` … or ``mps:0`` as PyTorch sees them."""
        import torch

        accelerator = torch.accelerator.current_accelerator(check_available=True)
        if accelerator is None:
            return ("cpu",)
        count = torch.accelerator.device_count()
        return ("cpu", *(f"{accelerator.type}:{index}" for index in range(count)))

    def device_problem(self) -> str:
        """Return why a GPU of this machine is not among the devices; empty where it is."""
        import torch

        if len(self.devices()) > 1 or not has_gpu():
            return ""
        if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
            return (
                "This PyTorch was built without CUDA; install a build with it "
                "(pytorch.org, Get Started)."
            )
        return (
            driver_problem()
            or "PyTorch does not see the GPU; its CUDA may be newer than the driver."
        )

    def load(
        self, weights: WeightsFile, *, device: str, threads: int, precision: str = "float32"
    ) -> PyTorchNetwork:
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
        precision = check_precision(
            precision, device, supported=("float32", "tf32", "float16"), framework="PyTorch"
        )
        _set_precision(precision)
        key = identity(weights, device)
        if (loaded := self._modules.get(key)) is None:
            torch.set_num_threads(threads)
            with explained(f"PyTorch cannot load {weights.path.name}", LOAD_REMEDY):
                loaded = _load(weights, device)
            self._modules[key] = loaded
        return PyTorchNetwork(loaded, weights, device, threads, precision)


class PyTorchNetwork(DescribedNetwork):
    """A network in PyTorch."""

    def __init__(
        self, loaded: _Loaded, weights: WeightsFile, device: str, threads: int, precision: str
    ) -> None:
        if not weights.inputs:
            raise BackendFault("The package describes no inputs; add them to its rdf.yaml.")
        # The tensors are as the package describes them, since the weights do not; the numbers
        # include the buffers of normalisation layers.
        super().__init__(device, weights.inputs, weights.outputs, loaded.parameters, precision)
        self._loaded = loaded
        self._threads = threads
        #: Each thread has a separate stream, so that one copies while another computes.
        self._local = threading.local()
        self._tables: WeakKeyDictionary[ByteTable, Any] = WeakKeyDictionary()

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch.

        Raises
        ------
        BackendFault
            If an input does not fit, or PyTorch reports an error.
        """
        check_inputs(inputs, self._inputs)
        return self._run(lambda: [self._moved(array) for array in inputs], len(inputs[0]))

    def forward_bytes(
        self, pixels: NDArray[np.uint8], table: ByteTable
    ) -> list[NDArray[np.generic]]:
        """Run the network on a batch of bytes; see :class:`zoobridge.backend.ByteInput`.

        Raises
        ------
        BackendFault
            If PyTorch reports an error.
        """
        return self._run(lambda: [self._looked_up(pixels, table)], len(pixels))

    def _run(self, inputs: Callable[[], list[Any]], rows: int) -> list[NDArray[np.generic]]:
        import numpy as np  # after start() has bounded its threads
        import torch

        # OpenMP's number of threads belongs to each thread, and a new one takes all cores.
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with (
            explained("PyTorch cannot run the network", RUN_REMEDY),
            torch.inference_mode(),
            _interpreted(),
            self._stream(),
            self._cast(),
        ):
            try:
                outputs = _flat(self._loaded.module(*inputs()), self._outputs)
                # Copied again where a network hands out a tensor that it keeps.
                arrays = [np.array(self._returned(output).numpy()) for output in outputs]
            except torch.OutOfMemoryError as error:
                torch.accelerator.empty_cache()
                raise DeviceMemoryFault(
                    f"The memory of {self._device} does not suffice for a batch of {rows}: "
                    f"{str(error).split('.')[0]}."
                ) from error
        return check_outputs(arrays, self._outputs)

    def _looked_up(self, pixels: NDArray[np.uint8], table: ByteTable) -> Any:
        """Return what the table makes of bytes, as a tensor on the device."""
        import torch

        values = self._tables.get(table)
        if values is None:
            values = self._tables[table] = torch.tensor(table.values, device=self._device)
        places = self._moved(pixels).int()
        if table.axis is not None:
            # The table's rows one after another: each channel looks into its own 256 values.
            shape = [1] * places.ndim
            shape[table.axis] = -1
            first = torch.arange(0, values.numel(), values.shape[1], device=places.device)
            places = places + first.int().view(shape)
        return values.flatten()[places]

    def _stream(self) -> AbstractContextManager[Any]:
        import torch

        if not self._device.startswith("cuda"):
            return nullcontext()
        stream = getattr(self._local, "stream", None)
        if stream is None:
            stream = self._local.stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        context: AbstractContextManager[Any] = torch.cuda.stream(stream)
        return context

    def _cast(self) -> AbstractContextManager[Any]:
        import torch

        if self._precision != "float16":
            return nullcontext()
        kind = self._device.partition(":")[0]
        context: AbstractContextManager[Any] = torch.autocast(kind, dtype=torch.float16)
        return context

    def _moved(self, array: NDArray[np.generic]) -> Any:
        """Return an array as a tensor on the device; a copy, since networks may work in place."""
        import torch

        if not self._device.startswith("cuda"):
            return torch.tensor(array, device=self._device)
        # Only from pinned memory does a copy run beside computation. PyTorch keeps such memory, and
        # gives none out again before the copy from it is done.
        like = torch.tensor(array.flat[:0])
        pinned = torch.empty(array.shape, dtype=like.dtype, pin_memory=True)
        pinned.numpy()[...] = array
        return pinned.to(self._device, non_blocking=True)

    def _returned(self, output: Any) -> Any:
        import torch

        if self._precision == "float16" and output.dtype == torch.float16:
            output = output.float()
        return output.cpu()


def _set_precision(precision: str) -> None:
    """Compute float32 as float32: convolutions use TF32 by PyTorch's default."""
    import torch

    chosen = "tf32" if precision == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = chosen
    torch.backends.cudnn.conv.fp32_precision = chosen  # type: ignore[attr-defined]
    torch.backends.cudnn.rnn.fp32_precision = chosen  # type: ignore[attr-defined]


def _interpreted() -> AbstractContextManager[None]:
    """Keep TorchScript from profiling, which recompiles for every new batch size."""
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

    # Read before the architecture is built: a damaged file is reported at once.
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
