"""Labelled pictures: data sets, the readers of folders, tables and objects, and label matching."""
