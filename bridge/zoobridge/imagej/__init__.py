"""A real ImageJ or Fiji, driven from Python: ``pip install "zoobridge[imagej]"``.

::

    from zoobridge.imagej import launch

    with launch("/opt/Fiji.app") as imagej:
        imagej.open("cells.tif")
        imagej.run("Classify...", "model=digits target=[Whole image] top=3")
        table = imagej.table("ZooBridge Results")

It is a channel for commands, guarded by a token and open to this machine only. Pixels do not travel
over it: send them to a server with :mod:`zoobridge.client`.
"""

from zoobridge.imagej._imagej import ImageJ, ImageJError, Roi
from zoobridge.imagej._launch import attach, launch

__all__ = ["ImageJ", "ImageJError", "Roi", "attach", "launch"]
