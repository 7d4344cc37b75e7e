"""TensorFlow: Keras 3 models, SavedModels, and Keras' old HDF5 files."""

from __future__ import annotations

import functools
import math
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakKeyDictionary, WeakValueDictionary

from zoobridge.backend import (
    BackendFault,
    ByteTable,
    DeviceMemoryFault,
    FrameworkFacts,
    TensorSpec,
    WeightsFile,
)
from zoobridge_backends._cuda import driver_problem, has_gpu
from zoobridge_backends._faults import LOAD_REMEDY, RUN_REMEDY, explained
from zoobridge_backends._installed import facts_of, installed_version, older
from zoobridge_backends._network import DescribedNetwork, check_precision, choose_device
from zoobridge_backends._tensors import check_format, check_inputs, identity, in_stated_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TensorFlowBackend", "TensorFlowNetwork"]

#: In older ones safe mode let some files run code.
_KERAS_FLOOR: Final = "3.13.2"

#: What Keras imports where it is there, and inference never needs: half of the time that the start
#: takes, 100 MiB, and a cache of fonts in the user's folder.
_OPTIONAL: Final = ("IPython", "matplotlib", "pandas", "scipy", "sklearn")

_SIGNATURE: Final = "serving_default"

#: A network as a function of TensorFlow tensors, in the order of its inputs.
_Function: TypeAlias = "Callable[[Sequence[Any]], Sequence[Any]]"


class TensorFlowBackend:
    """Loads ``keras_v3``, ``tensorflow_saved_model_bundle`` and ``keras_hdf5`` weights.

    A SavedModel runs the package's program while loading, so it belongs into a confined process.
    Keras files are read in safe mode, and HDF5 files refused, unless the package is trusted.
    """

    def __init__(self) -> None:
        self._networks: WeakValueDictionary[object, TensorFlowNetwork] = WeakValueDictionary()

    @property
    def formats(self) -> tuple[str, ...]:
        """The weights formats that it loads, fastest first."""
        return ("tensorflow_saved_model_bundle", "keras_v3", "keras_hdf5")

    def facts(self) -> FrameworkFacts:
        """Return what is known without importing TensorFlow."""
        facts = facts_of(
            framework="TensorFlow",
            distributions=(
                "tensorflow",
                "tensorflow-cpu",
                "tensorflow-intel",
                "tensorflow-macos",
                "tensorflow-rocm",
            ),
            floor="2.18",
            extra="tensorflow",
        )
        if facts.problem:
            return facts
        keras = installed_version(("keras",))
        if not keras or older(keras, _KERAS_FLOOR):
            return FrameworkFacts(
                version=facts.version,
                problem=(
                    f"Keras {keras} is too old to be safe; {_KERAS_FLOOR} or newer is needed."
                    if keras
                    else "Keras is not installed."
                ),
                remedy='pip install --upgrade "zoobridge[tensorflow]"',
            )
        return facts

    def start(self) -> None:
        """Import TensorFlow and Keras."""
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        os.environ["KERAS_BACKEND"] = "tensorflow"
        # A folder that cannot exist: the user's own settings would change what a model means, and
        # Keras would write a settings file if none exists.
        os.environ["KERAS_HOME"] = __file__
        with _hidden(_OPTIONAL):
            import keras  # noqa: F401
            import tensorflow as tf  # noqa: F401
        _fill_registries()
        _remember_skipped()

    def devices(self) -> tuple[str, ...]:
        """Return the devices: ``cpu``, then ``cuda:0`` … (``gpu:0`` … where they are not NVIDIA's)."""
        import tensorflow as tf

        kind = "cuda" if tf.test.is_built_with_cuda() else "gpu"
        count = len(tf.config.list_physical_devices("GPU"))
        return ("cpu", *(f"{kind}:{index}" for index in range(count)))

    def device_problem(self) -> str:
        """Return why a GPU of this machine is not among the devices; empty where it is."""
        import tensorflow as tf

        if len(self.devices()) > 1 or not has_gpu():
            return ""
        if not tf.test.is_built_with_cuda():
            return 'This TensorFlow was built without CUDA; pip install "tensorflow[and-cuda]".'
        return driver_problem() or (
            "TensorFlow does not find the libraries of CUDA and cuDNN; "
            'pip install "tensorflow[and-cuda]".'
        )

    def load(
        self, weights: WeightsFile, *, device: str, threads: int, precision: str = "float32"
    ) -> TensorFlowNetwork:
        """Load a network.

        All networks of a process share TensorFlow's one pool of threads, whose size the first call
        fixes: side by side they never take more. So weights that are loaded already are not loaded
        again for another number of threads.

        Raises
        ------
        BackendFault
            If TensorFlow cannot load it, or if it is code that nobody has trusted.
        """
        import tensorflow as tf

        check_format(weights, self.formats, "TensorFlow")
        device = choose_device(device, self.devices(), "TensorFlow")
        precision = check_precision(
            precision, device, supported=("float32", "tf32"), framework="TensorFlow"
        )
        tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")
        key = identity(weights, device)
        if (network := self._networks.get(key)) is None:
            _bound_threads(threads)
            with (
                explained(f"TensorFlow cannot load {weights.path.name}", LOAD_REMEDY),
                tf.device(_placed(device)),
            ):
                network = _load(weights, device)
                network.set_precision(precision)
            self._networks[key] = network
        return network


