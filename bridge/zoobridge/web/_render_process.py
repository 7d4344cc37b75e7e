"""The process that decodes pictures to be shown: ``python -m zoobridge.web._render_process FOLDER…``.

It reads one JSON request a line and answers each with a JSON line, followed by as many bytes as
that states. A file that crashes a decoder ends this process, which its owner restarts. Where the
system can confine it, it reads nothing but the folders, writes nothing and connects nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.confinement import confine, confinement_available
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoobridge.imaging import Picture

__all__ = ["main"]

_MEMORY = 6 << 30
_KEPT_BYTES = 256 << 20


class _Pictures:
    """The pictures, and planes of stacks, that were looked at last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[Picture, Mapping[str, int]]] = OrderedDict()

    def get(
        self, path: Path, plane: Mapping[str, int], *, pixels: int, series: int | None
    ) -> tuple[Picture, Mapping[str, int]]:
        """Return what :func:`zoobridge.web._planes.picture_of` does."""
        # The image libraries may start threads: they are imported once this process is confined.
        from zoobridge.web._planes import picture_of

        file = (str(path), path.stat().st_mtime_ns, series)
        indexes = tuple(sorted((letter, index) for letter, index in plane.items() if index))
        for key in ((file, None), (file, indexes)):
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        # Two large pictures together might be more than this process may have.
        while self._kept and self._bytes() > _KEPT_BYTES:
            self._kept.popitem(last=False)
        picture, lengths = picture_of(path, plane, pixels=pixels, series=series)
        self._kept[(file, indexes if lengths else None)] = picture, lengths
        return picture, lengths

    def _bytes(self) -> int:
        return sum(picture.array.nbytes for picture, _ in self._kept.values())


def main() -> None:
    """Answer what standard input asks for until it ends."""
    _bound_memory()
    if confinement_available()[0] != "none":
        # Before a library is imported that starts threads, which would stay free.
        confine(read=[Path(folder) for folder in sys.argv[1:]], write=[], accelerators=False)
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not stand among the answers.
    os.dup2(2, 1)
    kept = _Pictures()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        data = b""
        try:
            head, data = _answer(request, kept)
        except ZooBridgeError as error:
            head = {"error": error.message, "reason": error.reason}
        except OSError as error:
            # Without the path, which is the page's own affair.
            why = error.strerror or error
            head = {"error": f"the picture cannot be shown: {why}", "reason": "IMAGE_FORMAT"}
        except MemoryError:
            why = "it needs more memory than it may take"
            head = {"error": f"the picture cannot be shown: {why}", "reason": "IMAGE_FORMAT"}
        output.write(json.dumps(head | {"bytes": len(data)}).encode() + b"\n")
        output.write(data)
        output.flush()


def _answer(request: dict[str, Any], kept: _Pictures) -> tuple[dict[str, Any], bytes]:
    from zoobridge.web._planes import PlaneView, describe, is_colour, plane_of, render

    path, bounds = Path(request["path"]), {"pixels": request["pixels"], "series": request["series"]}
    if request["what"] == "describe":
        return asdict(describe(*kept.get(path, {}, **bounds))), b""
    picture, lengths = kept.get(path, request["plane"], **bounds)
    # Of a plane that was decoded by itself nothing is chosen any more.
    chosen = {axis: index for axis, index in request["plane"].items() if axis not in lengths}
    plane = plane_of(picture, chosen)
    height, width = plane.shape[:2]
    view = PlaneView(
        channel=request["channel"],
        low=request["low"],
        high=request["high"],
        box=tuple(request["box"]) if request["box"] else (0, 0, width, height),
        longest=request["longest"],
    )
    return {}, render(plane, colour=is_colour(picture), view=view)


def _bound_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
