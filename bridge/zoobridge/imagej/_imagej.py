"""A running ImageJ."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from py4j.protocol import Py4JJavaError

from zoobridge.errors import Code, ZooBridgeError
from zoobridge.imagej._dialogs import Messages
from zoobridge.imagej._table import frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import pandas as pd
    from py4j.java_gateway import JavaGateway, JVMView

__all__ = ["ImageJ", "ImageJError", "Roi"]


class ImageJError(ZooBridgeError):
    """ImageJ could not be started, or could not execute a command; the message is its own."""

    code: ClassVar[Code] = Code.FAILED_PRECONDITION
    reason: ClassVar[str] = "IMAGEJ"


@dataclass(frozen=True)
class Roi:
    """A region of the ROI Manager.

    Parameters
    ----------
    name
        Its name.
    type
        ImageJ's word: ``Rectangle``, ``Oval``, ``Polygon``, ``Freehand``, …
    x, y, width, height
        Its bounding box, in pixels.
    channel, slice, frame
        Its position from 1; 0 where it has none.
    group
        Its group; 0 for none.
    """

    name: str
    type: str
    x: int
    y: int
    width: int
    height: int
    channel: int = 0
    slice: int = 0
    frame: int = 0
    group: int = 0


class ImageJ:
    """A running ImageJ or Fiji; made by :func:`launch` or :func:`attach`.

    Used as a context manager, it is closed at the end: one that was launched ends, one that was
    attached to keeps running.

    Parameters
    ----------
    gateway
        The channel to it.
    end
        What ends it, called once; `None` for one that keeps running.
    """

    def __init__(self, gateway: JavaGateway, end: Callable[[], None] | None = None) -> None:
        self._gateway = gateway
        self._end = end
        self._closed = False

    @property
    def jvm(self) -> JVMView:
        """Java's classes by name, for everything that has no method here: ``jvm.ij.IJ``."""
        return self._gateway.jvm

    @property
    def version(self) -> str:
        """ImageJ's version, such as ``1.54p``."""
        return str(self.jvm.ij.IJ.getVersion()).split("/")[-1]

    def open(self, path: str | os.PathLike[str]) -> str:
        """Open a picture in a separate window.

        Returns
        -------
        str
            The window's title.

        Raises
        ------
        ImageJError
            If no such file exists, or ImageJ cannot open it.
        """
        file = Path(path).resolve()
        if not file.is_file():
            raise ImageJError(f"{file} does not exist")
        try:
            image = self._guarded(lambda: self.jvm.ij.IJ.openImage(str(file)))
        except ImageJError as error:
            raise ImageJError(f"ImageJ cannot open {file}: {error.message}") from error
        if image is None:
            raise ImageJError(f"ImageJ cannot open {file}; is it a picture in a format it knows?")
        image.show()
        return str(image.getTitle())

    def images(self) -> list[str]:
        """Return the titles of the open images."""
        return list(self.jvm.ij.WindowManager.getImageTitles())

    def run(self, command: str, options: str = "") -> None:
        """Run a menu command or plugin, as the macro function ``run`` does, and wait.

        Parameters
        ----------
        command
            Its name as in the menu: ``Gaussian Blur...``.
        options
            The values of its dialog: ``sigma=2``. Without, a dialog may come up and wait to
            be filled in.

        Raises
        ------
        ImageJError
            If it reports an error or shows a message, which is closed, or there is no such command.
        """
        known = self.jvm.ij.Menus.getCommands()
        if known is None or known.get(command) is None:
            raise ImageJError(f"ImageJ has no command '{command}'; is its plugin installed?")
        self._guarded(lambda: self.jvm.ij.IJ.run(command, options))

    def macro(self, text: str, argument: str = "") -> str:
        """Run a macro and wait.

        Returns
        -------
        str
            What the macro returns; empty if nothing.

        Raises
        ------
        ImageJError
            If it is aborted, with the message of the command that aborted it, or shows a message
            (``showMessage``), which is closed.
        """
        answer = self._guarded(lambda: self.jvm.ij.macro.Interpreter().run(text, argument))
        return "" if answer is None else str(answer)

    def _guarded(self, action: Callable[[], Any]) -> Any:
        """Do something, and raise the error that ImageJ would put up, or put up, as a dialog."""
        java = self.jvm.ij.IJ
        java.getErrorMessage()
        java.redirectErrorMessages(True)  # noqa: FBT003 - Java has no keywords
        try:
            # ImageJ forgets to redirect after the first error, and with each plugin that ends.
            with Messages(self.jvm) as messages:
                answer = action()
        except Py4JJavaError as error:
            # ImageJ aborts a command whose error it has noted by an exception of its own.
            message = java.getErrorMessage() or messages.text or error.java_exception.getMessage()
            raise ImageJError(str(message)) from error
        finally:
            java.redirectErrorMessages(False)  # noqa: FBT003
        message = java.getErrorMessage() or messages.text
        if message:
            raise ImageJError(str(message))
        return answer

    def tables(self) -> list[str]:
        """Return the titles of the open tables."""
        titles = list(self.jvm.ij.WindowManager.getNonImageTitles())
        table = self.jvm.ij.measure.ResultsTable
        return [title for title in titles if table.getResultsTable(title) is not None]

    def table(self, title: str = "Results") -> pd.DataFrame:
        """Return a table as a data frame.

        Parameters
        ----------
        title
            Of its window.

        Raises
        ------
        ImageJError
            If no table of that title is open.
        """
        table = self.jvm.ij.measure.ResultsTable.getResultsTable(title)
        if table is None:
            raise ImageJError(f"no table '{title}' is open; open ones: {', '.join(self.tables())}")
        return frame(self._gateway, table)

    def rois(self) -> list[Roi]:
        """Return the regions of the ROI Manager."""
        manager = self.jvm.ij.plugin.frame.RoiManager.getInstance2()
        if manager is None:
            return []
        return [_roi(roi) for roi in manager.getRoisAsArray()]

    def close(self) -> None:
        """Let go of it; one that was launched ends, unsaved changes are lost."""
        if self._closed:
            return
        self._closed = True
        # Java lets go of what Python has let go of, while it can still be reached.
        gc.collect()
        if self._end is not None:
            self._gateway.shutdown()
        client = self._gateway._gateway_client  # noqa: SLF001 - there is no public name for it
        client.close()
        client.is_connected = False
        if self._end is not None:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _roi(roi: Any) -> Roi:
    box = roi.getBounds()
    return Roi(
        name=str(roi.getName() or ""),
        type=str(roi.getTypeAsString()),
        x=int(box.getX()),
        y=int(box.getY()),
        width=int(box.getWidth()),
        height=int(box.getHeight()),
        channel=roi.getCPosition(),
        slice=roi.getZPosition(),
        frame=roi.getTPosition(),
        group=roi.getGroup(),
    )
