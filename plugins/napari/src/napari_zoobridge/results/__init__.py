"""Results as records, features, colours and layers."""

from napari_zoobridge.results._agreement import ComparedItem, agreement, compare
from napari_zoobridge.results._colors import UNKNOWN, class_colors, label_items_with_text
from napari_zoobridge.results._explanation_layer import show_explanation
from napari_zoobridge.results._features import add_features, column_name
from napari_zoobridge.results._own_words import control_of, in_own_words
from napari_zoobridge.results._present import (
    Look,
    layer_of_results,
    locate,
    made_of,
    present,
    remove_results,
)
from napari_zoobridge.results._records import Record, answered, of_objects, refused, write_csv

__all__ = [
    "UNKNOWN",
    "ComparedItem",
    "Look",
    "Record",
    "add_features",
    "agreement",
    "answered",
    "class_colors",
    "column_name",
    "compare",
    "control_of",
    "in_own_words",
    "label_items_with_text",
    "layer_of_results",
    "locate",
    "made_of",
    "of_objects",
    "present",
    "refused",
    "remove_results",
    "show_explanation",
    "write_csv",
]
