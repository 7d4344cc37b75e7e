"""The Python client.

Start with :func:`connect`; everything else is what its client takes and returns.
"""

from zoobridge.client._async_client import AsyncClient, connect_async
from zoobridge.client._call_state import Progress
from zoobridge.client._client import Client
from zoobridge.client._connect import connect
from zoobridge.client._evaluation import (
    EvaluationProgress,
    EvaluationUpdate,
    evaluation_request,
    evaluation_updates,
)
from zoobridge.client._evaluation_lists import DatasetReader, Measure
from zoobridge.client._evaluation_results import (
    Evaluation,
    EvaluationPair,
    EvaluationRow,
    MeasureValue,
    Omission,
)
from zoobridge.client._folders import (
    IMAGE_SUFFIXES,
    FoundImages,
    LeftOut,
    find_images,
    why_no_image,
)
from zoobridge.client._image_check import ImageCheck
from zoobridge.client._images import ImageLike, Images
from zoobridge.client._log_records import LogRecord
from zoobridge.client._models import (
    Framework,
    LoadedModel,
    Model,
    ModelInput,
    ServerInfo,
    Weights,
)
from zoobridge.client._own_words import PARAMETERS
from zoobridge.client._remote_project import RemoteTrainingProject
from zoobridge.client._request import Region, parse_planes, parse_region
from zoobridge.client._result import (
    ClassScore,
    Conversion,
    ModelIdentity,
    Novelty,
    PredictionSet,
    Result,
    Timing,
)
from zoobridge.client._results import Results
from zoobridge.client._server_statistics import BatchStatistics, ModelStatistics, ServerStatistics
from zoobridge.client._table import columns as table_columns
from zoobridge.client._training import (
    AnnotatedItems,
    AnswerExplanation,
    ClassCount,
    ClassFigures,
    DuplicateItems,
    ItemBox,
    ProjectSummary,
    PublishedModel,
    QuestionedItem,
    SuggestedItem,
    TrainingAnnotation,
    TrainingFigures,
    TrainingItem,
    TrainingReport,
    UndoneAnnotation,
    UnusedItem,
)
from zoobridge.protocol import Author, AxisSize, Citation, check_axes

__all__ = [
    "IMAGE_SUFFIXES",
    "PARAMETERS",
    "AnnotatedItems",
    "AnswerExplanation",
    "AsyncClient",
    "Author",
    "AxisSize",
    "BatchStatistics",
    "Citation",
    "ClassCount",
    "ClassFigures",
    "ClassScore",
    "Client",
    "Conversion",
    "DatasetReader",
    "DuplicateItems",
    "Evaluation",
    "EvaluationPair",
    "EvaluationProgress",
    "EvaluationRow",
    "EvaluationUpdate",
    "FoundImages",
    "Framework",
    "ImageCheck",
    "ImageLike",
    "Images",
    "ItemBox",
    "LeftOut",
    "LoadedModel",
    "LogRecord",
    "Measure",
    "MeasureValue",
    "Model",
    "ModelIdentity",
    "ModelInput",
    "ModelStatistics",
    "Novelty",
    "Omission",
    "PredictionSet",
    "Progress",
    "ProjectSummary",
    "PublishedModel",
    "QuestionedItem",
    "Region",
    "RemoteTrainingProject",
    "Result",
    "Results",
    "ServerInfo",
    "ServerStatistics",
    "SuggestedItem",
    "Timing",
    "TrainingAnnotation",
    "TrainingFigures",
    "TrainingItem",
    "TrainingReport",
    "UndoneAnnotation",
    "UnusedItem",
    "Weights",
    "check_axes",
    "connect",
    "connect_async",
    "evaluation_request",
    "evaluation_updates",
    "find_images",
    "parse_planes",
    "parse_region",
    "table_columns",
    "why_no_image",
]
