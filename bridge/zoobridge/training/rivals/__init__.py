"""Rivals of the default: other heads and features, and fewer copies of the training pictures."""

from zoobridge.training.rivals._choosing import RIVALS, Rival, choose_head, unwritten
from zoobridge.training.rivals._copies import choose_copies

__all__ = ["RIVALS", "Rival", "choose_copies", "choose_head", "unwritten"]
