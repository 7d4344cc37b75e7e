"""How fast ZooBridge is, next to a reference in the same run: ``python -m benchmarks``."""
