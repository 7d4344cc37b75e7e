"""Commands without a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_info

from napari_zoobridge.results import remove_results

if TYPE_CHECKING:
    import napari

__all__ = ["remove_results_from"]


def remove_results_from(viewer: napari.viewer.Viewer) -> None:
    """Undo everything that ZooBridge added to the viewer, and say how many layers that concerned.

    Parameters
    ----------
    viewer
        The viewer.
    """
    count = remove_results(viewer)
    show_info(
        f"Removed classification results of {count} layer{'' if count == 1 else 's'}"
        if count
        else "No classification results to remove"
    )
