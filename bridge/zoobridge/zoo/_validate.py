"""Checking a package by running every one of its weights on its test tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobridge.backend import BackendFault
from zoobridge.errors import ZooBridgeError
from zoobridge.imaging import postprocess, preprocess
from zoobridge.zoo._choice import weights_obstacle
from zoobridge.zoo._description import ModelDescription, WeightsDescription
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._network import weights_file
from zoobridge.zoo._package import load_tensor, model_object, read_package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from zoobridge.backend import FrameworkFacts, WeightsFile
    from zoobridge.zoo._network import OpenNetwork
    from zoobridge.zoo._trust import TrustStore

__all__ = ["Difference", "Tolerance", "ValidationReport", "WeightsReport", "validate_package"]

#: Keeps the relative difference finite where the expected value is zero, as bioimageio.core does.
_RELATIVE_FLOOR = 1e-6


@dataclass(frozen=True)
class Tolerance:
    """What counts as agreement: ``|a - b| <= absolute + relative * |b|``, but for a few values.

    Parameters
    ----------
    relative, absolute
        As above.
    mismatches_per_million
        How many of a million values may still differ more.
    """

    relative: float = 1e-3
    absolute: float = 1e-3
    mismatches_per_million: float = 100.0


@dataclass(frozen=True)
class Difference:
    """How far one array is from another.

    Parameters
    ----------
    absolute
        Largest ``|a - b|``.
    relative
        Largest ``|a - b| / (|b| + 1e-6)``.
    within
        Whether a :class:`Tolerance` was kept.
    """

    absolute: float
    relative: float
    within: bool


@dataclass(frozen=True)
class WeightsReport:
    """What became of one set of weights.

    Parameters
    ----------
    weights
        The weights.
    difference
        Between the package's test output and ours; `None` if they were not run.
    device
        Where they ran.
    problem
        What is wrong with them; empty if nothing is.
    skipped
        Why they could not be run on this machine, though nothing is wrong with them.
    remedy
        The command that would let them run.
    """

    weights: WeightsDescription
    difference: Difference | None = None
    device: str = ""
    problem: str = ""
    skipped: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class ValidationReport:
    """What became of a package.

    Parameters
    ----------
    model
        The package.
    weights
        Each set of weights.
    between
        Difference of the raw outputs of each two formats that ran, by their names.
    problems
        All that is wrong, as sentences.
    """

    model: ModelDescription
    weights: tuple[WeightsReport, ...] = ()
    between: Mapping[tuple[str, str], Difference] | None = None
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong and at least one set of weights ran."""
        return not self.problems


def validate_package(
    path: Path,
    *,
    unpack_to: Path,
    open_network: OpenNetwork,
    frameworks: Mapping[str, FrameworkFacts],
    confined: bool,
    trust: TrustStore,
) -> ValidationReport:
    """Check a package's files, and run each of its weights on its test tensors.

    The test input goes through preprocessing, the network and postprocessing, and is compared with
    the test output; raw outputs are compared between formats. The tolerance is the package's own
    (``config.bioimageio.reproducibility_tolerance``), or the format's default.

    Parameters
    ----------
    path
        A folder or a zip file.
    unpack_to
        A folder of ours, for the content of zip files.
    open_network
        Runs a network in a separate process.
    frameworks
        What is known of each framework that a backend exists for.
    confined
        Whether workers are confined on this machine.
    trust
        What the user trusts.

    Returns
    -------
    ValidationReport
        Nothing that a package holds raises.
    """
    model = read_package(path, unpack_to=unpack_to)
    if model.problem or model.input is None or model.output is None:
        return ValidationReport(
            model,
            tuple(WeightsReport(one, problem=one.problem) for one in model.weights),
            problems=(model.problem,),
        )
    try:
        described = model_object(model)
    except PackageFault as fault:
        return ValidationReport(model, problems=(str(fault),))
    tensors = _test_tensors(model)
    if tensors is None:
        sentence = (
            "the package has no readable test tensors; add test_tensor to its input and output"
        )
        return ValidationReport(model, problems=(sentence,))
    reports = []
    raw: dict[str, NDArray[Any]] = {}
    for weights in model.weights:
        problem, remedy = weights_obstacle(
            model, weights, frameworks=frameworks, confined=confined, trust=trust
        )
        report = WeightsReport(weights, problem=weights.problem)
        if not weights.problem and problem:
            report = replace(report, skipped=problem, remedy=remedy)
        elif not weights.problem:
            file = weights_file(model, weights, trusted=trust.trusts(weights.digest))
            tolerance = _tolerance(described, model.output.name, weights.format)
            report, output = _run(model, report, file, open_network, tensors, tolerance)
            if output is not None:
                raw[weights.format] = output
        reports.append(report)
    return _report(model, reports, raw, described)


