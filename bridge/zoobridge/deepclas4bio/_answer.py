"""The document in which a command leaves its answer, and what becomes of it when it fails."""

from __future__ import annotations

import functools
import json
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoobridge.errors import ZooBridgeError
from zoobridge.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ANSWER", "UsageError", "answering"]

#: What plugins read, in the working directory.
ANSWER: Final = "data.json"


class UsageError(Exception):
    """The command was called with other arguments than it takes."""


def answering(
    usage: str,
) -> Callable[[Callable[[list[str]], tuple[dict[str, Any], int]]], Callable[[], None]]:
    """Make a console script of a function from arguments to a document and an exit code.

    The answer of an earlier call is removed before anything else, since plugins ignore exit codes
    and would show it as the new one. The new one appears as a whole or not at all.

    Parameters
    ----------
    usage
        The arguments, to be shown where they are wrong.
    """

    def decorate(
        work: Callable[[list[str]], tuple[dict[str, Any], int]],
    ) -> Callable[[], None]:
        @functools.wraps(work)
        def script() -> None:
            sys.exit(_run(work, usage))

        return script

    return decorate


@contextmanager
def _request_kept(words: list[str], target: Path) -> Iterator[list[str]]:
    """Yield the arguments; a request that lies where the answer goes is read from a copy.

    The authors' Kvasir plugin writes its request to ``./data.json``.
    """
    place = next((n for n, word in enumerate(words) if _is_same(Path(word), target)), None)
    if place is None:
        yield words
        return
    with tempfile.TemporaryDirectory(prefix="zoobridge-") as folder:
        copy = Path(folder) / target.name
        shutil.copyfile(target, copy)
        yield [*words[:place], str(copy), *words[place + 1 :]]


def _is_same(path: Path, target: Path) -> bool:
    return target.is_file() and path.is_file() and path.samefile(target)


def _run(work: Callable[[list[str]], tuple[dict[str, Any], int]], usage: str) -> int:
    name = Path(sys.argv[0]).stem
    # Where a plugin's folder vanishes meanwhile, nothing is to be written elsewhere.
    target = Path.cwd() / ANSWER
    try:
        with _request_kept(sys.argv[1:], target) as words:
            target.unlink(missing_ok=True)
            document, code = work(words)
        # Plain ASCII, since a plugin reads it in whatever encoding its system has.
        write_whole(target, json.dumps(document))
    except UsageError as error:
        return _fail(f"{name}: {error}\nusage: {name} {usage}", 2)
    except ZooBridgeError as error:
        return _fail(f"{name}: {error.message}", 1)
    except ModuleNotFoundError as error:
        return _fail(
            f"{name}: this needs {error.name}, which is not installed; "
            'pip install "zoobridge[deepclas4bio]"',
            1,
        )
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _fail(f"{name}: {error.strerror or error}{where}", 1)
    except KeyboardInterrupt:
        return _fail(f"{name}: stopped", 130)
    return code


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code
