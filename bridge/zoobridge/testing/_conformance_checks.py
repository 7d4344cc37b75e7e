"""What a backend is checked for; run as a program in the process that the suite starts.

The checks run in the order in which they stand: first what must hold before the framework is
imported, then what must hold while it has only been imported, then all the rest.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from zoobridge.backend import (
    Backend,
    BackendFault,
    FrameworkFacts,
    Network,
    TensorSpec,
    WeightsFile,
)
from zoobridge.testing._conformance_bytes import prepares_bytes_as_their_table_states

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays: TypeAlias = list[NDArray[np.generic]]

__all__ = ["CHECKS", "main"]

_FORK_SECONDS: Final = 180


@dataclass(frozen=True)
class _Sample:
    weights: WeightsFile
    arrays: Path
    tolerance: float
    needs_trust: bool

    def inputs(self) -> Arrays:
        return self._read("input")

    def expected(self) -> Arrays:
        return self._read("expected")

    def _read(self, kind: str) -> Arrays:
        import numpy as np  # only after start(), which bounds its threads

        with np.load(self.arrays) as named:
            return [named[f"{kind}{i}"] for i in range(sum(k.startswith(kind) for k in named))]


class _Subject:
    """The backend under test, and what the checks share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
        self.samples = [
            _Sample(
                _weights(sample["weights"]),
                Path(sample["arrays"]),
                sample["tolerance"],
                sample["needs_trust"],
            )
            for sample in request["samples"]
        ]
        self.modules_before = _packages()
        module, _, name = request["backend"].partition(":")
        self.backend: Backend = getattr(importlib.import_module(module), name)()
        self._networks: dict[int, Network] = {}

    def networks(self) -> Iterator[tuple[_Sample, Network]]:
        for index, sample in enumerate(self.samples):
            if index not in self._networks:
                self._networks[index] = self.load(sample)
            yield sample, self._networks[index]

    def load(self, sample: _Sample, **changes: Any) -> Network:
        weights = dataclasses.replace(sample.weights, **changes)
        return self.backend.load(weights, device="cpu", threads=1)


def _weights(stated: dict[str, Any]) -> WeightsFile:
    tensors = {
        kind: tuple(TensorSpec(s["name"], s["dtype"], tuple(s["shape"])) for s in stated[kind])
        for kind in ("inputs", "outputs")
    }
    return WeightsFile(**{**stated, **tensors, "path": Path(stated["path"])})


def _packages() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)


@contextmanager
def _fault(what: str) -> Iterator[None]:
    try:
        yield
    except BackendFault as fault:
        sentence = str(fault)
    else:
        raise AssertionError(f"{what}: no BackendFault was raised")
    assert sentence.strip(), f"{what}: the BackendFault has no sentence"


def _compare(found: Sequence[Any], expected: Sequence[Any], tolerance: float, what: str) -> None:
    import numpy as np

    assert len(found) == len(expected), f"{what}: {len(found)} outputs, not {len(expected)}"
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape, f"{what}: shape {one.shape}, not {other.shape}"
        assert one.dtype == other.dtype, f"{what}: dtype {one.dtype}, not {other.dtype}"
        difference = np.max(np.abs(one.astype("f8") - other.astype("f8")), initial=0)
        allowed = tolerance * np.max(np.abs(other.astype("f8")), initial=0)
        assert difference <= allowed, f"{what}: off by {difference:.3g}, allowed {allowed:.3g}"


def _is_a_backend(subject: _Subject) -> None:
    backend = subject.backend
    assert isinstance(backend, Backend), "it lacks a member of zoobridge.backend.Backend"
    assert backend.formats, "it loads no weights format"
    assert all(isinstance(name, str) and name for name in backend.formats), backend.formats
    missing = set(backend.formats) - {sample.weights.format for sample in subject.samples}
    assert not missing, f"the samples lack the formats {sorted(missing)}"


def _facts_come_without_an_import(subject: _Subject) -> None:
    facts = subject.backend.facts()
    assert isinstance(facts, FrameworkFacts)
    assert facts.version, f"the framework has no version: {facts}"
    assert not facts.problem, f"the framework cannot be used: {facts}"
    own = type(subject.backend).__module__.partition(".")[0]
    imported = _packages() - subject.modules_before - {own, "zoobridge"}
    assert not imported, f"constructing it and facts() imported {sorted(imported)}"