def _report(
    model: ModelDescription,
    reports: list[WeightsReport],
    raw: Mapping[str, NDArray[Any]],
    described: Any,
) -> ValidationReport:
    between = {}
    problems = [
        f"{report.weights.format}: {report.problem}" for report in reports if report.problem
    ]
    name = model.output.name if model.output else ""
    for first, second in combinations(raw, 2):
        difference = _difference(raw[second], raw[first], _tolerance(described, name, second))
        between[first, second] = difference
        if not difference.within:
            problems.append(
                f"{first} and {second} differ by up to {difference.absolute:.3g}: "
                "they are not the same network; convert one from the other again"
            )
    if not raw and not problems:
        skipped = "; ".join(
            f"{report.skipped} ({report.remedy})" if report.remedy else report.skipped
            for report in reports
        )
        problems.append(f"none of the weights could be run: {skipped}")
    return ValidationReport(model, tuple(reports), between, tuple(problems))


def _run(
    model: ModelDescription,
    report: WeightsReport,
    file: WeightsFile,
    open_network: OpenNetwork,
    tensors: tuple[NDArray[Any], NDArray[Any]],
    tolerance: Tolerance,
) -> tuple[WeightsReport, NDArray[Any] | None]:
    """Run one set of weights; return its raw output too, if there is one."""
    given, wanted = model.input, model.output
    if given is None or wanted is None:
        return report, None
    picture, expected = tensors
    try:
        prepared = preprocess(picture, given.axes, given.preprocessing)
        with open_network(report.weights.framework, file) as network:
            outputs = network.forward([np.ascontiguousarray(prepared)])
            device = network.device
        output = outputs[wanted.index]
        if output.ndim != len(wanted.axes):
            return replace(
                report,
                device=device,
                problem=f"the network's output has {output.ndim} axes, but the package describes "
                f"{wanted.axes}; correct the outputs in its rdf.yaml",
            ), None
        finished = postprocess(output, wanted.axes, wanted.postprocessing)
    except (ZooBridgeError, BackendFault) as error:
        return replace(report, problem=str(error)), None
    difference = _difference(finished, expected, tolerance)
    report = replace(report, device=device, difference=difference)
    if difference.within:
        return report, output
    return replace(
        report,
        problem=f"its output differs from the package's test output by up to {difference.absolute:.3g} "
        f"(relatively {difference.relative:.3g}), more than the tolerance allows",
    ), output


def _test_tensors(model: ModelDescription) -> tuple[NDArray[Any], NDArray[Any]] | None:
    if (
        model.output is None
        or len(model.test_outputs) <= model.output.index
        or not model.test_inputs
    ):
        return None
    picture = load_tensor(model.test_inputs[0])
    expected = load_tensor(model.test_outputs[model.output.index])
    return None if picture is None or expected is None else (picture, expected)


def _tolerance(described: Any, output: str, weights_format: str) -> Tolerance:
    for entry in described.config.bioimageio.reproducibility_tolerance:
        for_output = not entry.output_ids or output in map(str, entry.output_ids)
        if for_output and (not entry.weights_formats or weights_format in entry.weights_formats):
            return Tolerance(
                relative=float(entry.relative_tolerance),
                absolute=float(entry.absolute_tolerance),
                mismatches_per_million=float(entry.mismatched_elements_per_million),
            )
    return Tolerance()


def _difference(actual: NDArray[Any], expected: NDArray[Any], tolerance: Tolerance) -> Difference:
    if actual.shape != expected.shape:
        return Difference(float("inf"), float("inf"), within=False)
    ours, theirs = actual.astype(np.float64), expected.astype(np.float64)
    if ours.size == 0:
        return Difference(0.0, 0.0, within=True)
    # Infinities and NaN in the same places agree, and have no difference to speak of.
    alike = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        gap = np.where(alike, 0.0, np.abs(ours - theirs))
        gap = np.where(np.isnan(gap), np.inf, gap)
        relative = np.where(alike, 0.0, gap / (np.abs(theirs) + _RELATIVE_FLOOR))
        allowed = tolerance.absolute + tolerance.relative * np.abs(theirs)
        missed = ~alike & ~(gap <= allowed)
    relative = np.where(np.isnan(relative), np.inf, relative)
    within = float(missed.mean()) * 1e6 <= tolerance.mismatches_per_million
    return Difference(float(gap.max()), float(relative.max()), within=within)
