"""Pytest fixtures: a served zoo."""
