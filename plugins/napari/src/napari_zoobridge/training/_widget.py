"""The Train widget."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info
from qtpy.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton

from napari_zoobridge.connection import in_background, notify
from napari_zoobridge.layers import PlaneAxesError
from napari_zoobridge.results import in_own_words, locate
from napari_zoobridge.runs import StoppedError
from napari_zoobridge.targets import EmptyTargetError
from napari_zoobridge.training._calls import SessionCalls
from napari_zoobridge.training._classes import ClassButtons
from napari_zoobridge.training._group_choice import GroupChoice
from napari_zoobridge.training._layout import column_of
from napari_zoobridge.training._progress_row import ProgressRow
from napari_zoobridge.training._project_name import ProjectName
from napari_zoobridge.training._session import TrainingSession
from napari_zoobridge.training._tables import FigureTabs, headline
from napari_zoobridge.training._tile import tile_picture
from napari_zoobridge.training._tile_view import TileView
from napari_zoobridge.widgets import DockedWidget, TargetChoice
from zoobridge.errors import ZooBridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import napari

    from napari_zoobridge.connection import Address
    from napari_zoobridge.training._calls import OnStep
    from napari_zoobridge.training._session import KnownItem
    from zoobridge.client import PublishedModel, TrainingFigures, TrainingItem

__all__ = ["TrainWidget"]

#: After so many labels the model is fitted again.
_EVERY = 5
#: Fewer say nothing.
_LEAST = 4
_HINT = "Name the model, choose what to label, and press “Add these items”."


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

        self.name = ProjectName()
        self.target = TargetChoice(napari_viewer)
        self.groups = GroupChoice()
        self.add_button = QPushButton("Add these items")
        self.tile = TileView()
        self.tile.show_sentence(_HINT)
        self.place = QLabel()
        self.place.setWordWrap(True)
        self.counted = QLabel()
        self.classes = ClassButtons()
        self.suggest_button = QPushButton("Suggest next")
        self.suggest_button.setToolTip("The item that the model would learn most from")
        self.skip_button = QPushButton("Skip")
        self.undo_button = QPushButton("Undo")
        self.fit_button = QPushButton("Fit now")
        self.progress = ProgressRow()
        self.figure = QLabel()
        self.figure.setWordWrap(True)
        self.tabs = FigureTabs(self._name_of)
        self.author = QLineEdit()
        self.license = QLineEdit()
        self.license.setPlaceholderText("CC-BY-4.0")
        self.publish_button = QPushButton("Publish")
        self.report_button = QPushButton("Save report…")
        self.report_button.setToolTip("Write the report of the last fit, and the labels as a table")

        self._connect()
        self._open(column_of(self), address)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.add_items)
        self.classes.chosen.connect(self.give)
        self.classes.added.connect(self._add_class)
        self.classes.renamed.connect(self.rename_class)
        self.suggest_button.clicked.connect(self.suggest)
        self.skip_button.clicked.connect(self.skip)
        self.undo_button.clicked.connect(self.undo)
        self.fit_button.clicked.connect(self.fit)
        self.publish_button.clicked.connect(self.publish)
        self.tabs.picked.connect(self._on_picked)
        self.report_button.clicked.connect(self._ask_and_save)
        self.progress.cancel_button.clicked.connect(self._calls.stop)
        self.name.edited.connect(self._forget)
        self.link.changed.connect(self._on_link)
        self._calls.changed.connect(self._on_calls)
        self._calls.advanced.connect(self.progress.advance)

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
        group = self.groups.rule
        session = self.session

        def work(on_step: OnStep) -> TrainingSession:
            opened = session or TrainingSession.open(self.link.separate(), name)
            with ExitStack() as stack:
                if session is None:
                    stack.callback(opened.close)
                # Where the user stops it, what was sent is in the project.
                with suppress(StoppedError):
                    for done, total in opened.add(plan, group):
                        on_step("items", done, total)
                stack.pop_all()
            return opened

        def show(opened: TrainingSession) -> None:
            self.session = opened
            self._on_link()
            self._show(self._next())

        def close(opened: TrainingSession) -> None:
            opened.close()

        self._calls.ask_long("add", work, then=show, late=close)

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
        """Show the item whose class the model would learn most from."""
        session = self.session
        if session is None:
            return

        def show(known: KnownItem | None) -> None:
            if known is None:
                show_info("Every item of the open images has a class.")
            else:
                self._show(known)

        self._calls.ask_long("suggest", session.suggest, then=show)

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

        def failed(error: Exception) -> None:
            # Too few classes or groups yet: said beside the figures, not as an alarm.
            if isinstance(error, ZooBridgeError):
                self.figure.setText(f"No figure yet: {in_own_words(error)}")
            else:
                self._on_failure(error)

        self._calls.ask_long(
            "fit",
            lambda on_step: session.project.fit(on_step=on_step),
            then=self._show_figures,
            failed=failed,
        )

    def publish(self) -> None:
        """Write the model into the server's zoo."""
        session = self.session
        if session is None:
            return
        author = self.author.text().strip()
        license_id = self.license.text().strip()

        def work(on_step: OnStep) -> tuple[TrainingFigures, PublishedModel]:
            # Of the labels as they are now.
            figures = session.project.fit(on_step=on_step)
            return figures, session.project.publish(
                authors=[author] if author else [], license_id=license_id, on_step=on_step
            )

        def published(answer: tuple[TrainingFigures, PublishedModel]) -> None:
            figures, model = answer
            self.link.refresh()
            self._show_figures(figures)
            said = f"{model.reference} is in the zoo; choose it in Classify"
            self.figure.setText(f"{said}. {headline(figures)}")
            show_info(said)

        self._calls.ask_long("publish", work, then=published, failed=self._on_failure)

    def save_report(self, folder: Path) -> None:
        """Write the report of the last fit into a folder, in the background."""
        session = self.session
        if session is None:
            return

        def saved(_: Any) -> None:
            show_info(f"Wrote report.html, report.json and annotations.csv to {folder}")

        self._calls.ask("report", lambda: session.project.report(folder), then=saved)

    def rename_class(self, old: str, new: str) -> None:
        """Give a class another name, or join it with the class of that name."""
        session = self.session
        if session is not None:
            self._calls.ask(
                "rename",
                lambda: session.rename(old, new),
                then=lambda _: self._show(self.current),
            )

    def _ask_and_save(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Save the report in a folder")
        if name:
            self.save_report(Path(name))

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
        """Begin anew with another server, and offer its projects."""
        info, client = self.link.info, self.link.connected
        if self.session is not None and info and info.address != self.session.client.address:
            self._forget()
        if client is not None:
            # Where they cannot be listed, adding items says why.
            in_background(client.training_projects, returned=self._offer, failed=lambda _: None)

    def _offer(self, names: Sequence[str]) -> None:
        if not self._life.ended:
            self.name.offer(names)

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
        self.counted.setText("" if session is None else session.counted)
        self.progress.show_work(self._calls.stoppable)
        self.classes.listen(self.current is not None)
        self.add_button.setEnabled(not self.running)
        # The items belong to the project that had this name when they were sent.
        self.name.setEnabled(not self._calls.awaits("add"))
        for button in (self.suggest_button, self.undo_button, self.fit_button):
            button.setEnabled(session is not None)
        self.skip_button.setEnabled(self.current is not None)
        fitted = session is not None and self.figures is not None
        self.publish_button.setEnabled(fitted and not self._calls.awaits("publish"))
        self.report_button.setEnabled(fitted)

    def _show_figures(self, figures: TrainingFigures) -> None:
        self.figures = figures
        self.figure.setText(headline(figures))
        self.tabs.show_figures(figures)

    def _on_failure(self, error: Exception) -> None:
        if isinstance(error, StoppedError):
            self.figure.setText("Stopped; what was computed is kept.")
        else:
            notify(error)
