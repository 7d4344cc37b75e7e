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
from zoobridge.zoo._json import from_json, to_json
from zoobridge.zoo._package import read_package

__all__ = [
    "Author",
    "Citation",
    "LabelSource",
    "ModelDescription",
    "ScoreKind",
    "TrustClass",
    "WeightsDescription",
    "from_json",
    "read_package",
    "to_json",
]
