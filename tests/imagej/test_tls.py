"""A lab's server: TLS by a certificate of its own, and a token."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import trustme
from PIL import Image

from screen import PROJECT, RESULTS, ZOO, current_pixels, part, wait_for
from zoobridge.client import Client, connect
from zoobridge.imagej import ImageJError

EXAMPLE = PROJECT / "plugins" / "java-client" / "example" / "Classify.java"
TOKEN = "a-labs-own-token"


@dataclass(frozen=True)
class Lab:
    """A server that asks for TLS and a token, and what its users know of it."""

    address: str
    ca: Path
    client: Client
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def lab(zoobridge_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    chain, key, ca = folder / "lab.crt", folder / "lab.key", folder / "authority of the lab.pem"
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    ca.write_bytes(authority.cert_pem.bytes())
    served = zoobridge_server(
        ZOO,
        arguments=(
            *("--host", "0.0.0.0"),
            *("--tls-cert", str(chain), "--tls-key", str(key)),
            *("--classification-token", TOKEN),
        ),
    )
    with connect(served.address, ca=ca, token=TOKEN) as client:
        yield Lab(served.address, ca, client, served.process)


@pytest.fixture
def elsewhere(tmp_path):
    """A runtime folder without any server, as on another machine."""
    folder = tmp_path / "nobody"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(8).integers(0, 255, (40, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.fixture
def java(plugin, picture, elsewhere, lab):
    """Run the example of the Java client; the arguments are its environment."""

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        named = {"ZOOBRIDGE_ADDRESS": lab.address, "ZOOBRIDGE_RUNTIME_DIR": str(elsewhere)}
        return subprocess.run(
            ["java", "-cp", plugin, EXAMPLE, "digits", picture],
            env=os.environ | named | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_java_client_classifies_over_tls_with_a_token(java, lab, picture, tmp_path):
    done = java(ZOOBRIDGE_CA=str(lab.ca), ZOOBRIDGE_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    (tmp_path / "out.csv").write_text(done.stdout)
    table = pd.read_csv(tmp_path / "out.csv", dtype={"label": str, "label_2": str})
    expected = lab.client.classify("digits", [picture], top_k=2).to_pandas()
    assert list(table["label"]) == list(expected["label"])
    assert list(table["score"]) == list(expected["score"])


def test_the_java_client_says_what_is_wrong_with_token_and_certificate(java, lab, tmp_path):
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(trustme.CA().cert_pem.bytes())
    wrong = [
        ({"ZOOBRIDGE_CA": str(lab.ca), "ZOOBRIDGE_TOKEN": "wrong"}, "needs a token"),
        ({"ZOOBRIDGE_CA": str(lab.ca)}, "needs a token"),
        ({"ZOOBRIDGE_CA": str(stranger), "ZOOBRIDGE_TOKEN": TOKEN}, "is not trusted here"),
        ({"ZOOBRIDGE_TOKEN": TOKEN}, "speaks TLS. Switch TLS on"),
        ({"ZOOBRIDGE_CA": str(tmp_path / "no.pem")}, "no.pem cannot be read"),
        (
            {
                "ZOOBRIDGE_CA": str(lab.ca),
                "ZOOBRIDGE_ADDRESS": lab.address.replace("localhost", "127.0.0.1"),
            },
            "is not made out to",
        ),
    ]
    for variables, sentence in wrong:
        done = java(**variables)
        assert done.returncode == 1
        assert sentence in done.stderr, done.stderr
        assert "Exception" not in done.stderr


def test_a_server_without_tls_is_told_from_one_with_it(java, served, lab):
    done = java(ZOOBRIDGE_ADDRESS=served.address, ZOOBRIDGE_CA=str(lab.ca))
    assert done.returncode == 1
    assert "does not speak TLS" in done.stderr


@pytest.fixture
def own_home(tmp_path):
    """ImageJ keeps its preferences here."""
    folder = tmp_path / "home"
    folder.mkdir()
    return [f"-Duser.home={folder}"]


def test_a_macro_names_the_server_with_certificate_and_token(
    start_imagej, elsewhere, own_home, lab, tmp_path
):
    imagej = start_imagej(elsewhere, java_options=own_home)
    imagej.macro('newImage("a", "8-bit ramp", 32, 32, 1);')
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(trustme.CA().cert_pem.bytes())
    server = f"address={lab.address}"
    for words, sentence in [
        (f"{server} ca=[{stranger}] token={TOKEN}", "is not trusted here"),
        (f"{server} ca=[{lab.ca}] token=wrong", "needs a token"),
        (f"{server} ca=[]", "speaks TLS"),
    ]:
        imagej.run("Servers and models...", words)
        with pytest.raises(ImageJError, match=sentence) as caught:
            imagej.run("Classify...", "model=digits")
        assert "Servers and models…" in caught.value.message
    imagej.macro(
        f'secret = "{TOKEN}";'
        f'run("Servers and models...", "{server} tls=on ca=[{lab.ca}] token=&secret list");'
    )
    assert set(imagej.table("ZooBridge Models")["model"]) >= {"digits", "textures"}
    imagej.run("Classify...", "model=digits top=1")
    table = imagej.table(RESULTS)
    expected = lab.client.classify("digits", current_pixels(imagej), top_k=1)[0]
    assert list(table["label"]) == [expected.label]
    assert np.float32(table["score"][0]) == np.float32(expected.score)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("address=lab", "not a server address"),
        ("address=lab:1 tls=perhaps", "automatic, on or off"),
        ("address=lab:1 ca=[/no/such.pem]", "no readable file"),
        ("address=lab:1 tls=off ca=[/no/such.pem]", "A certificate needs TLS"),
    ],
)
def test_a_server_that_cannot_be_one_is_refused_and_the_old_one_stays(imagej, words, sentence):
    with pytest.raises(ImageJError, match=sentence):
        imagej.run("Servers and models...", words)
    imagej.run("Servers and models...", "list")
    assert "ZooBridge Models" in imagej.tables()


def preference(imagej, name: str) -> str:
    return str(imagej.jvm.ij.Prefs.get(f"zoobridge.{name}", ""))


def test_no_server_is_told_anothers_token(start_imagej, elsewhere, own_home, lab):
    imagej = start_imagej(elsewhere, java_options=own_home)
    server = f"address={lab.address} tls=on ca=[{lab.ca}]"
    imagej.run("Servers and models...", f"{server} token={TOKEN}")
    # What the recorder writes down names no token; the kept one is that server's.
    imagej.run("Servers and models...", f"{server} list")
    assert preference(imagej, "token") == TOKEN
    imagej.run("Servers and models...", "address=localhost:1")
    assert preference(imagej, "token") == ""
    assert preference(imagej, "ca") == ""


def test_the_window_takes_a_server_keeps_it_and_never_records_the_token(
    start_imagej, elsewhere, own_home, lab, display
):
    imagej = start_imagej(elsewhere, java_options=own_home)
    title = "ZooBridge servers and models"
    imagej.jvm.ij.IJ.run("Record...")
    imagej.jvm.ij.IJ.doCommand("Servers and models...")
    wait_for(lambda: display.window(title), "the window")
    (window,) = [
        frame
        for frame in imagej.jvm.java.awt.Frame.getFrames()
        if frame.getTitle() == title and frame.isShowing()
    ]
    wait_for(lambda: "No ZooBridge server" in part(window, "status").getText(), "the sentence")
    assert not part(window, "token").isEnabled()
    part(window, "address").setText(lab.address)
    part(window, "ca").setText(str(lab.ca))
    part(window, "token").setText(TOKEN)
    assert part(window, "token").isEnabled()
    assert part(window, "token").echoCharIsSet()
    part(window, "use").doClick()
    wait_for(lambda: lab.address in part(window, "status").getText(), "the server's address")
    recorder = imagej.jvm.ij.plugin.frame.Recorder.getInstance()
    wait_for(lambda: "address=" in str(recorder.getText()), "the recording")
    text = str(recorder.getText())
    assert TOKEN not in text
    line = re.search(r'run\("Servers and models\.\.\.", "(address=[^"]*)"\);', text)
    assert line, text
    assert line[1] == f"address={lab.address} tls=automatic ca=[{lab.ca}]"
    imagej.run("Servers and models...", f"{line[1]} list")
    assert "digits" in set(imagej.table("ZooBridge Models")["model"])
    imagej.jvm.ij.Prefs.savePreferences()
    imagej.close()
    again = start_imagej(elsewhere, java_options=own_home)
    again.run("Servers and models...", "list")
    assert "digits" in set(again.table("ZooBridge Models")["model"])
