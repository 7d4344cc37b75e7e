"""ONNX Runtime."""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoobridge.backend import (
    BackendFault,
    ByteTable,
    DeviceFault,
    DeviceMemoryFault,
    FrameworkFacts,
    TensorSpec,
    WeightsFile,
)
from zoobridge_backends._cuda import cuda_devices, driver_problem, has_gpu
from zoobridge_backends._faults import LOAD_REMEDY, RUN_REMEDY, explained
from zoobridge_backends._installed import facts_of
from zoobridge_backends._network import DescribedNetwork, check_precision, choose_device
from zoobridge_backends._onnx_lookup import TableLookup
from zoobridge_backends._onnx_parameters import count_parameters
from zoobridge_backends._tensors import check_format, check_inputs, in_stated_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["OnnxBackend", "OnnxNetwork"]

_DTYPES: Final = {
    "tensor(bool)": "bool",
    "tensor(double)": "float64",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(int8)": "int8",
    "tensor(string)": "object",
    "tensor(uint16)": "uint16",
    "tensor(uint32)": "uint32",
    "tensor(uint64)": "uint64",
    "tensor(uint8)": "uint8",
}

_PROVIDER: Final = "CUDAExecutionProvider"

#: How ONNX Runtime says that a GPU's memory is used up.
_NO_MEMORY: Final = re.compile("failed to allocate memory|out of memory|CUBLAS_STATUS_ALLOC", re.I)

_SPIN_MICROSECONDS: Final = "200"

#: After inputs of this size and more (bytes) the arena is given back at once.
_LARGE_BATCH: Final = 16 << 20

#: So many batches of less than a quarter of the largest show that its arena is needed no more.
_SMALLER_BATCHES: Final = 8


class OnnxBackend:
    """Loads ``onnx`` weights with ONNX Runtime.

    Custom-operator libraries are never registered, and external data is taken from files of the
    package alone.
    """

    @property
    def formats(self) -> tuple[str, ...]:
        """The weights formats that it loads."""
        return ("onnx",)

    def facts(self) -> FrameworkFacts:
        """Return what is known without importing ONNX Runtime."""
        return facts_of(
            framework="ONNX Runtime",
            distributions=("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"),
            floor="1.20",
            extra="onnx",
        )

    def start(self) -> None:
        """Import ONNX Runtime, its telemetry off."""
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        # NumPy's BLAS would start a thread per core when it is imported.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)

    def devices(self) -> tuple[str, ...]:
        """Return the devices: ``cpu``, and ``cuda:0`` … where ONNX Runtime and the driver offer it."""
        import onnxruntime

        # It names its CUDA provider on machines without a GPU, and without CUDA's libraries, too.
        if _PROVIDER not in onnxruntime.get_available_providers() or not cuda_devices():
            return ("cpu",)
        if _missing_library():
            return ("cpu",)
        return ("cpu", *(f"cuda:{index}" for index in range(cuda_devices())))

    def device_problem(self) -> str:
        """Return why a GPU of this machine is not among the devices; empty where it is."""
        import onnxruntime

        if not has_gpu():
            return ""
        if _PROVIDER not in onnxruntime.get_available_providers():
            return (
                "This ONNX Runtime has no CUDA provider; "
                "pip uninstall onnxruntime, then pip install onnxruntime-gpu."
            )
        return driver_problem() or _missing_library()

    def load(
        self, weights: WeightsFile, *, device: str, threads: int, precision: str = "float32"
    ) -> OnnxNetwork:
        """Load a network.

        Raises
        ------
        BackendFault
            If ONNX Runtime cannot load it, or if its external data may lie outside the package.
        """
        import onnxruntime

        check_format(weights, self.formats, "ONNX Runtime")
        device = choose_device(device, self.devices(), "ONNX Runtime")
        precision = check_precision(
            precision, device, supported=("float32", "tf32"), framework="ONNX Runtime"
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that wait for the next layer's share of work spin for it, which is a third of a
        # MobileNet's time; what is longer than that, or after a run, would burn cores that other
        # workers need.
        options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN_MICROSECONDS)
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        providers: list[Any] = ["CPUExecutionProvider"]
        if device.startswith("cuda"):
            chosen = {
                "device_id": int(device.partition(":")[2]),
                "use_tf32": int(precision == "tf32"),
                # Memory in the sizes that are asked for, in place of doubled ones.
                "arena_extend_strategy": "kSameAsRequested",
            }
            providers.insert(0, (_PROVIDER, chosen))
        try:
            with explained(f"ONNX Runtime cannot load {weights.path.name}", LOAD_REMEDY):
                _check_external_data(weights.path)
                session = onnxruntime.InferenceSession(
                    str(weights.path), sess_options=options, providers=providers
                )
        except BackendFault as fault:
            raise _newer_format(fault, weights.path.name) or fault from fault.__cause__
        if device != "cpu" and session.get_providers()[0] == "CPUExecutionProvider":
            raise DeviceFault(
                f"ONNX Runtime cannot use {device}; check the CUDA and cuDNN libraries, or ask for cpu."
            )
        # It would run on the CPU, without a word, what its CUDA provider fails at.
        session.disable_fallback()
        return OnnxNetwork(session, weights, device, precision, providers)