class TensorFlowNetwork(DescribedNetwork):
    """A network in TensorFlow."""

    def __init__(
        self,
        function: _Function,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        device: str,
        parameters: int,
    ) -> None:
        super().__init__(device, inputs, outputs, parameters)
        self._function = function
        self._place = _placed(device)
        self._tables: WeakKeyDictionary[ByteTable, tuple[Any, Any]] = WeakKeyDictionary()

    def forward(self, inputs: Sequence[NDArray[np.generic]]) -> list[NDArray[np.generic]]:
        """Run the network on a batch.

        Raises
        ------
        BackendFault
            If an input does not fit, or TensorFlow reports an error.
        """
        import tensorflow as tf

        check_inputs(inputs, self._inputs)
        return self._run(
            lambda: [tf.convert_to_tensor(array) for array in inputs], rows=len(inputs[0])
        )

    def forward_bytes(
        self, pixels: NDArray[np.uint8], table: ByteTable
    ) -> list[NDArray[np.generic]]:
        """Run the network on a batch of bytes; see :class:`zoobridge.backend.ByteInput`.

        Raises
        ------
        BackendFault
            If TensorFlow reports an error.
        """
        return self._run(lambda: [self._looked_up(pixels, table)], rows=len(pixels))

    def _run(self, inputs: Callable[[], list[Any]], *, rows: int) -> list[NDArray[np.generic]]:
        import numpy as np  # after start() has bounded its threads
        import tensorflow as tf

        with explained("TensorFlow cannot run the network", RUN_REMEDY), tf.device(self._place):
            try:
                # TensorFlow may share memory with what it was given and with what it keeps.
                return [np.array(output.numpy()) for output in self._function(inputs())]
            except tf.errors.ResourceExhaustedError as error:
                raise DeviceMemoryFault(
                    f"The memory of {self._device} does not suffice for a batch of {rows}."
                ) from error

    def _looked_up(self, pixels: NDArray[np.uint8], table: ByteTable) -> Any:
        """Return what the table makes of bytes, as a tensor on the device."""
        import tensorflow as tf

        known = self._tables.get(table)
        if known is None:
            # 64 bits, since TensorFlow adds 32 bits on the host, whatever the device.
            first = table.first_places(pixels.ndim)
            known = tf.constant(table.values.ravel()), tf.constant(first, tf.int64)
            self._tables[table] = known
        values, first = known
        return tf.gather(values, tf.cast(tf.convert_to_tensor(pixels), tf.int64) + first)

    def set_precision(self, precision: str) -> None:
        """State the precision that the process computes with."""
        self._precision = precision


def _placed(device: str) -> str:
    """Return TensorFlow's own name of a device."""
    return device.replace("cuda", "gpu")


def _load(weights: WeightsFile, device: str) -> TensorFlowNetwork:
    if weights.format == "tensorflow_saved_model_bundle":
        return _load_saved_model(weights, device)
    if weights.format == "keras_hdf5" and not weights.trusted:
        raise BackendFault(
            f"{weights.path.name} is a Keras HDF5 file, which can run any code while it loads; "
            "trust the package, or save it again as .keras."
        )
    return _load_keras(weights, device)


def _fill_registries() -> None:
    """Have TensorFlow fill its tables of operations and kernels, which starts no thread.

    It puts that off until the first operation; done here, no worker that is forked does it again.
    """
    # Private to TensorFlow, as what follows is to Keras: where they change, loading takes longer.
    with suppress(ImportError, AttributeError):
        from tensorflow.python.framework import kernels, op_def_registry

        # Each new function is looked up among the operations, and the first miss takes longest.
        op_def_registry.get("ZooBridgeNoSuchOperation")
        kernels.get_registered_kernels_for_op("NoOp")


