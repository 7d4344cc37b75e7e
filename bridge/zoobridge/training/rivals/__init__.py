"""Rivals of the default head: another linear head, forests, and features made by hand."""

from zoobridge.training.rivals._choosing import RIVALS, Rival, choose_head, unwritten

__all__ = ["RIVALS", "Rival", "choose_head", "unwritten"]
