"""A real ImageJ on a display of its own, with the plugin's jar, beside a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from screen import PROJECT, ZOO, Display
from zoobridge.imagej import ImageJ, launch

PLUGINS = PROJECT / "plugins"


@pytest.fixture(scope="session")
def jars() -> Path:
    """The folder ``target`` of the plugin, built if need be (``make plugins`` does it beforehand)."""
    target = PLUGINS / "imagej" / "target"
    if not list(target.glob("ZooBridge_*.jar")) or not (target / "oldest-imagej").is_dir():
        subprocess.run(
            ["mvn", "-B", "-ntp", "-q", "-f", PLUGINS / "pom.xml", "-DskipTests", "package"],
            check=True,
        )
    return target


@pytest.fixture(scope="session")
def plugin(jars: Path) -> Path:
    (found,) = jars.glob("ZooBridge_*.jar")
    return found


@pytest.fixture(scope="session")
def ij_jar(jars: Path) -> Path:
    (found,) = (jars / "real-imagej").glob("ij-*.jar")
    return found


@pytest.fixture(scope="session")
def display() -> Iterator[Display]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as announced:
        server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writing),
                "-screen",
                "0",
                "1366x768x24",
                "-nolisten",
                "tcp",
            ],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        name = ":" + announced.readline().strip()
    manager = subprocess.Popen(
        ["openbox"], env=os.environ | {"DISPLAY": name}, stderr=subprocess.DEVNULL
    )
    yield Display(name)
    for process in (manager, server):
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, plugin: Path) -> Path:
    """A folder with ImageJ's plugins and preferences."""
    folder = tmp_path_factory.mktemp("imagej")
    (folder / "plugins").mkdir()
    shutil.copy(plugin, folder / "plugins")
    return folder


@pytest.fixture(scope="session")
def served(zoobridge_server: Callable[..., Any]) -> Any:
    """The demo zoo, served."""
    return zoobridge_server(ZOO)


@pytest.fixture(scope="session")
def zoobridge_program() -> Path:
    """The ``zoobridge`` command of this environment."""
    return Path(sysconfig.get_path("scripts")) / "zoobridge"


@pytest.fixture
def start_imagej(home: Path, ij_jar: Path, display: Display) -> Iterator[Callable[..., ImageJ]]:
    """Start an ImageJ; it is closed at the end of the test."""
    started = []

    def start(runtime: Path | None = None, **settings: Any) -> ImageJ:
        environment = {"DISPLAY": display.name, "ZOOBRIDGE_RUNTIME_DIR": str(runtime or home)}
        imagej = launch(
            settings.pop("imagej", ij_jar),
            plugins=home,
            java_options=[f"-Duser.home={home}", *settings.pop("java_options", ())],
            environment=environment | settings.pop("environment", {}),
        )
        started.append(imagej)
        return imagej

    yield start
    for imagej in started:
        imagej.close()


@pytest.fixture(scope="session")
def shared_imagej(home: Path, ij_jar: Path, display: Display, served: Any) -> Iterator[ImageJ]:
    with launch(
        ij_jar,
        plugins=home,
        java_options=[f"-Duser.home={home}"],
        environment={
            "DISPLAY": display.name,
            "ZOOBRIDGE_RUNTIME_DIR": served.environment["ZOOBRIDGE_RUNTIME_DIR"],
        },
    ) as imagej:
        yield imagej


@pytest.fixture
def imagej(shared_imagej: ImageJ) -> Iterator[ImageJ]:
    """An ImageJ without images, tables and regions; it knows the served zoo."""
    yield shared_imagej
    shared_imagej.macro(
        'if (isOpen("ROI Manager")) { selectWindow("ROI Manager"); run("Close"); }'
        'titles = getList("window.titles");'
        "for (i = 0; i < titles.length; i++) { selectWindow(titles[i]); run('Close'); }"
        'while (nImages > 0) { selectImage(nImages); setOption("Changes", false); close(); }'
    )