def _starts_no_thread(subject: _Subject) -> None:
    subject.backend.start()
    tasks = Path("/proc/self/task")
    count = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    assert count == 1, f"start() left {count} threads"


def _works_in_forked_processes(subject: _Subject) -> None:
    if not hasattr(os, "fork"):
        return  # there, workers are always spawned
    by_format = {sample.weights.format: sample for sample in reversed(subject.samples)}
    for sample in (*by_format.values(), subject.samples[0]):
        problem = subject.folder / "fork.txt"
        child = os.fork()
        if child == 0:
            signal.alarm(_FORK_SECONDS)
            problem.write_text(_problem(_answers_rightly, subject, sample), encoding="utf-8")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0, f"{sample.weights.format}: a forked process ended with status {status}"
        assert not problem.read_text(encoding="utf-8"), problem.read_text(encoding="utf-8")


def _answers_rightly(subject: _Subject, sample: _Sample) -> None:
    found = subject.load(sample).forward(sample.inputs())
    _compare(found, sample.expected(), sample.tolerance, sample.weights.format)


def _names_its_devices(subject: _Subject) -> None:
    devices = subject.backend.devices()
    assert "cpu" in devices, devices
    sample = subject.samples[0]
    network = subject.backend.load(sample.weights, device="auto", threads=1)
    assert network.device == next((name for name in devices if name != "cpu"), "cpu")
    network = subject.backend.load(sample.weights, device="cpu", threads=1)
    assert network.device == "cpu", network.device
    with _fault("a device that is not there"):
        subject.backend.load(sample.weights, device="abacus:7", threads=1)


def _describes_its_networks(subject: _Subject) -> None:
    for sample, network in subject.networks():
        assert isinstance(network, Network), "it lacks a member of zoobridge.backend.Network"
        for specs, arrays in (
            (network.inputs, sample.inputs()),
            (network.outputs, sample.expected()),
        ):
            assert len(specs) == len(arrays), specs
            for spec, array in zip(specs, arrays, strict=True):
                assert spec.dtype == array.dtype.name, spec
                assert len(spec.shape) == array.ndim, spec
                assert all(a in (-1, b) for a, b in zip(spec.shape, array.shape, strict=True)), spec


def _gives_the_right_values_for_every_batch_size(subject: _Subject) -> None:
    for sample, network in subject.networks():
        inputs, expected = sample.inputs(), sample.expected()
        for size in (len(inputs[0]), 1, 3, 2, 1):
            _compare(
                network.forward([array[:size] for array in inputs]),
                [array[:size] for array in expected],
                sample.tolerance,
                f"{sample.weights.format}, batch of {size}",
            )


def _runs_with_any_number_of_threads(subject: _Subject) -> None:
    for sample in subject.samples:
        networks = [
            subject.backend.load(sample.weights, device="cpu", threads=threads)
            for threads in (2, 1)
        ]
        for network in networks:
            _compare(
                network.forward(sample.inputs()),
                sample.expected(),
                sample.tolerance,
                sample.weights.format,
            )


def _never_swaps_concurrent_answers(subject: _Subject) -> None:
    for sample, network in subject.networks():
        inputs, expected = sample.inputs(), sample.expected()

        def ask(
            call: int,
            *,
            sample: _Sample = sample,
            network: Network = network,
            inputs: Arrays = inputs,
            expected: Arrays = expected,
        ) -> None:
            place = slice(call % len(inputs[0]), call % len(inputs[0]) + 1)
            _compare(
                network.forward([array[place] for array in inputs]),
                [array[place] for array in expected],
                sample.tolerance,
                f"{sample.weights.format}, call {call} among many",
            )

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(64)))


def _leaves_its_inputs_alone(subject: _Subject) -> None:
    import numpy as np

    for sample, network in subject.networks():
        inputs = sample.inputs()
        for array in inputs:
            array.flags.writeable = False
        network.forward(inputs)
        # The same bytes at the end of a larger buffer, every second column of one: views.
        strided = [np.repeat(array, 2, axis=-1)[..., ::2] for array in inputs]
        network.forward(strided)
        for array, before in zip(inputs, sample.inputs(), strict=True):
            assert np.array_equal(array, before), f"{sample.weights.format}: it changed its input"
        for array, before in zip(strided, inputs, strict=True):
            assert np.array_equal(array, before), f"{sample.weights.format}: it changed its input"