class OnnxNetwork(DescribedNetwork):
    """A network in ONNX Runtime."""

    def __init__(
        self,
        session: Any,
        weights: WeightsFile,
        device: str,
        precision: str,
        providers: Sequence[Any],
    ) -> None:
        import onnxruntime

        own = _specs(session.get_inputs())
        # Packages know no half precision: such inputs are given as float32, and cast on the way.
        self._halves = frozenset(spec.name for spec in own if spec.dtype == "float16")
        whole = [replace(one, dtype="float32") if one.name in self._halves else one for one in own]
        inputs = in_stated_order(weights.inputs, whole, "input")
        given = [
            replace(one, dtype="float32") if one.dtype == "float16" else one
            for one in _specs(session.get_outputs())
        ]
        outputs = in_stated_order(weights.outputs, given, "output")
        _check_plain((*inputs, *outputs))
        # Statistics of normalisation layers are folded into other numbers by exporters.
        super().__init__(device, inputs, outputs, count_parameters(weights.path), precision)
        self._session = session
        self._output_names = [spec.name for spec in self._outputs]
        self._shrinking = onnxruntime.RunOptions()
        if device == "cpu":
            self._shrinking.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._providers = providers
        self._known_lookup: TableLookup | None = None
        self._lock = threading.Lock()
        self._largest = self._smaller = 0

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch.

        Raises
        ------
        BackendFault
            If an input does not fit, or ONNX Runtime reports an error.
        """
        import numpy as np  # after start() has bounded its threads

        check_inputs(inputs, self._inputs)
        feed = {
            spec.name: array.astype(np.float16) if spec.name in self._halves else array
            for spec, array in zip(self._inputs, inputs, strict=True)
        }
        return self._run(lambda: feed, len(inputs[0]), sum(array.nbytes for array in inputs))

    def forward_bytes(
        self, pixels: NDArray[np.uint8], table: ByteTable
    ) -> list[NDArray[np.generic]]:
        """Run the network on a batch of bytes; see :class:`zoobridge.backend.ByteInput`.

        Raises
        ------
        BackendFault
            If ONNX Runtime reports an error.
        """
        return self._run(
            lambda: {self._inputs[0].name: self._lookup().prepare(pixels, table)},
            len(pixels),
            pixels.size * table.values.itemsize,
        )

    def _lookup(self) -> TableLookup:
        """Return what prepares bytes on the network's device; made once."""
        with self._lock:
            if self._known_lookup is None:
                (spec,) = self._inputs
                dtype = "float16" if spec.name in self._halves else spec.dtype
                options = self._session.get_session_options()
                self._known_lookup = TableLookup(dtype, self._device, options, self._providers)
            return self._known_lookup

    def _run(
        self, feed: Callable[[], dict[str, Any]], rows: int, size: int
    ) -> list[NDArray[np.generic]]:
        import numpy as np  # after start() has bounded its threads

        shrink = self._should_shrink(size)
        with explained("ONNX Runtime cannot run the network", RUN_REMEDY):
            try:
                outputs = self._session.run(
                    self._output_names, feed(), self._shrinking if shrink else None
                )
            except Exception as error:
                # ONNX Runtime's errors have no common type of their own.
                if self._device == "cpu" or not _NO_MEMORY.search(str(error)):
                    raise
                raise DeviceMemoryFault(
                    f"The memory of {self._device} does not suffice for a batch of {rows}."
                ) from error
        # A constant or passed-through output is the session's or the caller's own memory.
        return [
            np.array(output, np.float32 if output.dtype == np.float16 else None)
            for output in outputs
        ]

    def _should_shrink(self, size: int) -> bool:
        """Return whether to give the arena back after a batch of `size` bytes.

        The arena keeps what the largest batch needed (0.7 GB after 64 pictures and a MobileNet).
        Giving it back after every batch would cost a third of the speed.
        """
        with self._lock:
            if size * 4 >= self._largest:
                self._largest, self._smaller = max(size, self._largest), 0
            else:
                self._smaller += 1
            if size < _LARGE_BATCH and self._smaller < _SMALLER_BATCHES:
                return False
            self._largest = self._smaller = 0
            return True


