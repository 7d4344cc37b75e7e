"""The connection to a server, and work in the background."""

from napari_zoobridge.connection._background import in_background, notify, sentence
from napari_zoobridge.connection._link import Address, ServerLink, State, can_start_server
from napari_zoobridge.connection._preload import Preload

__all__ = [
    "Address",
    "Preload",
    "ServerLink",
    "State",
    "can_start_server",
    "in_background",
    "notify",
    "sentence",
]
