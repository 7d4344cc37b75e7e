"""Annotations: which picture, or place in one, is of which class, by whom, and chosen how."""

from zoobridge.training.annotations._groups import GroupRule, parse_group_rule
from zoobridge.training.annotations._journal import AnnotationJournal
from zoobridge.training.annotations._reading import Found, read_labelled
from zoobridge.training.annotations._records import (
    Annotation,
    ChosenBy,
    annotator_name,
    file_digest,
    has_changed,
    now,
)

__all__ = [
    "Annotation",
    "AnnotationJournal",
    "ChosenBy",
    "Found",
    "GroupRule",
    "annotator_name",
    "file_digest",
    "has_changed",
    "now",
    "parse_group_rule",
    "read_labelled",
]
