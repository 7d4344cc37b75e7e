"""A line that shows the connected server, with a light, and a form to choose another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_zoobridge.connection import Address, ServerLink, State, can_start_server

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AddressForm", "ServerLine"]

_LIGHTS: Mapping[State, str] = {
    State.CONNECTING: "#e0b020",
    State.CONNECTED: "#30b050",
    State.LOST: "#d04040",
}


class AddressForm(QDialog):
    """Asks for a server's address, its token and its certificate.

    Parameters
    ----------
    parent
        The widget that it belongs to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("ZooBridge server")
        self.address = QLineEdit()
        self.address.setPlaceholderText("found automatically; else host:port")
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("none")
        self.ca = QLineEdit()
        self.ca.setPlaceholderText("the system's certificates; else a PEM file")
        self.tls = QCheckBox("Encrypt (always done for servers on other machines)")
        form = QFormLayout(self)
        form.addRow("Address", self.address)
        form.addRow("Token", self.token)
        self.browse = QToolButton()
        self.browse.setText("…")
        self.browse.setToolTip("Look for the file")
        self.browse.clicked.connect(self._browse)
        certificate = QHBoxLayout()
        certificate.addWidget(self.ca, 1)
        certificate.addWidget(self.browse)
        form.addRow("Certificate", certificate)
        form.addRow("", self.tls)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Certificate", self.ca.text(), "Certificates (*.pem *.crt *.cer);;All files (*)"
        )
        if name:
            self.ca.setText(name)

    def value(self) -> Address:
        """Return what was typed."""
        return Address(
            address=self.address.text().strip(),
            token=self.token.text().strip(),
            ca=self.ca.text().strip(),
            tls=True if self.tls.isChecked() else None,
        )


class ServerLine(QWidget):
    """Shows a link's state and lets the user choose another server, or start one.

    Parameters
    ----------
    link
        The connection.
    """

    def __init__(self, link: ServerLink) -> None:
        super().__init__()
        self._link = link
        self.light = QLabel()
        self.light.setFixedSize(12, 12)
        self.text = QLabel()
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.text.setWordWrap(True)
        self.choose = QToolButton()
        self.choose.setText("Server…")
        self.choose.setToolTip("Connect to another server: address, token, certificate")
        self.choose.clicked.connect(self._choose)
        self.start = QToolButton()
        self.start.setText("Start…")
        self.start.clicked.connect(self._start)
        self.form = AddressForm(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.light)
        row.addWidget(self.text, 1)
        row.addWidget(self.start)
        row.addWidget(self.choose)
        link.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        color = _LIGHTS[self._link.state]
        self.light.setStyleSheet(f"background: {color}; border-radius: 6px;")
        self.light.setToolTip(self._link.state.value)
        self.text.setText(self._link.sentence)
        self.text.setToolTip(self._link.sentence)
        startable = can_start_server()
        self.start.setVisible(self._link.state is State.LOST)
        self.start.setEnabled(startable)
        self.start.setToolTip(
            "Start a server on this machine with a folder of models. It keeps running after napari ends; "
            "“zoobridge stop” ends it. If you already run one, that one is used."
            if startable
            else 'No server is installed beside napari: pip install "zoobridge[onnx]"'
        )

    def _choose(self) -> None:
        if self.form.exec():
            self._link.open(self.form.value(), quiet=False)

    def _start(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder with the models (the zoo)")
        if folder:
            self._link.start_local(Path(folder))
