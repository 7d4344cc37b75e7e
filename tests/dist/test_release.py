"""A tag builds what is published, and CI attaches it: `.github/workflows/release.yml` fits the Makefile."""

import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
WORKFLOW = PROJECT / ".github" / "workflows" / "release.yml"
MODULES = ("java-client", "imagej", "icy")
MAVEN = {"m": "http://maven.apache.org/POM/4.0.0"}


def version() -> str:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def steps() -> list[str]:
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    assert workflow[True] == {"push": {"tags": ["v*"]}}
    return [step["run"] for step in workflow["jobs"]["release"]["steps"] if "run" in step]


@pytest.fixture(scope="module")
def recipe() -> str:
    """What `make dist` would run, the plugins taken as built."""
    return subprocess.run(
        ["make", "-n", "-o", "plugins", "dist"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_the_targets_that_it_makes_exist(steps):
    made = re.findall(r"make (?:-s )?([a-z-]+)", "\n".join(steps))
    assert set(made) == {"version", "dist"}
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    for target in made:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_a_tag_must_name_the_version(steps):
    (check,) = [step for step in steps if "GITHUB_REF_NAME" in step and "make" in step]
    for tag, passes in ((f"v{version()}", True), ("v9.9.9", False)):
        done = subprocess.run(
            ["bash", "-euc", check], cwd=PROJECT, env={"PATH": "/usr/bin:/bin", "GITHUB_REF_NAME": tag},
            check=False,
        )  # fmt: skip
        assert (done.returncode == 0) == passes


def test_the_jars_have_the_names_that_maven_gives_them(recipe):
    for module in MODULES:
        pom = ET.parse(PROJECT / "plugins" / module / "pom.xml")
        artifact = pom.findtext("m:artifactId", namespaces=MAVEN)
        assert pom.findtext("m:parent/m:version", namespaces=MAVEN) == version()
        assert f"plugins/{module}/target/{artifact}-{version()}.jar" in recipe


def test_everything_that_is_made_is_attached(steps, recipe):
    (upload,) = [step for step in steps if "gh release" in step]
    assert "dist/*" in upload
    assert f"dist/zoobridge-fiji-update-site-{version()}.zip" in recipe
    assert "sha256sum * > SHA256SUMS" in recipe
