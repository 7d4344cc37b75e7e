"""The demo pictures, with layers to classify."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

__all__ = ["digits", "textures"]
