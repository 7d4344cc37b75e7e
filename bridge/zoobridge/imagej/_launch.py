"""Starting an ImageJ, or finding one that is open to Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import platformdirs
from py4j.java_gateway import GatewayParameters, JavaGateway, find_jar_path
from py4j.protocol import Py4JError

from zoobridge.imagej._imagej import ImageJ, ImageJError

__all__ = ["attach", "launch"]

#: Environment variable that names ImageJ's folder.
HOME_VARIABLE = "ZOOBRIDGE_IMAGEJ"

_DEBIAN = Path("/usr/share/java/ij.jar")


def launch(
    imagej: str | os.PathLike[str] | None = None,
    *,
    plugins: str | os.PathLike[str] | None = None,
    java: str = "java",
    java_options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> ImageJ:
    """Start an ImageJ with its window and wait until it can be spoken to.

    It ends with the returned object, and with this process at the latest. It needs a display; on
    a machine without one, a virtual one such as Xvfb.

    Parameters
    ----------
    imagej
        ImageJ's or Fiji's folder, or the file ``ij.jar``; `None` for ``$ZOOBRIDGE_IMAGEJ``, else
        the one that Debian installs.
    plugins
        Folder of plugins, or the one that holds it; `None` for the one of `imagej`.
    java
        The Java program.
    java_options
        Further options for it: ``["-Xmx8g"]``.
    environment
        Environment variables to set for it, beside those of this process.
    timeout
        Seconds to wait.

    Raises
    ------
    ImageJError
        If it cannot be found or started.
    """
    home = _home(imagej)
    folder = Path(plugins) if plugins is not None else home if home.is_dir() else home.parent
    program = shutil.which(java)
    if program is None:
        raise ImageJError(f"there is no '{java}' program; install Java 8 or newer")
    command = [
        program,
        *java_options,
        f"-Dplugins.dir={folder}",
        "-classpath",
        os.pathsep.join([find_jar_path(), *_jars(home)]),
        "py4j.GatewayServer",
        # ImageJ ends when this process does, however it ends.
        "--die-on-broken-pipe",
        "--enable-auth",
        "0",
    ]
    handle, name = tempfile.mkstemp(prefix="zoobridge-imagej-", suffix=".log")
    log = Path(name)
    with os.fdopen(handle, "wb") as sink:
        process = subprocess.Popen(
            command,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        port, token = _announcement(process, log, timeout)
        gateway = _connect(port, token)
        gateway.jvm.ij.ImageJ()
    except (ImageJError, Py4JError) as error:
        _end(process, log)
        if isinstance(error, ImageJError):
            raise
        raise ImageJError(f"ImageJ did not start: {error}") from error
    return ImageJ(gateway, lambda: _end(process, log))


def attach(port: int | None = None, token: str | None = None) -> ImageJ:
    """Speak to an ImageJ that runs, after *Plugins > ZooBridge > Open to Python* there.

    Parameters
    ----------
    port, token
        As that command prints them; `None` for the newest ImageJ of this user that is open.

    Raises
    ------
    ImageJError
        If none is open, or the token is wrong.
    """
    if port is None or token is None:
        port, token = _published()
    gateway = _connect(port, token)
    try:
        gateway.jvm.ij.IJ.getVersion()
    except Py4JError as error:
        gateway.close()
        raise ImageJError(
            f"no ImageJ answers on port {port} to this token ({error}); "
            "use Plugins > ZooBridge > Open to Python there"
        ) from error
    return ImageJ(gateway)


def _connect(port: int, token: str) -> JavaGateway:
    return JavaGateway(
        gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True)
    )


def _home(given: str | os.PathLike[str] | None) -> Path:
    """Return ImageJ's folder or jar."""
    named = given or os.environ.get(HOME_VARIABLE)
    home = Path(named) if named else _DEBIAN
    if not home.exists():
        raise ImageJError(
            f"{home} does not contain ImageJ; give the folder of ImageJ or Fiji, or set "
            f"{HOME_VARIABLE}"
        )
    return home.resolve() if named else home


def _jars(home: Path) -> list[str]:
    if home.is_file():
        return [str(home)]
    found = [*sorted(home.glob("ij*.jar")), *sorted(home.glob("jars/**/*.jar"))]
    if not found:
        raise ImageJError(f"{home} contains no ij.jar; give the folder of ImageJ or Fiji")
    return [str(jar) for jar in found]


def _announcement(process: subprocess.Popen[bytes], log: Path, timeout: float) -> tuple[int, str]:
    """Return port and token, which the gateway prints first."""
    limit = time.monotonic() + timeout
    while time.monotonic() < limit:
        lines = log.read_text("utf-8", "replace").splitlines(keepends=True)
        if len(lines) >= 2 and lines[1].endswith("\n") and lines[0].strip().isdigit():
            return int(lines[0]), lines[1].strip()
        if process.poll() is not None:
            raise ImageJError(f"ImageJ did not start: {''.join(lines)[-500:].strip()}")
        time.sleep(0.05)
    raise ImageJError(f"ImageJ was not ready after {timeout:g} s")


def _end(process: subprocess.Popen[bytes], log: Path) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
    log.unlink(missing_ok=True)


def _published() -> tuple[int, str]:
    named = os.environ.get("ZOOBRIDGE_RUNTIME_DIR")
    folder = Path(named) if named else platformdirs.user_runtime_path("zoobridge", appauthor=False)
    files = sorted(folder.glob("imagej-*.json"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise ImageJError(
            "no ImageJ is open to Python; use Plugins > ZooBridge > Open to Python in it, or "
            "launch() one"
        )
    content = json.loads(files[-1].read_text("utf-8"))
    return int(content["port"]), str(content["token"])
