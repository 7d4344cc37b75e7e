"""What a package says of its model, in every process and on both sides of the wire."""

from dataclasses import dataclass

__all__ = ["Author", "AxisSize", "Citation", "ModelCard"]


@dataclass(frozen=True)
class Author:
    """Somebody who made a model."""

    name: str
    affiliation: str = ""
    orcid: str = ""


@dataclass(frozen=True)
class Citation:
    """What to cite."""

    text: str
    doi: str = ""
    url: str = ""


@dataclass(frozen=True)
class AxisSize:
    """Allowed lengths of an axis: ``min + n * step``; ``min`` alone where ``step`` is 0."""

    min: int
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a package says of its model.

    Parameters
    ----------
    id, version
        How it is addressed: ``id``, or ``id@version``.
    name, description
        For people.
    original_id
        The id that the package itself states, where it differs.
    problem
        Why the package cannot be used; empty where it can.
    labels
        Class names in the order of the output.
    label_colors
        ``#rrggbb`` for each label.
    score_kind_source
        How the kind of its scores is known.
    default_top_k
        Number of classes named where a request does not state it.
    threshold
        Minimum score for a class to count as positive, for independent probabilities.
    license
        SPDX identifier.
    tags
        Words to find it by.
    authors, citations
        Who made it, and what to cite.
    calibrated
        Its probabilities were calibrated on pictures that it had not learnt from.
    """

    id: str
    version: str = ""
    name: str = ""
    description: str = ""
    original_id: str = ""
    problem: str = ""
    labels: tuple[str, ...] = ()
    label_colors: tuple[str, ...] = ()
    score_kind_source: str = ""
    default_top_k: int = 5
    threshold: float = 0.5
    license: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()
    citations: tuple[Citation, ...] = ()
    calibrated: bool = False

    @property
    def reference(self) -> str:
        """The model as one writes it: ``id@version``, or ``id`` without a version."""
        return f"{self.id}@{self.version}" if self.version else self.id
