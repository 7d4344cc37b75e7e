"""The adapters of the frameworks, one module each, behind :mod:`zoobridge.backend`."""
