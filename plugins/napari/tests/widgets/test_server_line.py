"""The server line as a user works it: a server of one's own is started, one with TLS is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from napari.settings import get_settings
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLabel, QWidget

from napari_zoobridge.connection import Address, State
from napari_zoobridge.connection._link import reason
from napari_zoobridge.widgets._target_choice import Target
from zoobridge.client import connect
from zoobridge.errors import ModelInputError, ServerUnavailableError
from zoobridge.protocol.connection import discover

ZOO = Path(__file__).parents[4] / "examples" / "zoo"
TOKEN = "open-sesame-7361"
GREEN = "#30b050"


@pytest.fixture
def nobody_home(monkeypatch, tmp_path):
    """Make sure that no server of the developer's is found, and end the one that a test starts."""
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("ADDRESS", "TOKEN", "CA"):
        monkeypatch.delenv(f"ZOOBRIDGE_{name}", raising=False)
    yield
    if discover():
        subprocess.run([sys.executable, "-m", "zoobridge", "stop"], check=True)
    assert not discover()


@pytest.fixture
def widget(make_napari_viewer, qtbot, nobody_home):
    viewer = make_napari_viewer(show=True)
    _, widget = viewer.window.add_plugin_dock_widget("napari-zoobridge", "Classify")
    qtbot.waitUntil(lambda: "No server is running" in widget.link.sentence, timeout=30_000)
    return widget


@pytest.fixture
def in_dialog(qtbot):
    """Work a modal dialog once it is open; the returned list holds what was worked."""

    def when_open(kind, work):
        done = []

        def look():
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, kind):
                done.append(dialog)
                work(dialog)
            else:
                QTimer.singleShot(20, look)

        QTimer.singleShot(0, look)
        return done

    return when_open


def light(widget):
    return widget.server.light.styleSheet()


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def classify(widget, viewer, qtbot):
    """Classify the sample's shapes; the classes."""
    image, _ = viewer.open_sample("napari-zoobridge", "textures")
    qtbot.waitUntil(lambda: widget.target.image.value is image)
    widget.models.choose("textures")
    widget.target.target.value = Target.SHAPES
    press(qtbot, widget.run_button)
    assert widget.running
    qtbot.waitUntil(lambda: not widget.running, timeout=120_000)
    return [record.label for record in widget.records]


def choose_folder(folder):
    """Type a folder into Qt's dialog and accept it."""

    def work(dialog):
        dialog.setDirectory(str(folder))
        dialog.selectFile(str(folder))
        dialog.accept()

    return work


def test_a_server_is_started_with_a_click_and_goes_on_without_the_widget(
    widget, qtbot, in_dialog, notices
):
    viewer = widget._viewer
    assert widget.server.start.isVisible()

    # Thinking better of it changes nothing.
    asked = in_dialog(QFileDialog, QFileDialog.reject)
    press(qtbot, widget.server.start)
    assert asked
    assert widget.link.state is State.LOST

    asked = in_dialog(QFileDialog, choose_folder(ZOO))
    press(qtbot, widget.server.start)
    assert asked
    assert widget.link.sentence == "starting a server …"
    qtbot.waitUntil(lambda: widget.link.state is State.CONNECTED, timeout=90_000)
    assert GREEN in light(widget)
    assert not widget.server.start.isVisible()
    (started,) = discover()
    assert widget.link.info.address == started.address
    said = classify(widget, viewer, qtbot)
    assert said == ["brick", "brick", "grass", "grass", "gravel", "gravel"]
    assert notices() == []

    # As the button's tooltip says: it continues, for other windows and programs.
    assert "keeps running after napari ends" in widget.server.start.toolTip()
    viewer.window.remove_dock_widget(widget)
    os.kill(started.pid, 0)
    with connect() as client:
        assert client.info().address == started.address


def test_a_server_that_does_not_start_is_told_once(widget, qtbot, in_dialog, notices, tmp_path):
    # The server's log cannot be written where a folder lies.
    (tmp_path / "runtime" / "server.log").mkdir(parents=True)
    in_dialog(QFileDialog, choose_folder(ZOO))
    press(qtbot, widget.server.start)
    qtbot.waitUntil(lambda: len(notices()) == 1, timeout=90_000)
    assert "server.log" in notices()[0]
    qtbot.waitUntil(lambda: widget.link.state is State.LOST, timeout=30_000)
    assert widget.server.start.isEnabled()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Make an authority, a server's certificate of it, and an authority that nobody asked."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "stranger.pem"))
    chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
    (folder / "server.pem").write_bytes(chain)
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    return folder


