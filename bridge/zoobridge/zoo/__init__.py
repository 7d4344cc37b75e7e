"""What a model is: packages, labels, integrity, trust, the catalog, and import."""

from zoobridge.zoo._add import add_model
from zoobridge.zoo._catalog import Catalog
from zoobridge.zoo._choice import choose_weights, weights_obstacle
from zoobridge.zoo._description import (
    Author,
    Citation,
    LabelSource,
    ModelDescription,
    NoveltyRule,
    PredictionSetRule,
    ScoreKind,
    TrustClass,
    WeightsDescription,
)
from zoobridge.zoo._exports import Export, read_export
from zoobridge.zoo._files import file_sha256
from zoobridge.zoo._identity import is_id, slug
from zoobridge.zoo._json import from_json, to_json
from zoobridge.zoo._label_file import shown_labels
from zoobridge.zoo._layout import StatedLayout
from zoobridge.zoo._library import is_license, newest_format
from zoobridge.zoo._network import OpenNetwork, weights_file
from zoobridge.zoo._new_model import PREPROCESSING, NewModel
from zoobridge.zoo._package import read_document, read_package
from zoobridge.zoo._trust import TrustStore
from zoobridge.zoo._validate import (
    Difference,
    Tolerance,
    ValidationReport,
    WeightsReport,
    validate_package,
)
from zoobridge.zoo._writing import finish_package, new_package, package_folder, plain_name

__all__ = [
    "PREPROCESSING",
    "Author",
    "Catalog",
    "Citation",
    "Difference",
    "Export",
    "LabelSource",
    "ModelDescription",
    "NewModel",
    "NoveltyRule",
    "OpenNetwork",
    "PredictionSetRule",
    "ScoreKind",
    "StatedLayout",
    "Tolerance",
    "TrustClass",
    "TrustStore",
    "ValidationReport",
    "WeightsDescription",
    "WeightsReport",
    "add_model",
    "choose_weights",
    "file_sha256",
    "finish_package",
    "from_json",
    "is_id",
    "is_license",
    "new_package",
    "newest_format",
    "package_folder",
    "plain_name",
    "read_document",
    "read_export",
    "read_package",
    "shown_labels",
    "slug",
    "to_json",
    "validate_package",
    "weights_file",
    "weights_obstacle",
]
