"""The models of a zoo's folders, kept up to date without anybody waiting for it."""

from __future__ import annotations

import difflib
import logging
import os
import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zoobridge.errors import BrokenPackageError, InvalidRequestError, UnknownModelError
from zoobridge.zoo._catalog_cache import Entry, load_entries, save_entries, signature_of
from zoobridge.zoo._identity import age_key
from zoobridge.zoo._package import description_name, read_package
from zoobridge.zoo._unpacked import Unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from zoobridge.zoo._description import ModelDescription
    from zoobridge.zoo._trust import TrustStore

__all__ = ["Catalog", "packages_below"]

_DEPTH = 4
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Snapshot:
    """What readers see; replaced as a whole.

    Parameters
    ----------
    models
        By id, newest version first.
    by_name
        The same for each id and each original id, in lower case.
    complete
        Whether every folder has been read once.
    """

    models: tuple[ModelDescription, ...] = ()
    by_name: Mapping[str, tuple[ModelDescription, ...]] = field(default_factory=dict)
    complete: bool = False


class Catalog:
    """The models of some folders.

    :meth:`refresh` reads what changed on disk and may take seconds; call it in a thread of its
    own, at the start and from time to time. All other methods answer at once from what the last
    refresh found, whatever it is doing.

    Parameters
    ----------
    folders
        The zoo's folders. Each holds packages (folders or zip files), or is one.
    cache
        A folder of ours, for what was read and unpacked; it may be deleted at any time when no
        server runs.
    trust
        What the user trusts.

    Raises
    ------
    InvalidRequestError
        If one of the folders does not exist.
    """

    def __init__(self, folders: Sequence[Path], *, cache: Path, trust: TrustStore) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise InvalidRequestError(
                    f"the zoo folder {folder} does not exist; create it or correct the path",
                    field="folders",
                )
        self._folders = tuple(folder.absolute() for folder in folders)
        self._cache_file = cache / "catalog.json"
        self._unpacked = Unpacked(cache / "unpacked")
        self._trust = trust
        self._refreshing = threading.Lock()
        self._entries: dict[Path, Entry] | None = None
        self._unreadable: tuple[Path, ...] = ()
        self._snapshot = _Snapshot()
        self._published: tuple[list[ModelDescription], bool] | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The zoo's folders."""
        return self._folders

    @property
    def complete(self) -> bool:
        """Whether every folder has been read once."""
        return self._snapshot.complete

    @property
    def edition(self) -> object:
        """Stands for what is known of the packages: another object once any of that has changed."""
        return self._snapshot

    def refresh(self) -> bool:
        """Look for packages that were added, changed or removed, and read those.

        Each package that was read is seen at once, before the others are.

        Returns
        -------
        bool
            Whether anything changed.
        """
        with self._refreshing:
            stored = load_entries(self._cache_file) if self._entries is None else self._entries
            sources, unreadable = packages_below(self._folders)
            # A network drive may be away for a while; what is known of it stays.
            away = [
                source
                for source in stored
                if source not in sources and any(map(source.is_relative_to, unreadable))
            ]
            sources += away
            self._warn(unreadable)
            kept = {source: stored[source] for source in sources if source in stored}
            # Stated before it is looked whether they are there: nobody removes them in between.
            self._unpacked.use(_paths(kept.values()))
            changed = kept.keys() != stored.keys() or self._entries is None
            outdated = []
            for source in (source for source in sources if source not in away):
                try:
                    signature, settled = signature_of(source)
                except OSError:
                    kept.pop(source, None)
                    continue
                entry = kept.get(source)
                if (
                    entry is None
                    or not entry.settled
                    or entry.signature != signature
                    or not entry.intact
                ):
                    outdated.append((source, signature, settled))
            self._publish(sources, kept, complete=not outdated)
            for source, signature, settled in outdated:
                model = read_package(source, unpack_to=self._unpacked.folder)
                changed = changed or source not in kept or kept[source].model != model
                kept[source] = Entry(signature, settled, model)
                self._publish(sources, kept, complete=self._snapshot.complete)
            self._publish(sources, kept, complete=True)
            if changed or outdated:
                save_entries(self._cache_file, kept)
                self._unpacked.use(_paths(kept.values()))
                self._unpacked.clean()
            self._entries = kept
            return changed

    def models(self) -> tuple[ModelDescription, ...]:
        """Return all models, broken ones included, by id, the newest version first."""
        trusted = self._trust.digests()
        return tuple(_with_trust(model, trusted) for model in self._snapshot.models)

    def find(self, name: str) -> ModelDescription:
        """Find a model.

        Parameters
        ----------
        name
            ``id``, ``id@version``, or the id that the package itself states. Without a version,
            the newest.

        Raises
        ------
        UnknownModelError
            If no model has that name; the message lists similar ones.
        BrokenPackageError
            If its package cannot be used; says why.
        """
        snapshot = self._snapshot
        found = _look_up(snapshot, name)
        if found is None:
            raise UnknownModelError(
                _unknown(snapshot, name), field="model", metadata={"model": name}
            )
        if found.problem:
            others = [
                model.reference
                for model in snapshot.by_name.get(found.id, ())
                if not model.problem and model.reference != found.reference
            ]
            hint = f"; {others[0]} can be used" if others else ""
            raise BrokenPackageError(
                f"model {found.reference} cannot be used: {found.problem}{hint}",
                metadata={"model": found.reference, "package": found.source.name},
            )
        return _with_trust(found, self._trust.digests())

    def _warn(self, unreadable: Sequence[Path]) -> None:
        for folder in unreadable:
            if folder not in self._unreadable:
                _LOG.warning("the zoo folder %s cannot be read; its models stay as known", folder)
        self._unreadable = tuple(unreadable)

    def _publish(
        self, sources: Iterable[Path], entries: Mapping[Path, Entry], *, complete: bool
    ) -> None:
        models = [entries[source].model for source in sources if source in entries]
        if (models, complete) != self._published:
            self._published = (models, complete)
            self._snapshot = _snapshot(models, complete=complete)


