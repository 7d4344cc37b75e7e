"""Classify what is open in napari, where it is open, with any model of a ZooBridge zoo."""

__version__ = "0.1.0"