@pytest.fixture
def guarded(zoobridge_server, certificates):
    """Serve the demo zoo as a lab would: to other machines, encrypted, and with a token."""
    words = ("--host", "0.0.0.0", "--classification-token", TOKEN)
    keys = (
        "--tls-cert",
        str(certificates / "server.pem"),
        "--tls-key",
        str(certificates / "server.key"),
    )
    return zoobridge_server(ZOO, arguments=(*words, *keys))


@pytest.fixture
def fill_in(widget, qtbot, in_dialog):
    """Open the form, fill it in and press OK; wait for what comes of it."""

    def work(address, *, token="", ca="", tls=False):
        def type_all(form):
            for line, text in ((form.address, address), (form.token, token), (form.ca, str(ca))):
                line.clear()
                qtbot.keyClicks(line, text)
            form.tls.setChecked(tls)
            box = form.findChild(QDialogButtonBox)
            press(qtbot, box.button(QDialogButtonBox.StandardButton.Ok))

        asked = in_dialog(type(widget.server.form), type_all)
        press(qtbot, widget.server.choose)
        assert asked
        assert widget.link.state is State.CONNECTING
        qtbot.waitUntil(lambda: widget.link.state is not State.CONNECTING, timeout=60_000)
        # A second look of the widget must not tell the same again.
        widget.link.refresh()
        qtbot.waitUntil(lambda: not widget.link._busy, timeout=60_000)
        return widget.link.state

    return work


def test_an_encrypted_server_with_a_token_is_reached_through_the_form(
    widget, qtbot, fill_in, guarded, certificates, notices
):
    authority = certificates / "authority.pem"
    tries = [
        ({"token": "guess", "ca": authority}, "rejects this token; enter the token"),
        ({"token": "", "ca": authority}, "requires a token; enter the token"),
        (
            {"token": TOKEN, "ca": certificates / "stranger.pem"},
            "The file at “Certificate” does not verify",
        ),
        ({"token": TOKEN, "tls": True}, "The system's certificates do not verify"),
        ({"token": TOKEN}, "select “Encrypt”, or choose its “Certificate”"),
        ({"token": TOKEN, "ca": certificates / "none.pem"}, "annot read the certificate"),
    ]
    for number, (typed, words) in enumerate(tries):
        assert fill_in(guarded.address, **typed) is State.LOST
        assert len(notices()) == number + 1, notices()
        assert words in notices()[number]
        assert notices()[number].lower() == widget.server.text.text().lower()
        assert GREEN not in light(widget)

    assert fill_in(guarded.address, token=TOKEN, ca=authority) is State.CONNECTED
    assert GREEN in light(widget)
    assert len(classify(widget, widget._viewer, qtbot)) == 6
    assert len(notices()) == len(tries)


def test_a_server_without_encryption_is_not_spoken_to_with_it(
    fill_in, served, notices, certificates
):
    assert fill_in(served.address, tls=True) is State.LOST
    assert fill_in(served.address, ca=certificates / "authority.pem") is State.LOST
    first, second = notices()
    assert first == second
    assert "does not use encryption; clear" in first
    assert fill_in(served.address) is State.CONNECTED


def test_a_token_is_shown_and_kept_nowhere(widget, qtbot, fill_in, guarded, certificates, tmp_path):
    viewer = widget._viewer
    fill_in(guarded.address, token=TOKEN, ca=certificates / "stranger.pem")
    fill_in(guarded.address, token=TOKEN, ca=certificates / "authority.pem")
    classify(widget, viewer, qtbot)
    widget.export(tmp_path / "results.csv")
    window = widget.window()
    shown = [one.text() for one in window.findChildren(QLabel)]
    shown += [one.toolTip() for one in window.findChildren(QWidget)]
    shown += [widget.server.form.token.displayText(), widget.server.form.token.toolTip()]
    shown += [str(one.message) for one in notification_manager.records]
    kept = [repr(layer.metadata) + layer.features.to_csv() for layer in viewer.layers[1:]]
    kept += [repr(viewer.layers[0].metadata), (tmp_path / "results.csv").read_text()]
    kept += [get_settings().model_dump_json(), repr(widget.link._address)]
    assert widget.server.form.token.text() == TOKEN
    assert not [text for text in shown + kept if TOKEN in text]


def test_what_the_form_cannot_mend_keeps_its_own_sentence():
    assert reason(ModelInputError("cut it"), Address("lab:1")) == "cut it"
    assert reason(ServerUnavailableError("gone"), Address("lab:1")) == "gone"
