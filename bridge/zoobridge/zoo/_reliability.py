"""What a package says of how far its answers can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoobridge.zoo._description import NoveltyRule, PredictionSetRule, ScoreKind
from zoobridge.zoo._fault import PackageFault
from zoobridge.zoo._files import file_sha256, package_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zoobridge.imaging import OutputSpec
    from zoobridge.zoo._package_config import Novelty, PackageConfig

__all__ = ["reliability"]

_REFERENCE_BYTES = 256 << 20
#: Id of the output that holds class activation maps.
_ACTIVATION = "activation"


def reliability(
    config: PackageConfig,
    output: OutputSpec,
    outputs: Sequence[str],
    kind: ScoreKind | None,
    root: Path,
) -> dict[str, Any]:
    """Return a description's ``activation``, ``calibrated``, ``prediction_set`` and ``novelty``.

    Parameters
    ----------
    config
        What the package says.
    output
        The output with the classes.
    outputs
        Ids of all outputs.
    kind
        What the scores are.
    root
        The package's folder.

    Raises
    ------
    PackageFault
        If the package names what it does not hold, or states a probability of what is none.
    """
    rule = config.prediction_set
    if (config.calibrated or rule is not None) and kind is not ScoreKind.PROBABILITY:
        raise PackageFault(
            "config.zoobridge states calibrated or prediction_set, but the scores are not "
            "probabilities of classes that exclude each other; remove both"
        )
    return {
        "activation": outputs.index(_ACTIVATION) if _ACTIVATION in outputs else None,
        "calibrated": config.calibrated,
        "prediction_set": (
            None if rule is None else PredictionSetRule(rule.coverage, rule.least_score)
        ),
        "novelty": (
            None if config.novelty is None else _novelty(config.novelty, output, outputs, root)
        ),
    }


def _novelty(
    novelty: Novelty, output: OutputSpec, outputs: Sequence[str], root: Path
) -> NoveltyRule:
    if novelty.output not in outputs or novelty.output == output.name:
        others = [name for name in outputs if name != output.name]
        raise PackageFault(
            f"config.zoobridge.novelty.output names {novelty.output!r}; the outputs beside the "
            f"classes are {', '.join(others) or 'none'}"
        )
    path = package_file(root, novelty.reference)
    if path.stat().st_size > _REFERENCE_BYTES:
        raise PackageFault(f"{novelty.reference} is larger than 256 MiB; keep fewer embeddings")
    if file_sha256(path) != novelty.sha256:
        raise PackageFault(
            f"{novelty.reference} is not the file that config.zoobridge.novelty.sha256 names; "
            "get the package again"
        )
    return NoveltyRule(outputs.index(novelty.output), path, novelty.neighbours, novelty.threshold)
