"""Ensembles: several models of the zoo, served as one."""

from zoobridge.training.ensemble._combining import PublishedEnsemble, combine_models
from zoobridge.training.ensemble._graph import RULES, RuleName

__all__ = ["RULES", "PublishedEnsemble", "RuleName", "combine_models"]
