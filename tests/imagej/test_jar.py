"""One jar that clashes with nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from screen import PROJECT
from zoobridge.imagej import launch

OURS = ("org/zoobridge/", "zoobridge/shaded/", "META-INF/", "plugins.config")
EXAMPLE = PROJECT / "plugins" / "java-client" / "example" / "Classify.java"


@pytest.fixture(params=["imagej", "icy"])
def any_jar(request, jars):
    """The jar of each plugin."""
    pattern = {"imagej": "imagej/target/ZooBridge_*.jar", "icy": "icy/target/ZooBridge-Icy-*.jar"}
    (found,) = (PROJECT / "plugins").glob(pattern[request.param])
    return found


def test_the_jar_is_small(any_jar):
    assert any_jar.stat().st_size < 7_000_000


def test_imagej_finds_the_jar_by_its_underscore(plugin):
    assert "_" in plugin.name
    with zipfile.ZipFile(plugin) as jar:
        assert b"Plugins>ZooBridge, " in jar.read("plugins.config")


def test_everything_in_the_jar_is_ours_or_renamed(any_jar):
    with zipfile.ZipFile(any_jar) as jar:
        strangers = [
            name
            for name in jar.namelist()
            if not name.startswith((*OURS, "plugins/zoobridge/"))
            and name not in {"org/", "zoobridge/", "plugins/"}
        ]
    assert strangers == []


def test_classes_run_on_java_8(any_jar):
    with zipfile.ZipFile(any_jar) as jar:
        majors = {
            int.from_bytes(jar.read(name)[6:8], "big")
            for name in jar.namelist()
            if name.endswith(".class")
        }
    assert max(majors) <= 52


def test_service_files_are_renamed_inside_and_out(any_jar):
    with zipfile.ZipFile(any_jar) as jar:
        services = [name for name in jar.namelist() if name.startswith("META-INF/services/")]
        services = [name for name in services if not name.endswith("/")]
        assert services
        for name in services:
            assert name.startswith("META-INF/services/zoobridge.shaded.")
            for line in jar.read(name).decode().split():
                assert line.replace(".", "/") + ".class" in jar.namelist()


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 40), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


def test_the_client_works_beside_wrong_versions_of_its_libraries(any_jar, jars, pictures, served):
    wrong = sorted((jars / "wrong-versions").glob("*.jar"))
    assert {jar.name.split("-")[0] for jar in wrong} >= {"guava", "protobuf", "okio", "grpc"}
    done = subprocess.run(
        ["java", "-cp", os.pathsep.join(map(str, [*wrong, any_jar])), EXAMPLE, "digits", *pictures],
        env=served.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (pictures[0].parent.parent / "out.csv").write_text(done.stdout)
    table = pd.read_csv(pictures[0].parent.parent / "out.csv", dtype={"label": str, "label_2": str})
    expected = served.client.classify("digits", pictures, top_k=2).to_pandas()
    assert list(table["label"]) == list(expected["label"])
    assert list(table["score"]) == list(expected["score"])
    assert list(table["digest"]) == list(expected["digest"])


def test_the_plugin_works_in_an_imagej_full_of_wrong_versions(
    jars, ij_jar, home, display, served, tmp_path
):
    fiji = tmp_path / "Fiji.app"
    (fiji / "jars").mkdir(parents=True)
    for jar in [ij_jar, *(jars / "wrong-versions").glob("*.jar")]:
        shutil.copy(jar, fiji / "jars")
    environment = {"DISPLAY": display.name, **served.environment}
    options = [f"-Duser.home={home}"]
    with launch(fiji, plugins=home, java_options=options, environment=environment) as imagej:
        assert imagej.jvm.java.lang.Class.forName("com.google.protobuf.Message") is not None
        imagej.macro('newImage("a", "8-bit ramp", 32, 32, 1);')
        imagej.run("Classify...", "model=digits top=1")
        assert len(imagej.table("ZooBridge Results")) == 1


def test_the_scijava_command_takes_typed_parameters(
    jars, ij_jar, plugin, home, display, served, tmp_path
):
    fiji = tmp_path / "Fiji.app"
    (fiji / "jars").mkdir(parents=True)
    for jar in [ij_jar, plugin, *(jars / "scijava").glob("*.jar")]:
        shutil.copy(jar, fiji / "jars")
    environment = {"DISPLAY": display.name, **served.environment}
    options = [f"-Duser.home={home}"]
    with launch(
        fiji, plugins=tmp_path / "none", java_options=options, environment=environment
    ) as imagej:
        imagej.macro('newImage("typed", "8-bit ramp", 32, 32, 1);')
        jvm = imagej.jvm
        commands = jvm.org.scijava.Context().getService("org.scijava.command.CommandService")
        inputs = jvm.java.util.HashMap()
        inputs.put("image", jvm.ij.IJ.getImage())
        inputs.put("model", "digits")
        inputs.put("top", 2)
        module = commands.run(
            "org.zoobridge.imagej.ClassifyCommand",
            True,
            inputs,
        ).get()
        table = module.getOutput("results")
        assert table.size() == 1
        assert table.getStringValue("label", 0) == imagej.table("ZooBridge Results")["label"][0]


def test_the_icy_plugin_links_only_to_what_was_looked_up_in_icys_source(jars):
    icy = PROJECT / "plugins" / "icy"
    with zipfile.ZipFile(next(icy.glob("target/ZooBridge-Icy-*.jar"))) as jar:
        names = [
            name.removesuffix(".class").replace("/", ".")
            for name in jar.namelist()
            if name.startswith(("org/zoobridge/icy/", "plugins/zoobridge/"))
            and name.endswith(".class")
        ]
    folders = [icy / "target/classes", icy / "stubs/target/classes"]
    shown = subprocess.run(
        ["javap", "-c", "-p", "-cp", os.pathsep.join(map(str, folders)), *names],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pattern = r"(?:Method|InterfaceMethod|Field) (?:icy|plugins/adufour)/\S+"
    allowed = (icy / "icy-api.txt").read_text("utf-8").splitlines()
    assert sorted(set(re.findall(pattern, shown))) == [
        line for line in allowed if not line.startswith("#")
    ]
