"""What a model is: packages, labels, integrity, trust, the catalog, and import."""

from zoobridge.zoo._catalog import Catalog
from zoobridge.zoo._choice import choose_weights, weights_obstacle
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
from zoobridge.zoo._trust import TrustStore

__all__ = [
    "Author",
    "Catalog",
    "Citation",
    "LabelSource",
    "ModelDescription",
    "ScoreKind",
    "TrustClass",
    "TrustStore",
    "WeightsDescription",
    "choose_weights",
    "from_json",
    "read_package",
    "to_json",
    "weights_obstacle",
]
