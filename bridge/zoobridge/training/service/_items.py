"""The items of a served project: places in pictures, each kept as a small picture of its own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import InvalidRequestError, LimitError, ServerError
from zoobridge.files import AppendedFile
from zoobridge.training.service._cutting import Cut, cut_items
from zoobridge.training.service._requests import item_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zoobridge.protocol.v1 import training_pb2 as pb

__all__ = ["ItemStore", "StoredItem"]

#: Bytes of pictures of one project.
_MOST_BYTES: Final = 8 << 30
_MOST_ITEMS: Final = 200_000


@dataclass(frozen=True)
class StoredItem:
    """An item as it is kept.

    Parameters
    ----------
    digest
        SHA-256 of its file.
    file
        Name of the file.
    size
        Bytes of it.
    source
        SHA-256 of the picture that it was cut from: its group, unless another is given.
    name
        What the caller calls that picture.
    region_id
        What the caller calls the place.
    region
        ``x,y,width,height`` in that picture; empty for the whole.
    group
        What the caller said must not be divided; empty for the picture.
    """

    digest: str
    file: str
    size: int
    source: str
    name: str = ""
    region_id: str = ""
    region: str = ""
    group: str = ""

    @property
    def shown(self) -> str:
        """The item for people: the picture, and the place in it."""
        name = self.name or self.digest[:12]
        return f"{name} [{self.region}]" if self.region else name

    def to_message(self) -> pb.TrainingItem:
        """Return the item as a message."""
        return item_message(self.digest, self.region, self.name, self.region_id)


class ItemStore:
    """The items of one project, in the order in which they came; on disk before they are returned.

    Parameters
    ----------
    folder
        Of the project.

    Raises
    ------
    InvalidRequestError
        If the folder's list of items is not one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "pictures"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._items: dict[str, StoredItem] = {}
        self.bytes = 0
        path = folder / "items.jsonl"
        self._file = AppendedFile(path, self._read(path) if path.exists() else 0)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[StoredItem]:
        return iter(tuple(self._items.values()))

    def close(self) -> None:
        """Close the list."""
        self._file.close()

    def get(self, digest: str) -> StoredItem:
        """Return an item that was added before.

        Raises
        ------
        InvalidRequestError
            If the project has no such item.
        """
        try:
            return self._items[digest]
        except KeyError:
            raise InvalidRequestError(
                f"the project has no picture {digest[:16]}; send its pixels (image)",
                field="picture",
            ) from None

    def path(self, item: StoredItem) -> Path:
        """Return where an item lies."""
        return self._folder / item.file

    def add(self, request: pb.AnnotateRequest) -> list[StoredItem]:
        """Keep the items of a message, and return them in its order.

        Raises
        ------
        ZooBridgeError
            If the picture cannot be read, a place lies outside it, or the project is full.
        ServerError
            If they cannot be written.
        """
        cuts = cut_items(request)
        found = [
            self._item(cut, item.group or request.group, request.image.name)
            for cut, item in zip(cuts, request.items, strict=True)
        ]
        new = {one.digest: (one, cut) for one, cut in zip(found, cuts, strict=True)}
        new = {digest: pair for digest, pair in new.items() if digest not in self._items}
        size = sum(one.size for one, _ in new.values())
        if self.bytes + size > _MOST_BYTES or len(self._items) + len(new) > _MOST_ITEMS:
            raise LimitError(
                f"a project holds up to {_MOST_ITEMS:,} items and {_MOST_BYTES >> 30} GiB of pictures; "
                "train on these, or begin another project"
            )
        try:
            for one, cut in new.values():
                _write(self._folder / one.file, cut.data)
            lines = (json.dumps(asdict(one), ensure_ascii=False) for one, _ in new.values())
            if new:
                self._file.append(("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise ServerError(
                f"the server cannot keep the picture ({error.strerror or error}); free space on its "
                "disk, and send it again"
            ) from error
        for one, _ in new.values():
            self._take(one)
        # As they were first seen: a second place with the same pixels is the same item.
        return [self._items[one.digest] for one in found]

    def _item(self, cut: Cut, group: str, name: str) -> StoredItem:
        digest = hashlib.sha256(cut.data).hexdigest()
        return StoredItem(
            digest=digest,
            file=f"{digest}{cut.suffix}",
            size=len(cut.data),
            source=cut.source,
            name=name,
            region_id=cut.region_id,
            region=cut.region,
            group=group,
        )

    def _take(self, item: StoredItem) -> None:
        self._items[item.digest] = item
        self.bytes += item.size

    def _read(self, path: Path) -> int:
        good = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    record: dict[str, Any] = json.loads(line)
                    self._take(StoredItem(**record))
                except (ValueError, TypeError) as error:
                    raise InvalidRequestError(
                        f"{path}, line {number} describes no item ({error}); restore the file, or "
                        "begin another project"
                    ) from error
                good += len(line)
        return good


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        return
    scratch = path.with_name(f".{path.name}.new")
    try:
        scratch.write_bytes(data)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