def _hands_out_outputs_that_are_the_callers(subject: _Subject) -> None:
    import numpy as np

    for sample, network in subject.networks():
        inputs = sample.inputs()
        first = network.forward(inputs)
        for array in first:
            assert array.flags.writeable, f"{sample.weights.format}: an output is read-only"
            assert not any(np.shares_memory(array, given) for given in inputs)
            array.fill(0)
        _compare(
            network.forward(inputs), sample.expected(), sample.tolerance, sample.weights.format
        )


def _tells_wrong_inputs(subject: _Subject) -> None:
    for sample, network in subject.networks():
        inputs = sample.inputs()
        kind = sample.weights.format
        wrong = "float64" if inputs[0].dtype.name != "float64" else "float32"
        with _fault(f"{kind}: an input of a wrong dtype"):
            network.forward([array.astype(wrong) for array in inputs])
        with _fault(f"{kind}: an input with an axis too many"):
            network.forward([array[..., None] for array in inputs])
        fixed = [place for place, length in enumerate(network.inputs[0].shape) if length > 1]
        for axis in fixed:
            with _fault(f"{kind}: an input that is too short along axis {axis}"):
                cut = inputs[0].take(range(inputs[0].shape[axis] - 1), axis=axis)
                network.forward([cut, *inputs[1:]])
        with _fault(f"{kind}: no input"):
            network.forward([])
        with _fault(f"{kind}: an input too many"):
            network.forward([*inputs, inputs[0]])
        _compare(network.forward(inputs), sample.expected(), sample.tolerance, kind)


def _tells_bad_weights(subject: _Subject) -> None:
    for index, sample in enumerate(subject.samples):
        kind, path = sample.weights.format, sample.weights.path
        for name, spoil in (("cut", _cut), ("nonsense", _nonsense), ("empty", _empty)):
            copy = subject.scratch / f"{index}-{name}" / path.name
            if path.is_dir():
                shutil.copytree(path, copy)
            else:
                copy.parent.mkdir(parents=True)
                shutil.copy(path, copy)
            for file in [copy] if copy.is_file() else [f for f in copy.rglob("*") if f.is_file()]:
                spoil(file)
            with _fault(f"{kind}: {name} weights"):
                subject.load(sample, path=copy)
        with _fault(f"{kind}: weights that are not there"):
            subject.load(sample, path=subject.scratch / "nowhere" / path.name)
        with _fault(f"{kind}: a format that it does not load"):
            subject.load(sample, format="papyrus")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _nonsense(file: Path) -> None:
    file.write_bytes(b"these are no weights\n" * 100)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _refuses_code_that_nobody_trusts(subject: _Subject) -> None:
    for sample in subject.samples:
        if sample.needs_trust:
            with _fault(f"{sample.weights.format}: code without trust"):
                subject.load(sample, trusted=False)


def _writes_nothing_of_its_own(subject: _Subject) -> None:
    written = [str(path) for path in (subject.folder / "home").rglob("*") if path.is_file()]
    assert not written, f"files appeared in the user's folders: {written}"


_CHECKS: Final[tuple[Callable[[_Subject], None], ...]] = (
    _is_a_backend,
    _facts_come_without_an_import,
    _starts_no_thread,
    _works_in_forked_processes,
    _names_its_devices,
    _describes_its_networks,
    _gives_the_right_values_for_every_batch_size,
    _runs_with_any_number_of_threads,
    _never_swaps_concurrent_answers,
    prepares_bytes_as_their_table_states,
    _leaves_its_inputs_alone,
    _hands_out_outputs_that_are_the_callers,
    _tells_wrong_inputs,
    _tells_bad_weights,
    _refuses_code_that_nobody_trusts,
    _writes_nothing_of_its_own,
)

#: The names of all checks, in order.
CHECKS: Final = tuple(check.__name__.lstrip("_") for check in _CHECKS)


def _problem(check: Callable[..., None], *arguments: object) -> str:
    try:
        check(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a backend raises is the finding
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    return ""


def main(folder: Path) -> None:
    """Run all checks on what ``request.json`` in `folder` names, and report line by line."""
    report = folder / "report.jsonl"

    def tell(**entry: str) -> None:
        with report.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    subject = _Subject(folder)
    for name, check in zip(CHECKS, _CHECKS, strict=True):
        tell(check=name)
        tell(check=name, problem=_problem(check, subject))
