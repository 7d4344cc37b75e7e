"""The measures and the dataset readers as messages of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoobridge.evaluation.datasets._readers import readers
from zoobridge.evaluation.measures._measures import MEASURES
from zoobridge.protocol.v1 import evaluation_pb2 as pb

if TYPE_CHECKING:
    from zoobridge.evaluation.datasets._dataset import DatasetReader
    from zoobridge.evaluation.measures._measures import Measure

__all__ = ["list_measures", "list_readers"]


def list_measures() -> pb.ListMeasuresResponse:
    """Describe the measures."""
    return pb.ListMeasuresResponse(measures=[_measure(one) for one in MEASURES])


def list_readers() -> pb.ListDatasetReadersResponse:
    """Describe the dataset readers."""
    return pb.ListDatasetReadersResponse(readers=[_reader(one) for one in readers().values()])


def _measure(measure: Measure) -> pb.Measure:
    return pb.Measure(
        name=measure.name,
        description=measure.description,
        applies=measure.when,
        better=measure.better,
        group=measure.group,
        best=measure.best,
        unit=measure.unit,
    )


def _reader(reader: DatasetReader) -> pb.DatasetReader:
    return pb.DatasetReader(
        name=reader.name, description=reader.description, options=reader.options
    )