def _remember_skipped() -> None:
    """Have Keras remember which attributes hold no weights.

    Keras 3.15 means to, but looks for them under another name than it keeps them: for each layer
    that it loads it builds one more, to ask it.
    """
    with suppress(ImportError, AttributeError):
        from keras.src.saving import saving_lib

        saving_lib.get_attr_skipset = functools.cache(saving_lib.get_attr_skipset)


@contextmanager
def _hidden(packages: Sequence[str]) -> Iterator[None]:
    """Let optional imports of `packages` fail meanwhile, unless they are imported already."""
    absent: dict[str, Any] = {name: None for name in packages if name not in sys.modules}
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _load_saved_model(weights: WeightsFile, device: str) -> TensorFlowNetwork:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(weights.path))
    names = sorted(loaded.signatures)
    if _SIGNATURE not in names and len(names) != 1:
        raise BackendFault(
            f"{weights.path.name} has no signature {_SIGNATURE}, but: {', '.join(names) or 'none'}; "
            "export it again with one."
        )
    signature = loaded.signatures[_SIGNATURE if _SIGNATURE in names else names[0]]
    own_inputs = _specs(signature.structured_input_signature[1])
    own_outputs = _specs(signature.structured_outputs)
    inputs = in_stated_order(weights.inputs, own_inputs, "input")
    outputs = in_stated_order(weights.outputs, own_outputs, "output")

    def run(tensors: Sequence[Any], *, _keep: object = loaded) -> list[Any]:
        # A signature does not keep alive the variables of the object that it came from.
        feed = {spec.name: tensor for spec, tensor in zip(inputs, tensors, strict=True)}
        results = signature(**feed)
        return [results[spec.name] for spec in outputs]

    return TensorFlowNetwork(run, inputs, outputs, device, _parameters(signature.variables))


def _load_keras(weights: WeightsFile, device: str) -> TensorFlowNetwork:
    import keras
    import tensorflow as tf

    model = keras.saving.load_model(weights.path, compile=False, safe_mode=not weights.trusted)
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise BackendFault(
            f"{weights.path.name} does not state its inputs; build the model before saving it, or "
            "export it as a SavedModel."
        )
    if isinstance(model, keras.Sequential):
        # A stack of layers has neither an input nor names for its outputs; the graph in it has.
        model = keras.Model(model.inputs[0], model.outputs[0])
    own_inputs = tuple(_spec(tensor.name, tensor) for tensor in model.inputs)
    own_outputs = tuple(
        _spec(name, tensor) for name, tensor in zip(model.output_names, model.outputs, strict=True)
    )
    inputs = in_stated_order(weights.inputs, own_inputs, "input")
    outputs = in_stated_order(weights.outputs, own_outputs, "output")
    in_places = [inputs.index(spec) for spec in own_inputs]
    out_places = [own_outputs.index(spec) for spec in outputs]

    def call(*tensors: Any) -> list[Any]:
        structured = keras.tree.pack_sequence_as(model.input, [tensors[i] for i in in_places])
        results = keras.tree.flatten(model(structured, training=False))
        return [results[place] for place in out_places]

    # Traced here, once and for every batch size, so that no caller waits for it.
    function = tf.function(call, autograph=False).get_concrete_function(
        *(
            tf.TensorSpec([None if length < 0 else length for length in spec.shape], spec.dtype)
            for spec in inputs
        )
    )

    def run(tensors: Sequence[Any]) -> Sequence[Any]:
        results: Sequence[Any] = function(*tensors)
        return results

    return TensorFlowNetwork(run, inputs, outputs, device, _parameters(model.variables))


def _parameters(variables: Iterable[Any]) -> int:
    """Return their number of elements; what is not floating (a random generator's state) is not a weight."""
    import tensorflow as tf

    return sum(math.prod(one.shape) for one in variables if tf.as_dtype(one.dtype).is_floating)


def _specs(tensors: dict[str, Any]) -> tuple[TensorSpec, ...]:
    return tuple(_spec(name, tensor) for name, tensor in tensors.items())


def _spec(name: str, tensor: Any) -> TensorSpec:
    import tensorflow as tf

    shape = tensor.shape
    if getattr(shape, "rank", 0) is None:
        raise BackendFault(f'Tensor "{name}" has no fixed number of axes; export it with one.')
    return TensorSpec(
        name,
        tf.as_dtype(tensor.dtype).name,
        tuple(-1 if length is None else int(length) for length in shape),
    )


def _bound_threads(threads: int) -> None:
    import tensorflow as tf

    # Once anything has run, TensorFlow's pool is what it is.
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
