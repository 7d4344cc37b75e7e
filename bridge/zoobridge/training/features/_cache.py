"""Features that were computed before, bounded in bytes."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["FeatureCache", "feature_key"]

_BYTES: Final = 2 << 30
_EVERY: Final = 64


def feature_key(model_digest: str, picture_digest: str, region: str) -> str:
    """Return under which name the features of an item are kept."""
    return hashlib.sha256(f"{model_digest} {picture_digest} {region}".encode()).hexdigest()


class FeatureCache:
    """A file of features, from which those go first that were not used for the longest time.

    Several processes may use it at once.

    Parameters
    ----------
    path
        The file, in a folder that exists.
    limit
        Bytes of features that are kept.
    """

    def __init__(self, path: Path, *, limit: int = _BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._added = 0
        self._touched: set[str] = set()
        # Every statement is a transaction: an open one would lock other projects out.
        self._database = sqlite3.connect(
            path, timeout=60, check_same_thread=False, isolation_level=None
        )
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, views INTEGER, "
            "used REAL, data BLOB) WITHOUT ROWID"
        )

    def get(self, key: str, views: int) -> NDArray[np.float32] | None:
        """Return ``(views, dimensions)``, or `None` where they are not kept."""
        with self._lock:
            found = self._database.execute(
                "SELECT views, data FROM features WHERE key = ?", (key,)
            ).fetchone()
            if found is None or found[0] < views:
                return None
            self._touched.add(key)
        kept = np.frombuffer(found[1], np.float16).reshape(found[0], -1)
        return _unit(kept[:views])

    def put(self, key: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keep features ``(views, dimensions)``; return them as :meth:`get` will.

        What is kept has 16 bits a number, so that a fit does not depend on whether its features
        were kept.
        """
        short = features.astype(np.float16)
        with self._lock:
            self._database.execute(
                "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)",
                (key, len(short), time.time(), short.tobytes()),
            )
            self._added += 1
            if self._added % _EVERY == 0:
                self._shrink()
        return _unit(short)

    def close(self) -> None:
        """Note what was used, keep within the limit, and close the file."""
        with self._lock:
            self._shrink()
            self._database.close()

    def _shrink(self) -> None:
        used = time.time()
        for key in self._touched:
            self._database.execute("UPDATE features SET used = ? WHERE key = ?", (used, key))
        self._touched.clear()
        query = "SELECT SUM(LENGTH(data)) FROM features"
        total = self._database.execute(query).fetchone()[0] or 0
        if total <= self._limit:
            return
        for key, size in self._database.execute(
            "SELECT key, LENGTH(data) FROM features ORDER BY used"
        ).fetchall():
            self._database.execute("DELETE FROM features WHERE key = ?", (key,))
            total -= size
            if total <= self._limit:
                return


def _unit(short: NDArray[np.float16]) -> NDArray[np.float32]:
    rows = short.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = rows / np.maximum(lengths, np.float32(1e-12))
    return unit
