"""The Train widget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit, QProgressBar, QPushButton

from napari_zoobridge.connection import notify
from napari_zoobridge.layers import PlaneAxesError
from napari_zoobridge.results import locate
from napari_zoobridge.targets import EmptyTargetError
from napari_zoobridge.training._calls import SessionCalls
from napari_zoobridge.training._classes import ClassButtons
from napari_zoobridge.training._layout import column_of
from napari_zoobridge.training._session import TrainingSession
from napari_zoobridge.training._tables import FigureTabs, headline
from napari_zoobridge.training._tile import tile_picture
from napari_zoobridge.training._tile_view import TileView
from napari_zoobridge.widgets import DockedWidget, TargetChoice
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    import napari

    from napari_zoobridge.connection import Address
    from napari_zoobridge.training._session import KnownItem
    from zoobridge.client import PublishedModel, TrainingFigures, TrainingItem

__all__ = ["TrainWidget"]

#: After so many labels the model is fitted again.
_EVERY = 5
#: Fewer say nothing.
_LEAST = 4
_HINT = "Name the model, choose what to label, and press “Add these items”."
_GROUPS = [("images", "image"), ("planes of a stack", "plane"), ("nothing (flatters)", "item")]


class TrainWidget(DockedWidget):
    """Labels items of the open images, and trains a model on them.

    Parameters
    ----------
    napari_viewer
        The viewer.
    address
        Which server to use at first; the one of this machine if not given.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer, address: Address | None = None) -> None:
        super().__init__(napari_viewer)
        self._calls = SessionCalls()
        self._since_fit = 0
        self.session: TrainingSession | None = None
        self.current: KnownItem | None = None
        """The item that is shown."""
        self.figures: TrainingFigures | None = None
        """Of the last fit."""

        self.name = QLineEdit()
        self.name.setPlaceholderText("My cells")
        self.target = TargetChoice(napari_viewer)
        self.groups = QComboBox()
        for text, value in _GROUPS:
            self.groups.addItem(text, value)
        self.groups.setToolTip(
            "What is never divided between fitting and testing. Pieces of one image are alike, so "
            "that figures are honest only if all of them are on one side."
        )
        self.add_button = QPushButton("Add these items")
        self.tile = TileView()
        self.tile.show_sentence(_HINT)
        self.place = QLabel()
        self.place.setWordWrap(True)
        self.classes = ClassButtons()
        self.suggest_button = QPushButton("Suggest next")
        self.suggest_button.setToolTip("The item that the model would learn most from")
        self.skip_button = QPushButton("Skip")
        self.undo_button = QPushButton("Undo")
        self.fit_button = QPushButton("Fit now")
        self.bar = QProgressBar()
        self.figure = QLabel()
        self.figure.setWordWrap(True)
        self.tabs = FigureTabs(self._name_of)
        self.author = QLineEdit()
        self.license = QLineEdit()
        self.license.setPlaceholderText("CC-BY-4.0")
        self.publish_button = QPushButton("Publish")

        self._connect()
        self._open(column_of(self), address)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.add_items)
        self.classes.chosen.connect(self.give)
        self.classes.added.connect(self._add_class)
        self.suggest_button.clicked.connect(self.suggest)
        self.skip_button.clicked.connect(self.skip)
        self.undo_button.clicked.connect(self.undo)
        self.fit_button.clicked.connect(self.fit)
        self.publish_button.clicked.connect(self.publish)
        self.tabs.picked.connect(self._on_picked)
        self.name.textEdited.connect(self._forget)
        self.link.changed.connect(self._on_link)
        self._calls.changed.connect(self._on_calls)
        for key in range(1, 10):
            shortcut = QShortcut(QKeySequence(str(key)), self)
            shortcut.activated.connect(partial(self.classes.choose, key))

    # -- what the user does

    @property
    def running(self) -> bool:
        """Whether the server is asked something."""
        return self._calls.running

    def add_items(self) -> None:
        """Send the chosen items to the project, and show the first."""
        name = self.name.text().strip()
        try:
            if not name:
                raise EmptyTargetError("type a name for the model first, such as My cells")
            plan = self.target.plan()
        except (EmptyTargetError, PlaneAxesError, ZooBridgeError) as error:
            notify(error)
            return
        group = str(self.groups.currentData())
        session = self.session

        def work() -> TrainingSession:
            opened = session or TrainingSession.open(self.link.separate(), name)
            try:
                for _ in opened.add(plan, group):
                    pass
            except BaseException:
                if session is None:
                    opened.close()
                raise
            return opened

        def show(opened: TrainingSession) -> None:
            self.session = opened
            self._on_link()
            self._show(self._next())

        def close(opened: TrainingSession) -> None:
            opened.close()

        self._calls.ask("add", work, then=show, late=close)

    def give(self, label: str) -> None:
        """Give a class to the item that is shown, and show the next."""
        session, known = self.session, self.current
        if session is None or known is None:
            self._show_classes()
            return
        following = known.label == ""

        def done(_: Any) -> None:
            self._since_fit += 1
            self._show_classes()
            if self._since_fit >= _EVERY and session.labelled >= _LEAST:
                self.fit()

        # The next item is shown at once; the label is on its way.
        before, known.label = known.label, label

        def failed(error: Exception) -> None:
            known.label = before
            notify(error)

        self._calls.ask("label", lambda: session.label(known, label), then=done, failed=failed)
        self._show(self._next() if following else known)

    def suggest(self) -> None:
        """Show the item whose class would tell most."""
        session = self.session
        if session is None:
            return

        def show(known: KnownItem | None) -> None:
            if known is None:
                show_info("Every item of the open images has a class.")
            else:
                self._show(known)

        self._calls.ask("suggest", session.suggest, then=show)

    def skip(self) -> None:
        """Show another item; this one comes again at the end."""
        if self.session is not None and self.current is not None:
            self.session.skip(self.current)
            self._show(self._next())

    def undo(self) -> None:
        """Take the last label back, and show its item."""
        if self.session is not None:
            self._calls.ask(
                "undo", self.session.undo, then=lambda known: self._show(known or self._next())
            )

    def fit(self) -> None:
        """Fit the model to the labels so far, and show its figure."""
        session = self.session
        if session is None or self._calls.awaits("fit"):
            return
        self._since_fit = 0

        def show(figures: TrainingFigures) -> None:
            self.figures = figures
            self.figure.setText(headline(figures))
            self.tabs.show_figures(figures)

        def failed(error: Exception) -> None:
            # Too few classes or groups yet: said beside the figures, not as an alarm.
            if not isinstance(error, ZooBridgeError):
                notify(error)
            self.figure.setText(f"No figure yet: {error}")

        self._calls.ask("fit", session.project.fit, then=show, failed=failed)

    def publish(self) -> None:
        """Write the model into the server's zoo."""
        session = self.session
        if session is None:
            return
        author = self.author.text().strip()
        license_id = self.license.text().strip()

        def work() -> PublishedModel:
            # Of the labels as they are now.
            session.project.fit()
            return session.project.publish(
                authors=[author] if author else [], license_id=license_id
            )

        def published(model: PublishedModel) -> None:
            self.link.refresh()
            said = f"{model.reference} is in the zoo; choose it in Classify"
            self.figure.setText(said)
            show_info(said)

        self.figure.setText("Writing the package; this takes some ten seconds …")
        self._calls.ask("publish", work, then=published, failed=self._on_failure)

    # -- what happens

    def _begin_anew(self) -> None:
        self._forget()

    def _hang_up(self) -> None:
        super()._hang_up()
        self._end_session()

    def _end_session(self) -> None:
        """Close the project. Touches no widget, since they may be gone."""
        self._calls.drop()
        if self.session is not None:
            self.session.close()
        self.session = self.current = self.figures = None
        self._since_fit = 0

    def _forget(self) -> None:
        """Begin with another project."""
        self._end_session()
        self.figure.setText("")
        self.tabs.clear_figures()
        self._show(None)

    def _on_link(self) -> None:
        """Begin anew with another server."""
        info = self.link.info
        if self.session is not None and info and info.address != self.session.client.address:
            self._forget()

    def _on_calls(self) -> None:
        if not self._life.ended:
            self._show_state()

    def _next(self) -> KnownItem | None:
        return None if self.session is None else self.session.next_item()

    def _add_class(self, label: str) -> None:
        if self.session is None:
            notify(EmptyTargetError("add items first; then name their classes"))
            return
        self.session.classes.setdefault(label, 0)
        self._show_state()

    def _on_picked(self, digest: str) -> None:
        known = None if self.session is None else self.session.items.get(digest)
        if known is None:
            show_info("This item lies in an image that is not open.")
        else:
            self._show(known)

    def _name_of(self, item: TrainingItem) -> str:
        known = None if self.session is None else self.session.items.get(item.picture)
        return known.name if known is not None else item.name

    def _show(self, known: KnownItem | None) -> None:
        self.current = known
        if known is None:
            labelled = self.session is not None and bool(self.session.items)
            self.tile.show_sentence("Every item has a class." if labelled else _HINT)
            self.place.setText("")
        else:
            self.tile.show_picture(tile_picture(known.plan, known.item))
            why = (
                "suggested: the model learns most from it"
                if known.suggested
                else "chosen at random"
            )
            self.place.setText(f"{known.name} ({known.label or why})")
            locate(self._viewer, known.plan, known.item)
        self._show_state()

    def _show_classes(self) -> None:
        known = self.current
        self.classes.show_counts(
            {} if self.session is None else self.session.classes,
            "" if known is None else known.label,
            "" if known is None else known.guess,
        )

    def _show_state(self) -> None:
        self._show_classes()
        session = self.session
        self.bar.setVisible(self.running)
        self.add_button.setEnabled(not self.running)
        # The items belong to the project that had this name when they were sent.
        self.name.setEnabled(not self._calls.awaits("add"))
        for button in (self.suggest_button, self.undo_button, self.fit_button):
            button.setEnabled(session is not None)
        self.skip_button.setEnabled(self.current is not None)
        self.publish_button.setEnabled(session is not None and self.figures is not None)

    def _on_failure(self, error: Exception) -> None:
        self.figure.setText("")
        notify(error)
