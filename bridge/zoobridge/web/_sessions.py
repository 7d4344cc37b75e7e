"""Visitors: who they have proved to be, and the pictures that they left."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from zoobridge.errors import ImageFormatError, LimitError, OverloadedError

if TYPE_CHECKING:
    from pathlib import Path

    from zoobridge.web._config import Uploads

__all__ = ["Session", "Sessions", "UploadedPicture", "VisitorRole"]


class VisitorRole(IntEnum):
    """What a visitor may do; each may do what the one before may."""

    VISITOR = 1
    MANAGER = 2


@dataclass(frozen=True)
class UploadedPicture:
    """A picture that a visitor left.

    Parameters
    ----------
    id
        Unguessable.
    name
        The file's name as the visitor has it; shown, never opened.
    path
        Where its bytes lie.
    size
        Number of bytes.
    label
        The class that it belongs to, where the visitor says so.
    """

    id: str
    name: str
    path: Path
    size: int
    label: str = ""


@dataclass(eq=False)
class Session:
    """One visitor.

    Parameters
    ----------
    id
        The cookie's value.
    folder
        Private folder of the visitor's pictures; removed with the session.
    role
        What the visitor may do.
    token
        The managing token that the visitor gave; empty to use the page's own.
    """

    id: str
    folder: Path
    role: VisitorRole = VisitorRole.VISITOR
    token: str = field(default="", repr=False)
    pictures: dict[str, UploadedPicture] = field(default_factory=dict)
    runs: dict[str, Any] = field(default_factory=dict)
    last_used: float = field(default_factory=time.monotonic)
    busy: int = 0
    # A visitor's pictures are decoded one by one, so that they do not hold up others'.
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)
    # What it took so far; whoever took little comes first.
    decoded_seconds: float = 0.0

    @property
    def bytes(self) -> int:
        """Size of the pictures."""
        return sum(picture.size for picture in self.pictures.values())

    def picture(self, number: str) -> UploadedPicture:
        """Return a picture by its id: one that the visitor left, or a mistake of a comparison.

        Raises
        ------
        ImageFormatError
            If this visitor has no such picture.
        """
        known: list[dict[str, UploadedPicture]] = [self.pictures]
        known += [run.pictures for run in self.runs.values()]
        for pictures in known:
            if number in pictures:
                return pictures[number]
        raise ImageFormatError(
            "this picture is no longer here; drop it on the page again", field="picture"
        )

    def remove(self, number: str) -> None:
        """Remove a picture; nothing happens if it is gone."""
        picture = self.pictures.pop(number, None)
        if picture is not None and picture.path.parent == self.folder:
            picture.path.unlink(missing_ok=True)

    def end(self) -> None:
        """Cancel what is under way and remove everything."""
        for run in self.runs.values():
            run.cancel()
        self.runs.clear()
        self.pictures.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


class Sessions:
    """All visitors.

    Parameters
    ----------
    folder
        Private folder in which each session has one of its own.
    limits
        What visitors may leave.
    """

    def __init__(self, folder: Path, limits: Uploads) -> None:
        self._folder = folder
        self._limits = limits
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def active_runs(self) -> int:
        """Comparisons that are under way."""
        return sum(run.active for one in self._sessions.values() for run in one.runs.values())

    def find(self, number: str) -> Session | None:
        """Return the session of a cookie, and note that it was used."""
        session = self._sessions.get(number)
        if session is not None:
            session.last_used = time.monotonic()
        return session

    def create(self, role: VisitorRole, token: str = "") -> Session:
        """Begin a session.

        Raises
        ------
        OverloadedError
            If there are too many visitors, all of whom left pictures.
        """
        self.expire()
        if len(self._sessions) >= self._limits.visitors:
            idle = [one for one in self._sessions.values() if not one.pictures and not one.busy]
            if not idle:
                raise OverloadedError("too many visitors are on this page; try again later")
            self.remove(min(idle, key=lambda one: one.last_used))
        number = secrets.token_urlsafe(32)
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        session = Session(number, folder, role, token)
        self._sessions[number] = session
        return session

    def promote(self, session: Session, role: VisitorRole, token: str) -> Session:
        """Give a visitor what a token proves, under a new id."""
        self._sessions.pop(session.id, None)
        session.id = secrets.token_urlsafe(32)
        session.role, session.token = role, token
        self._sessions[session.id] = session
        return session

    def remove(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.id, None)
        session.end()

    def expire(self) -> None:
        """End the sessions that were idle for too long."""
        limit = time.monotonic() - self._limits.idle_seconds
        for session in list(self._sessions.values()):
            if session.last_used < limit and not session.busy:
                self.remove(session)

    def close(self) -> None:
        """End all."""
        for session in list(self._sessions.values()):
            self.remove(session)

    def room(self, session: Session, size: int = 0) -> int:
        """Return how many bytes the next picture may have.

        Raises
        ------
        LimitError
            If it may not have `size`, or there is no room for another picture.
        """
        limits = self._limits
        if len(session.pictures) >= limits.visitor_pictures:
            raise LimitError(
                f"a visitor may leave {limits.visitor_pictures} pictures; remove some first",
                field="picture",
            )
        total = sum(one.bytes for one in self._sessions.values())
        left = min(
            limits.picture_bytes, limits.visitor_bytes - session.bytes, limits.total_bytes - total
        )
        if size > left or left <= 0:
            raise LimitError(
                f"the picture is too large: there is room for {max(left, 0) >> 20} MiB "
                f"(a picture may have {limits.picture_bytes >> 20} MiB); remove some first",
                field="picture",
            )
        return left
