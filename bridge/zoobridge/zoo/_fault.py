"""What is wrong with a package, on its way to becoming a ``problem``."""

from __future__ import annotations

__all__ = ["PackageFault"]


class PackageFault(Exception):  # noqa: N818 - becomes the problem of a package or of its weights
    """A package, or a part of it, that cannot be used; the message is a sentence for the user."""
