"""The suite that every backend must pass, run in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import pytest

from zoobridge.testing._conformance_checks import CHECKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zoobridge.backend import WeightsFile

__all__ = ["BackendConformance", "BackendSample", "run_backend_conformance"]

#: Where programs keep what belongs to their user; all point at an empty folder meanwhile.
_PRIVATE_FOLDERS: Final = (
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
)

_PROGRAM: Final = (
    "import pathlib, sys; from zoobridge.testing._conformance_checks import main; "
    "main(pathlib.Path(sys.argv[1]))"
)


@dataclass(frozen=True)
class BackendSample:
    """Weights with a batch for which the right answer is known.

    Parameters
    ----------
    weights
        What to load. Its file is not changed.
    inputs
        One array per input tensor: a batch of at least three items that have different answers.
    expected
        One array per output tensor, for the whole batch, computed in some other way.
    tolerance
        Largest difference allowed, as a part of the largest expected value.
    needs_trust
        Whether the backend must refuse these weights where `weights.trusted` is false.
    """

    weights: WeightsFile
    inputs: Sequence[NDArray[np.generic]]
    expected: Sequence[NDArray[np.generic]]
    tolerance: float = 1e-5
    needs_trust: bool = False


def run_backend_conformance(
    backend: str, samples: Sequence[BackendSample], folder: Path, *, timeout: float = 600
) -> Mapping[str, str]:
    """Check a backend in a fresh process, so that no framework meets another.

    Parameters
    ----------
    backend
        The backend as an entry point names it: ``package.module:Class``.
    samples
        At least one for each weights format that the backend loads.
    folder
        An empty folder to work in.
    timeout
        Seconds after which the process is ended.

    Returns
    -------
    mapping
        For each check what is wrong, as a text; empty where nothing is.
    """
    import numpy as np

    request = []
    for index, sample in enumerate(samples):
        arrays = folder / f"sample{index}.npz"
        named = {f"input{i}": array for i, array in enumerate(sample.inputs)}
        named |= {f"expected{i}": array for i, array in enumerate(sample.expected)}
        np.savez(arrays, **named)  # type: ignore[arg-type] # its stub takes the names for options
        request.append(
            {
                "weights": asdict(sample.weights) | {"path": str(sample.weights.path)},
                "arrays": str(arrays),
                "tolerance": sample.tolerance,
                "needs_trust": sample.needs_trust,
            }
        )
    for name in ("home", "temporary", "scratch"):
        (folder / name).mkdir()
    (folder / "request.json").write_text(
        json.dumps({"backend": backend, "samples": request}), encoding="utf-8"
    )
    environment = os.environ | {
        **dict.fromkeys(_PRIVATE_FOLDERS, str(folder / "home")),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "temporary")),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", _PROGRAM, str(folder)]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder / "home", stdout=output, stderr=subprocess.STDOUT
        )
        try:
            ending = f"the process ended with code {process.wait(timeout)}"
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            ending = f"the process hung and was ended after {timeout:g} s"
    return _report(folder, ending)


def _report(folder: Path, ending: str) -> Mapping[str, str]:
    told: dict[str, str] = {}
    begun = "its start"
    report = folder / "report.jsonl"
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else ():
        entry = json.loads(line)
        begun = entry["check"]
        if "problem" in entry:
            told[begun] = entry["problem"]
    output = (folder / "output.txt").read_text(encoding="utf-8", errors="replace")
    missing = f"Not checked: {ending}, in or after {begun}.\n{output[-4000:]}"
    return {name: told.get(name, missing) for name in CHECKS}


class BackendConformance:
    """A pytest class that a backend's own tests derive from.

    Give the derived class the attribute :attr:`backend` and a class-scoped fixture ``samples``
    that returns :class:`BackendSample` objects; every check is then a separate test.

    Examples
    --------
    >>> class TestMyBackend(BackendConformance):
    ...     backend = "my_package:MyBackend"
    ...
    ...     @pytest.fixture(scope="class")
    ...     @classmethod
    ...     def samples(cls, tmp_path_factory):
    ...         return [BackendSample(weights=..., inputs=[...], expected=[...])]
    """

    #: The backend as an entry point names it: ``package.module:Class``.
    backend: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def samples(cls) -> Sequence[BackendSample]:
        """Give the samples; to be overridden."""
        raise NotImplementedError("Define the fixture 'samples' in the derived class.")

    @pytest.fixture(scope="class")
    @classmethod
    def conformance(
        cls, samples: Sequence[BackendSample], tmp_path_factory: pytest.TempPathFactory
    ) -> Mapping[str, str]:
        """Run all checks, once for the class."""
        return run_backend_conformance(cls.backend, samples, tmp_path_factory.mktemp("conformance"))

    @pytest.mark.parametrize("check", CHECKS)
    def test_conforms(self, check: str, conformance: Mapping[str, str]) -> None:
        """Fail with what the check found."""
        if conformance[check]:
            pytest.fail(f"{self.backend}: {conformance[check]}", pytrace=False)
