"""Arrays as messages and back, for tests that speak the protocol by hand."""

from zoobridge.protocol import lay_out, pixels_array

__all__ = ["from_pixels", "to_pixels"]


def to_pixels(array, axes):
    """Return an array as a message."""
    message, data = lay_out(array, axes)
    message.data = bytes(data)
    return message


def from_pixels(pixels):
    """Return a message's pixels as a read-only array."""
    return pixels_array(pixels.data, pixels.data_type, tuple(pixels.shape), pixels.axes)
