"""Which of a model's weights to run, and why others cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.errors import BrokenPackageError, FrameworkError, TrustError
from zoobridge.zoo._description import TrustClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.backend import FrameworkFacts
    from zoobridge.zoo._description import ModelDescription, WeightsDescription
    from zoobridge.zoo._trust import TrustStore

__all__ = ["choose_weights", "weights_obstacle"]

_WHAT = {
    TrustClass.PROGRAM: "hold a program that can read and write files",
    TrustClass.CODE: "can run any code on this machine while they load",
}


def weights_obstacle(
    model: ModelDescription,
    weights: WeightsDescription,
    *,
    frameworks: Mapping[str, FrameworkFacts],
    confined: bool,
    trust: TrustStore,
) -> tuple[str, str]:
    """Tell why a set of weights cannot be used here and now.

    Parameters
    ----------
    model, weights
        What is asked about.
    frameworks
        What is known of each framework that a backend exists for.
    confined
        Whether workers are confined on this machine.
    trust
        What the user trusts.

    Returns
    -------
    problem, remedy : str
        A sentence, and the command that fixes it. The problem is empty if the weights can be
        used; the remedy where no command would help.
    """
    if weights.problem:
        return weights.problem, ""
    facts = frameworks.get(weights.framework)
    if facts is None:
        return f"no backend for {weights.framework} is installed", ""
    if facts.problem:
        return facts.problem, facts.remedy
    if not _may_load(weights, confined=confined, trust=trust):
        where = (
            ", and workers cannot be confined on this machine"
            if weights.trust_class is TrustClass.PROGRAM
            else ""
        )
        return (
            f"the {weights.format} weights of {model.reference} {_WHAT[weights.trust_class]}{where}; "
            "they are loaded once you trust the package",
            f"zoobridge trust {model.reference}",
        )
    return "", ""


def choose_weights(
    model: ModelDescription,
    framework: str = "",
    *,
    frameworks: Mapping[str, FrameworkFacts],
    confined: bool,
    trust: TrustStore,
) -> WeightsDescription:
    """Choose the weights to run: the fastest safe ones that this machine can load.

    Parameters
    ----------
    model
        The model.
    framework
        The framework that the user asked for; empty for any.
    frameworks
        What is known of each framework that a backend exists for.
    confined
        Whether workers are confined on this machine.
    trust
        What the user trusts.

    Raises
    ------
    BrokenPackageError
        If the package, or all of the weights in question, cannot be used anywhere.
    FrameworkError
        If the package has no weights for the framework, or it is not installed.
    TrustError
        If the weights need the user's trust.
    """
    if model.problem:
        raise BrokenPackageError(
            f"model {model.reference} cannot be used: {model.problem}",
            metadata={"model": model.reference},
        )
    candidates = [one for one in model.weights if framework in ("", one.framework)]
    if not candidates:
        offered = ", ".join(dict.fromkeys(one.framework for one in model.weights))
        hint = "" if framework in frameworks else f"; known are: {', '.join(sorted(frameworks))}"
        raise FrameworkError(
            f"model {model.reference} has no weights for {framework}; use one of: {offered}{hint}",
            field="framework",
            metadata={"model": model.reference, "framework": framework},
        )
    obstacles = [
        (one, *weights_obstacle(model, one, frameworks=frameworks, confined=confined, trust=trust))
        for one in candidates
    ]
    for weights, problem, _ in obstacles:
        if not problem:
            return weights
    # Trust is the smallest step, a framework to install the next, a broken file the last.
    weights, problem, remedy = min(obstacles, key=lambda entry: _effort(entry[0], entry[2]))
    sentence = f"{problem} (run: {remedy})" if remedy else problem
    metadata = {"model": model.reference, "framework": weights.framework, "remedy": remedy}
    if weights.problem:
        raise BrokenPackageError(
            f"model {model.reference} cannot be used with {weights.framework}: {sentence}",
            metadata=metadata,
        )
    if _effort(weights, remedy) == 0:
        raise TrustError(sentence, metadata=metadata)
    raise FrameworkError(
        f"model {model.reference} needs {weights.framework}: {sentence}",
        field="framework" if framework else "",
        metadata=metadata,
    )


def _may_load(weights: WeightsDescription, *, confined: bool, trust: TrustStore) -> bool:
    if weights.trust_class is TrustClass.DATA:
        return True
    if weights.trust_class is TrustClass.PROGRAM and confined:
        return True
    return trust.trusts(weights.digest)


def _effort(weights: WeightsDescription, remedy: str) -> int:
    if weights.problem:
        return 3
    if remedy.startswith("zoobridge trust"):
        return 0
    return 1 if remedy else 2
