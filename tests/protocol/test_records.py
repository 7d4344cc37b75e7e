"""A field that a record or its message gains is mapped, or this fails."""

from dataclasses import dataclass, fields

import pytest

from zoobridge import client
from zoobridge.protocol import AxisSize, ClientHints, Limits, from_message, sent_as, to_message
from zoobridge.protocol.v1 import (
    evaluation_pb2,
    image_pb2,
    model_pb2,
    prediction_pb2,
    training_pb2,
    zoo_pb2,
)

#: Each record with the messages that it is read from, and what is not read by name.
RECORDS = [
    (client.Author, [model_pb2.Author], set()),
    (client.AxisSize, [model_pb2.AxisSize], set()),
    (client.BatchStatistics, [zoo_pb2.BatchStatistics], set()),
    (client.Citation, [model_pb2.Citation], set()),
    (client.Conversion, [prediction_pb2.Conversion], set()),
    (client.DatasetReader, [evaluation_pb2.DatasetReader], set()),
    (client.Evaluation, [evaluation_pb2.EvaluationResult], {"rows", "table"}),
    (client.EvaluationPair, [evaluation_pb2.EvaluationPair], set()),
    (client.EvaluationProgress, [evaluation_pb2.EvaluationProgress], set()),
    (client.EvaluationRow, [evaluation_pb2.EvaluationRow], set()),
    (client.Framework, [model_pb2.Framework], set()),
    (client.LoadedModel, [model_pb2.LoadedModel], set()),
    (client.Measure, [evaluation_pb2.Measure], set()),
    (client.MeasureValue, [evaluation_pb2.MeasureValue], set()),
    (client.Model, [model_pb2.Model, model_pb2.ModelDetails], set()),
    (client.ModelIdentity, [prediction_pb2.ModelIdentity], set()),
    (client.ModelInput, [model_pb2.ModelInput], set()),
    (client.ModelStatistics, [zoo_pb2.ModelStatistics], set()),
    (client.Novelty, [prediction_pb2.Novelty], set()),
    (client.Omission, [evaluation_pb2.Omission], set()),
    (client.PredictionSet, [prediction_pb2.PredictionSet], set()),
    (client.ServerInfo, [zoo_pb2.GetServerInfoResponse], {"address"}),
    (client.ServerStatistics, [zoo_pb2.GetStatisticsResponse], set()),
    (client.Timing, [prediction_pb2.Timing], set()),
    (client.ItemBox, [image_pb2.Box], set()),
    (client.AnnotatedItems, [training_pb2.Annotated], set()),
    (client.ClassCount, [training_pb2.ClassCount], set()),
    (client.ClassFigures, [training_pb2.ClassFigures], set()),
    (client.DuplicateItems, [training_pb2.DuplicateItems], set()),
    (client.ProjectSummary, [training_pb2.ProjectSummary], set()),
    (client.PublishedModel, [training_pb2.PublishedModel], set()),
    (client.QuestionedItem, [training_pb2.QuestionedItem], set()),
    (client.SuggestedItem, [training_pb2.SuggestedItem], set()),
    (client.TrainingAnnotation, [training_pb2.TrainingAnnotation], set()),
    (client.TrainingFigures, [training_pb2.TrainingFigures], set()),
    (client.TrainingItem, [training_pb2.TrainingItem], set()),
    (client.TrainingReport, [training_pb2.GetTrainingReportResponse], set()),
    (client.UnusedItem, [training_pb2.UnusedItem], set()),
    (client.Weights, [model_pb2.Weights], set()),
    (ClientHints, [zoo_pb2.ClientHints], set()),
    (Limits, [zoo_pb2.Limits], set()),
]


@pytest.mark.parametrize(
    ("kind", "messages", "apart"), RECORDS, ids=[kind.__name__ for kind, _, _ in RECORDS]
)
def test_a_record_has_every_field_of_its_message_and_no_other(kind, messages, apart):
    own = {one.metadata.get("sent_as", one.name) for one in fields(kind)}
    sent = {field.name for message in messages for field in message.DESCRIPTOR.fields}
    assert own - apart == sent - apart


def test_what_is_optional_repeated_nested_or_a_word_is_read_as_such():
    message = model_pb2.Model(
        id="digits",
        labels=["0", "1"],
        score_kind=prediction_pb2.SCORE_KIND_LOGIT,
        weights=[{"format": "onnx", "trust_class": model_pb2.TRUST_CLASS_DATA}],
        input={"axes": "YX", "sizes": {"Y": {"min": 4, "step": 2}, "X": {"min": 3}}},
    )
    details = model_pb2.ModelDetails(authors=[{"name": "Ada"}])
    model = from_message(client.Model, message, details)
    assert model.labels == ("0", "1")
    assert model.score_kind == "logit"
    assert model.weights == (client.Weights("onnx", "", trust_class="data"),)
    assert list(model.input.sizes.items()) == [("X", AxisSize(3)), ("Y", AxisSize(4, 2))]
    assert model.input.intensity_range is None
    assert model.authors == (client.Author("Ada"),)
    assert from_message(client.Model, model_pb2.Model(id="broken")).input is None


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (Limits(items=3), zoo_pb2.Limits),
        (client.Weights("onnx", "onnx", trust_class="code"), model_pb2.Weights),
        (
            client.ModelInput("YX", "uint8", {"Y": AxisSize(4)}, intensity_low=0.0),
            model_pb2.ModelInput,
        ),
        (client.Measure("f1", best=1.0), evaluation_pb2.Measure),
    ],
)
def test_a_record_survives_its_message(record, kind):
    assert from_message(type(record), to_message(record, kind)) == record


def test_a_field_that_nothing_fills_is_an_error():
    @dataclass(frozen=True)
    class Short:
        min: int = sent_as("min", default=1)

    with pytest.raises(AttributeError, match="step"):
        to_message(Short(), model_pb2.AxisSize)
    assert to_message(Short(), model_pb2.AxisSize, step=2).step == 2
