"""ImageJ's messages, which wait for somebody to press OK."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from py4j.protocol import Py4JError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from py4j.java_gateway import JVMView

__all__ = ["Messages"]

_POLL_SECONDS = 0.25

# So many looks later, a dialog that does not heed its window's cross is taken away: a question
# would take that for an answer, so not at once.
_PATIENCE = 40

# A dialog with one of these is a form, for a person to fill in; others only say or ask something.
_FILLED_IN = (
    "java.awt.Checkbox",
    "java.awt.Choice",
    "java.awt.List",
    "javax.swing.JComboBox",
    "javax.swing.JList",
    "javax.swing.JSlider",
    "javax.swing.JToggleButton",
)
_TEXTS = ("java.awt.TextComponent", "javax.swing.text.JTextComponent")
_LABELS = ("java.awt.Label", "javax.swing.JLabel")

# It offers to show a window for debugging, so it looks like a form.
_MACRO_ERROR = "Macro Error"


class Messages:
    """Closes the messages and questions that come up while a command runs, and keeps their texts.

    They are closed as by the cross of their window: a question counts as cancelled. Forms are left
    to the person who fills them in, and so is what was open before.

    Parameters
    ----------
    jvm
        The ImageJ's classes.
    """

    def __init__(self, jvm: JVMView) -> None:
        self._jvm = jvm
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._close_all, daemon=True)
        self._open_before: list[Any] = []
        self._texts: list[str] = []

    @property
    def text(self) -> str:
        """What they said; empty if there was none."""
        return "\n".join(self._texts)

    def __enter__(self) -> Self:
        self._open_before = list(self._dialogs())
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._watch.join()

    def _close_all(self) -> None:
        awt = self._jvm.java.awt
        seen: list[Any] = []
        while not self._done.wait(_POLL_SECONDS):
            # A window may go while it is looked at; if ImageJ itself is gone, the command fails.
            with suppress(Py4JError):
                for window in self._dialogs():
                    if window in self._open_before or self._is_form(window):
                        continue
                    seen.append(window)
                    if seen.count(window) == 1:
                        self._texts.append(self._said(window))
                        event = awt.event.WindowEvent(window, awt.event.WindowEvent.WINDOW_CLOSING)
                        awt.Toolkit.getDefaultToolkit().getSystemEventQueue().postEvent(event)
                    elif seen.count(window) == _PATIENCE:
                        window.dispose()

    def _dialogs(self) -> Iterator[Any]:
        """Give the dialogs that hold up what put them up."""
        for window in self._jvm.java.awt.Window.getWindows():
            if self._is(window, "java.awt.Dialog") and window.isVisible() and window.isModal():
                yield window

    def _is(self, thing: Any, *kinds: str) -> bool:
        return any(self._jvm.java.lang.Class.forName(kind).isInstance(thing) for kind in kinds)

    def _is_form(self, window: Any) -> bool:
        if window.getTitle() == _MACRO_ERROR:
            return False
        return self._is(window, "java.awt.FileDialog") or any(
            self._is(part, *_FILLED_IN) or (self._is(part, *_TEXTS) and part.isEditable())
            for part in self._parts(window)
        )

    def _said(self, window: Any) -> str:
        said = (self._words(part) for part in self._parts(window))
        words = re.sub(r"<[^>]*>", " ", "\n".join(text for text in said if text))
        return " ".join(words.split()) or str(window.getTitle())

    def _words(self, part: Any) -> str:
        if self._is(part, *_TEXTS, *_LABELS):
            return str(part.getText() or "")
        if self._is(part, "ij.gui.MultiLineLabel"):
            # It draws its text, and has no method that returns it.
            kind = self._jvm.java.lang.Class.forName("ij.gui.MultiLineLabel")
            lines = kind.getDeclaredField("lines")
            lines.setAccessible(True)
            return "\n".join(lines.get(part))
        return ""

    def _parts(self, container: Any) -> Iterator[Any]:
        for part in container.getComponents():
            yield part
            if self._is(part, "java.awt.Container"):
                yield from self._parts(part)
