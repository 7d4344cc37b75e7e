"""Running a module of ours as a confined program: ``python -m …_confined_main RIGHTS MODULE``.

The program is confined before it imports what it runs, so that it needs to know nothing of that.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

from zoobridge.confinement import confine, confinement_available

__all__ = ["main"]


def main() -> None:
    """Confine this process, and run the module."""
    rights, module = json.loads(sys.argv[1]), sys.argv[2]
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        memory = rights["memory"] if most == resource.RLIM_INFINITY else min(rights["memory"], most)
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    if confinement_available()[0] != "none":
        confine(
            read=[Path(path) for path in rights["read"]],
            write=[Path(path) for path in rights["write"]],
            accelerators=False,
            connect=rights["connect"],
            programs=True,
        )
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    main()
