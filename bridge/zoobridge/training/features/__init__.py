"""Features: what a served embedding model says of a picture and its eight views."""

from zoobridge.training.features._cache import FeatureCache, feature_key
from zoobridge.training.features._extractor import Extracted, FeatureExtractor, FeatureItem
from zoobridge.training.features._hand_features import HAND_FEATURES, hand_features
from zoobridge.training.features._pictures import changed_error, read_item
from zoobridge.training.features._views import VIEWS, view
from zoobridge.training.features._weights import backbone_parameters

__all__ = [
    "HAND_FEATURES",
    "VIEWS",
    "Extracted",
    "FeatureCache",
    "FeatureExtractor",
    "FeatureItem",
    "backbone_parameters",
    "changed_error",
    "feature_key",
    "hand_features",
    "read_item",
    "view",
]
