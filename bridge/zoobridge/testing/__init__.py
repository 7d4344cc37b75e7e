"""What developers of backends and clients test with."""

from zoobridge.testing._conformance import (
    BackendConformance,
    BackendSample,
    run_backend_conformance,
)

__all__ = ["BackendConformance", "BackendSample", "run_backend_conformance"]
