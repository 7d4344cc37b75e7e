"""What the hostile files try, as Python source: write, read, and reach out."""

from pathlib import Path

WRITTEN = "canary"


def source(canary: Path, secret: Path, port: int) -> str:
    """Python source that needs nothing but its own names, and fails in silence."""
    return f"""
import builtins, os, socket
def _write():
    with open({str(canary)!r}, "w") as file:
        file.write({WRITTEN!r})
def _run():
    os.system("touch " + {str(canary)!r})
def _read():
    with open({str(secret)!r}) as file:
        builtins.stolen = file.read()
def _reach():
    socket.create_connection(("127.0.0.1", {port}), 5).close()
for _attempt in (_write, _run, _read, _reach):
    try:
        _attempt()
    except OSError:
        pass
"""
