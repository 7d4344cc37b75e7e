"""The measures and the dataset readers as messages of the contract."""

from __future__ import annotations

from zoobridge.evaluation.datasets._readers import readers
from zoobridge.evaluation.measures._measures import MEASURES
from zoobridge.protocol import to_message
from zoobridge.protocol.v1 import evaluation_pb2 as pb

__all__ = ["list_measures", "list_readers"]


def list_measures() -> pb.ListMeasuresResponse:
    """Describe the measures."""
    return pb.ListMeasuresResponse(
        measures=[to_message(one, pb.Measure, applies=one.when) for one in MEASURES]
    )


def list_readers() -> pb.ListDatasetReadersResponse:
    """Describe the dataset readers."""
    return pb.ListDatasetReadersResponse(
        readers=[to_message(one, pb.DatasetReader) for one in readers().values()]
    )
