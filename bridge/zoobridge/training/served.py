"""The server that computes features and serves the model, and the folder of its zoo."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoobridge.client import connect
from zoobridge.errors import InvalidRequestError, ServerError, UnknownModelError
from zoobridge.training.features import FeatureCache, FeatureExtractor, backbone_parameters
from zoobridge.training.package import EMBEDDER, write_embedder

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from zoobridge.client import Client

__all__ = ["TrainingZoo"]

_LISTED_SECONDS: Final = 30.0


class TrainingZoo:
    """A server and its zoo.

    Parameters
    ----------
    client
        Connected to the server; `None` to connect to the user's own when it is needed.
    zoo
        The zoo's folder on this machine; `None` for the server's first.
    """

    def __init__(self, client: Client | None, zoo: Path | None) -> None:
        self._own_client = client is None
        self._client = client
        self._zoo = zoo
        self._cache: FeatureCache | None = None
        self._extractor: FeatureExtractor | None = None

    def close(self) -> None:
        """Close the cache of features, and the connection if it was made here."""
        if self._cache is not None:
            self._cache.close()
            self._cache = self._extractor = None
        if self._own_client and self._client is not None:
            self._client.close()
            self._client = None

    @property
    def client(self) -> Client:
        """Connected to the server.

        Raises
        ------
        ServerUnavailableError
            If no server runs.
        """
        if self._client is None:
            self._client = connect()
        return self._client

    @property
    def folder(self) -> Path:
        """The zoo's folder.

        Raises
        ------
        InvalidRequestError
            If it is not on this machine.
        """
        if self._zoo is None:
            folders = [Path(one) for one in self.client.info().zoo_folders]
            self._zoo = next((one for one in folders if one.is_dir()), None)
        if self._zoo is None:
            raise InvalidRequestError(
                "the server's zoo is not on this machine; name its folder (--zoo), or serve a zoo "
                "here: zoobridge serve path/to/zoo"
            )
        return self._zoo

    @property
    def features(self) -> FeatureExtractor:
        """Gives features; the embedding model is written into the zoo if it is not there."""
        if self._extractor is None:
            folder = _cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            if not self._lists(EMBEDDER):
                write_embedder(self.folder, self.backbone())
                self.wait_for(EMBEDDER)
            self._cache = FeatureCache(folder / "features.sqlite")
            self._extractor = FeatureExtractor(self.client, EMBEDDER, self._cache)
        return self._extractor

    def backbone(self) -> dict[str, NDArray[float32]]:
        """Return the backbone's parameters."""
        return backbone_parameters(_cache_folder())

    def wait_for(self, reference: str) -> None:
        """Return when the server lists a model.

        Raises
        ------
        ServerError
            If it does not within half a minute.
        """
        limit = time.monotonic() + _LISTED_SECONDS
        while not self._lists(reference):
            if time.monotonic() > limit:
                raise ServerError(
                    f"{reference} lies in {self.folder}, but the server does not list it; does it "
                    "serve that folder?"
                )
            time.sleep(0.1)

    def _lists(self, reference: str) -> bool:
        try:
            return not self.client.model(reference).problem
        except UnknownModelError:
            return False


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("zoobridge", appauthor=False) / "training"
