"""What a model is: packages, labels, integrity, trust, the catalog, and import."""

from zoobridge.zoo._description import (
    Author,
    Citation,
    LabelSource,
    ModelDescription,
    ScoreKind,
    TrustClass,
    WeightsDescription,
)

__all__ = [
    "Author",
    "Citation",
    "LabelSource",
    "ModelDescription",
    "ScoreKind",
    "TrustClass",
    "WeightsDescription",
]
