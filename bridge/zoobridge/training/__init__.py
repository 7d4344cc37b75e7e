"""A classifier from one's own pictures: annotate, fit, measure, publish.

Needs the extra ``train``: ``pip install "zoobridge[train]"``.
"""

from zoobridge.training._fitted import ClassFigure, Fitted, fit_examples
from zoobridge.training._project import TrainingProject
from zoobridge.training.annotations import (
    Annotation,
    ChosenBy,
    Found,
    GroupRule,
    parse_group_rule,
    read_labelled,
)
from zoobridge.training.fit import Examples, Recipe
from zoobridge.training.package import Published
from zoobridge.training.suggest import Suggestion

__all__ = [
    "Annotation",
    "ChosenBy",
    "ClassFigure",
    "Examples",
    "Fitted",
    "Found",
    "GroupRule",
    "Published",
    "Recipe",
    "Suggestion",
    "TrainingProject",
    "fit_examples",
    "parse_group_rule",
    "read_labelled",
]
