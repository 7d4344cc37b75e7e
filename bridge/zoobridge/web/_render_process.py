"""The process that decodes pictures to be shown: ``python -m zoobridge.web._render_process``.

It reads one JSON request a line and answers each with a JSON line, followed by as many bytes as
that states. A file that crashes a decoder ends this process, which its owner starts anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoobridge.errors import ZooBridgeError
from zoobridge.web._planes import PlaneView, describe, plane_of, render

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["main"]

_MEMORY = 6 << 30
_KEPT_BYTES = 512 << 20


class _Planes:
    """The planes that were looked at last."""

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self._kept: OrderedDict[tuple[Any, ...], tuple[NDArray[Any], bool]] = OrderedDict()

    def get(self, path: Path, plane: dict[str, int]) -> tuple[NDArray[Any], bool]:
        key = (str(path), path.stat().st_mtime_ns, *sorted(plane.items()))
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        array, _, colour = plane_of(path, plane, pixels=self._pixels)
        self._kept[key] = array, colour
        while len(self._kept) > 1 and self._bytes() > _KEPT_BYTES:
            self._kept.popitem(last=False)
        return array, colour

    def _bytes(self) -> int:
        return sum(array.nbytes for array, _ in self._kept.values())


def main() -> None:
    """Answer what standard input asks for until it ends."""
    _bound_memory()
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not stand among the answers.
    os.dup2(2, 1)
    kept: _Planes | None = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        kept = kept or _Planes(request["pixels"])
        data = b""
        try:
            head, data = _answer(request, kept)
        except ZooBridgeError as error:
            head = {"error": error.message, "reason": error.reason}
        except (MemoryError, OSError) as error:
            head = {"error": f"the picture cannot be shown: {error}", "reason": "IMAGE_FORMAT"}
        output.write(json.dumps(head | {"bytes": len(data)}).encode() + b"\n")
        output.write(data)
        output.flush()


def _answer(request: dict[str, Any], kept: _Planes) -> tuple[dict[str, Any], bytes]:
    path = Path(request["path"])
    if request["what"] == "describe":
        return asdict(describe(path, pixels=request["pixels"])), b""
    array, colour = kept.get(path, request["plane"])
    height, width = array.shape[:2]
    view = PlaneView(
        plane=request["plane"],
        channel=request["channel"],
        low=request["low"],
        high=request["high"],
        box=tuple(request["box"]) if request["box"] else (0, 0, width, height),
        longest=request["longest"],
    )
    return {}, render(array, colour=colour, view=view)


def _bound_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
