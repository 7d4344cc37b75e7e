"""The Python client.

Start with :func:`connect`; everything else is what its client takes and returns.
"""

from zoobridge.client._async_client import AsyncClient, connect_async
from zoobridge.client._client import Client, connect
from zoobridge.client._images import IMAGE_SUFFIXES, ImageLike, Images
from zoobridge.client._ledger import Progress
from zoobridge.client._models import (
    Author,
    AxisSize,
    Citation,
    Framework,
    LoadedModel,
    Model,
    ModelInput,
    ServerInfo,
    Weights,
)
from zoobridge.client._request import Region
from zoobridge.client._results import (
    ClassScore,
    Conversion,
    ModelIdentity,
    Result,
    Results,
    Timing,
)

__all__ = [
    "IMAGE_SUFFIXES",
    "AsyncClient",
    "Author",
    "AxisSize",
    "Citation",
    "ClassScore",
    "Client",
    "Conversion",
    "Framework",
    "ImageLike",
    "Images",
    "LoadedModel",
    "Model",
    "ModelIdentity",
    "ModelInput",
    "Progress",
    "Region",
    "Result",
    "Results",
    "ServerInfo",
    "Timing",
    "Weights",
    "connect",
    "connect_async",
]
