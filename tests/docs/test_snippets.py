"""Every snippet of the README and the documentation runs as it stands.

On each page the ``python`` fences run in order in one program, and the ``sh`` fences line by line,
all beside a served demo zoo, in a folder that holds ``examples``. A snippet that cannot run here
has a comment before it that says why: ``<!-- not run: needs a GPU -->``.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = sorted([PROJECT / "README.md", *PROJECT.glob("docs/**/*.md")])

FENCE = re.compile(
    r"^(?P<skip><!-- not run: .+ -->\n+)?```(?P<language>python|sh)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def snippets(page: Path, language: str) -> list[str]:
    return [
        match["code"]
        for match in FENCE.finditer(page.read_text("utf-8"))
        if match["language"] == language and not match["skip"]
    ]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "examples").symlink_to(PROJECT / "examples")
    return tmp_path


@pytest.fixture
def environment(zoobridge_server, tmp_path):
    server = zoobridge_server(PROJECT / "examples" / "zoo")
    binaries = Path(sys.executable).parent
    return {
        **os.environ,
        **server.environment,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }


def run(command, folder, environment):
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if snippets(page, "python")],
    ids=lambda page: str(page.relative_to(PROJECT)),
)
def test_the_python_of_a_page_runs(page, folder, environment):
    program = folder / "page.py"
    program.write_text("\n".join(snippets(page, "python")), "utf-8")
    run([sys.executable, "-W", "error", program], folder, environment)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if snippets(page, "sh")],
    ids=lambda page: str(page.relative_to(PROJECT)),
)
def test_the_commands_of_a_page_run(page, folder, environment):
    script = "set -euo pipefail\n" + "\n".join(snippets(page, "sh"))
    run(["bash", "-c", script], folder, environment)