def _newer_format(fault: BackendFault, name: str) -> BackendFault | None:
    """Return a fault that names the remedy, where a file is made for a newer ONNX."""
    version = re.search(
        r"Unsupported model IR version: (\d+), max supported IR version: (\d+)", str(fault)
    )
    if version is None:
        return None
    return BackendFault(
        f"{name} is made for a newer ONNX (IR version {version[1]}) than this ONNX Runtime reads "
        f"(up to {version[2]}); export it for an older one (in Python: model = onnx.load(path); "
        f"model.ir_version = {version[2]}; onnx.save(model, path)), or update onnxruntime on the server."
    )


def _specs(nodes: Sequence[Any]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            node.name,
            _DTYPES.get(node.type, node.type),
            tuple(length if isinstance(length, int) else -1 for length in node.shape),
        )
        for node in nodes
    )


def _check_plain(specs: Sequence[TensorSpec]) -> None:
    for spec in specs:
        if spec.dtype not in _DTYPES.values():
            raise BackendFault(
                f'Tensor "{spec.name}" is a {spec.dtype}, but only plain tensors are supported; '
                "export the network without it (scikit-learn: zipmap=False)."
            )


def _check_external_data(path: Path) -> None:
    """Refuse a model whose external data may be a hard link to a file outside its package.

    ONNX Runtime itself refuses paths and symbolic links that lead outside the model's folder, but
    cannot see where else a file's inode has a name. A tensor with external data must name its
    file under the key ``location``; where that word does not occur, there is none.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise BackendFault(f"{path.name} is empty.")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(b"location") < 0:
                return
    for folder, _, names in os.walk(path.parent):
        for name in names:
            facts = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - of os.walk's strings
            if facts.st_nlink > 1:
                raise BackendFault(
                    f"{path.name} may keep data in other files, and {name} beside it is hard-linked "
                    "to another place; copy the package to a separate folder"
                )


def _missing_library() -> str:
    """Return why ONNX Runtime's CUDA provider cannot be loaded; empty where it can."""
    import onnxruntime

    onnxruntime.preload_dlls()
    windows = sys.platform == "win32"
    prefix, suffix = ("", ".dll") if windows else ("lib", ".so")
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        # The provider's library needs this one, which ONNX Runtime loads before it.
        ctypes.CDLL(str(folder / f"{prefix}onnxruntime_providers_shared{suffix}"))
        ctypes.CDLL(str(folder / f"{prefix}onnxruntime_providers_cuda{suffix}"))
    except OSError as error:
        return (
            f"ONNX Runtime's CUDA provider cannot be loaded ({error}); install CUDA and cuDNN: "
            'pip install "onnxruntime-gpu[cuda,cudnn]".'
        )
    return ""