def _paths(entries: Iterable[Entry]) -> Iterator[Path]:
    for entry in entries:
        yield entry.model.root
        yield from (weights.path for weights in entry.model.weights)


def packages_below(folders: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Find the packages in some folders: folders with a description in them, and zip files.

    Folders are searched some levels deep; hidden ones, and what lies inside a package, are not.

    Returns
    -------
    packages : list of Path
        In the order of `folders`, by name within each, every package once.
    unreadable : list of Path
        Folders that could not be looked into.
    """
    found: dict[Path, None] = {}
    unreadable: list[Path] = []
    for folder in folders:
        _search(folder, _DEPTH, found, unreadable)
    return list(found), unreadable


def _search(folder: Path, depth: int, found: dict[Path, None], unreadable: list[Path]) -> None:
    try:
        with os.scandir(folder) as opened:
            entries = sorted(
                (entry for entry in opened if not entry.name.startswith(".")),
                key=lambda entry: entry.name,
            )
            files = [entry.name for entry in entries if entry.is_file()]
            folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        unreadable.append(folder)
        return
    if description_name(files):
        found[folder] = None
        return
    for name in files:
        if name.lower().endswith(".zip"):
            found[folder / name] = None
    if depth > 0:
        for inner in folders:
            _search(inner, depth - 1, found, unreadable)


def _with_trust(model: ModelDescription, trusted: frozenset[str]) -> ModelDescription:
    """State that a model is trusted where all of its usable weights are."""
    digests = {weights.digest for weights in model.weights if weights.digest}
    return replace(model, trusted=bool(digests) and digests <= trusted)


def _snapshot(models: list[ModelDescription], *, complete: bool) -> _Snapshot:
    by_id: dict[str, list[ModelDescription]] = defaultdict(list)
    owners: dict[str, ModelDescription] = {}
    # A sound package goes before a broken one that claims the same id and version.
    for model in sorted(models, key=lambda one: bool(one.problem)):
        owner = owners.setdefault(model.reference, model)
        if owner is not model and not model.problem:
            by_id[model.id].append(
                replace(
                    model,
                    problem=f"{owner.source.name} has the same id and version; give one of them another "
                    "version in its rdf.yaml, or remove it",
                )
            )
        else:
            by_id[model.id].append(model)
    listed: list[ModelDescription] = []
    by_name: dict[str, tuple[ModelDescription, ...]] = {}
    originals: dict[str, list[ModelDescription]] = defaultdict(list)
    for name in sorted(by_id):
        # Stable twice over: duplicates stay behind the package that they repeat.
        versions = sorted(by_id[name], key=lambda one: age_key(one.version), reverse=True)
        versions.sort(key=_is_bare_wreck)
        listed += versions
        by_name[name] = tuple(versions)
        for model in versions:
            if model.original_id:
                originals[model.original_id.lower()].append(model)
    for original, versions in originals.items():
        by_name.setdefault(original, tuple(versions))
    return _Snapshot(tuple(listed), by_name, complete)


def _is_bare_wreck(model: ModelDescription) -> bool:
    """Tell whether not even the id could be read, so that it was taken from the file's name."""
    return bool(model.problem) and not model.version and not model.name


def _look_up(snapshot: _Snapshot, name: str) -> ModelDescription | None:
    wanted = name.strip().lower()
    if versions := snapshot.by_name.get(wanted):
        return versions[0]
    base, _, version = wanted.rpartition("@")
    for model in snapshot.by_name.get(base, ()):
        if model.version.lower() == version:
            return model
    return None


def _unknown(snapshot: _Snapshot, name: str) -> str:
    base, _, version = name.strip().lower().rpartition("@")
    if versions := snapshot.by_name.get(base):
        offered = ", ".join(model.version or "none" for model in versions)
        return f"model {base} has no version {version}; it has: {offered}"
    names = list(snapshot.by_name)
    wanted = (base or version)[:200]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    near += [known for known in names if wanted and wanted in known and known not in near][:3]
    if near:
        hint = f"did you mean {', '.join(near)}?"
    elif not names:
        hint = "the zoo is empty; add one with: zoobridge add"
    else:
        hint = "list them with: zoobridge models"
    if not snapshot.complete:
        hint += " (the zoo is still being read; try again in a moment)"
    return f"unknown model {name[:200]!r}; {hint}"
