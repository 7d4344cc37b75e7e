"""Asking a model about every item of a data set, resumably, and what that cost."""
