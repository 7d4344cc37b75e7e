"""Hostile files, and what came of loading each of them with and without confinement."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECRET = "the secret of the lab"

LINUX = sys.platform == "linux"
#: Only root can become another user; CI is.
ROOT = LINUX and os.geteuid() == 0

#: Confinement is Linux's alone; elsewhere these formats need trust, which tests/engine covers.
collect_ignore_glob = [
    *([] if LINUX else ["test_*.py"]),
    *([] if ROOT else ["test_other_users_*.py"]),
]


def pytest_terminal_summary(terminalreporter):
    if LINUX and not ROOT:
        terminalreporter.write_line(
            "tests/security/test_other_users_*.py did not run: only root can act as another user "
            "of the machine; run them with sudo"
        )


class Attacked:
    """Runs attacks on one framework, in one process that each victim is forked from."""

    def __init__(self, folder: Path, framework: str, backend: str) -> None:
        self.folder = folder
        self.backend = backend
        self.package = folder / "package"
        self.package.mkdir(parents=True)
        self.secret, self.canary = folder / "secret", folder / "canary"
        self.secret.write_text(SECRET)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        port = str(self.listener.getsockname()[1])
        maker = HERE / "makers" / f"{framework}_attacks.py"
        run(maker, self.package, self.canary, self.secret, port)

    def replies(
        self, attacks: list[dict[str, object]], libraries: tuple[str, ...] = ()
    ) -> dict[str, dict[str, object]]:
        """Make the attacks; those on a bare process share the libraries, imported beforehand."""
        request = {
            "backend": self.backend,
            "package": str(self.package),
            "canary": str(self.canary),
            "listener": self.listener.fileno(),
            "attacks": attacks,
            "libraries": libraries,
        }
        (self.folder / "request.json").write_text(json.dumps(request))
        run(HERE / "attacked.py", self.folder, keep=(self.listener.fileno(),))
        replies = json.loads((self.folder / "reply.json").read_text())
        for name, reply in replies.items():
            assert reply["status"] == 0, name
            reply["read"] = SECRET in (reply["stolen"], decoded(reply["answer"]))
        return replies


def run(program: Path, folder: Path, *arguments: object, keep: tuple[int, ...] = ()) -> None:
    """Run a program on a folder, with the descriptors `keep` open in it."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environment = os.environ | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "ORT_DISABLE_TELEMETRY": "1",
    }
    environment.pop("XDG_CACHE_HOME", None)
    # Its output is shown only where it fails: frameworks are talkative.
    done = subprocess.run(
        [sys.executable, str(program), str(folder), *map(str, arguments)],
        check=False,
        pass_fds=keep,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def decoded(answer: list[float]) -> str:
    return bytes(int(value) for value in answer if 0 <= value < 256).decode(errors="replace")


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory):
    """Make an :class:`Attacked` for a framework."""

    made: list[Attacked] = []

    def make(framework: str, backend: str) -> Attacked:
        folder = tmp_path_factory.mktemp(framework) / "attacked"
        made.append(Attacked(folder, framework, backend))
        return made[-1]

    yield make
    for subject in made:
        subject.listener.close()


@pytest.fixture(scope="session")
def as_another_user():
    """Take steps of ``another_user.py`` as another user; what came of each."""

    def take(*steps):
        program = [sys.executable, str(HERE / "another_user.py")]
        done = subprocess.run(
            program,
            input=json.dumps(steps),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return take


@pytest.fixture(scope="session")
def run_program():
    """Run a program of this folder."""
    return run
