"""What an administrator can set."""

from __future__ import annotations

import ipaddress
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zoobridge.errors import InvalidRequestError
from zoobridge.protocol import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOG_FORMATS", "LOG_LEVELS", "ServerConfig"]

#: How log lines can be written.
LOG_FORMATS: Final = ("text", "json")

#: From which level on they are written.
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class ServerConfig:
    """Settings of a server.

    Parameters
    ----------
    zoos
        Folders of model packages; at least one.
    host
        Address to listen at. Anything but a loopback address needs TLS, or
        `expose_unencrypted`.
    port
        Port to listen at; 0 for a free one.
    tls_certificate, tls_key
        PEM files of the server's certificate chain and its key; both or neither.
    token
        The managing token: it allows everything. Empty for a random one, which the connection
        file gives to this user's programs.
    classification_token
        A second token that allows classifying and listing, but no loading or unloading. Only
        asked for where the server listens beyond this machine. Empty for none.
    training_token
        A third token that allows training beside what the second allows. Empty: the managing token
        alone allows it.
    training_folder
        Where training projects are kept; `None` for a folder among the user's data.
    expose_unencrypted
        Listen beyond this machine without TLS: anyone who shares the network can then read the
        pictures and the tokens.
    allow_paths
        Folders below which a request may name a picture by its path on this machine. Empty:
        no paths are accepted.
    limits
        What a request may hold, and what may wait for one model.
    max_memory
        Memory of all workers, and of what is kept to start them fast, in bytes; `None` for half of
        what the machine has, or of what its container may use.
    keep_seconds
        Unload a model that was not used for so long; 0 keeps it until the memory is needed.
    standby_seconds
        Keep a framework imported, by which its models start fast, for so long after the last model
        that needed it, or until the memory is needed.
    threads
        Cores that one model may use, its instances together; `None` for all that this process may
        use.
    instances
        Copies of each model that run side by side, each in a separate process.
    instances_of
        Other numbers of copies for single models, by ``id`` or ``id@version``.
    device
        Where networks run: ``auto``, or the name of a device (``cpu``, ``cuda:0``), or several
        separated by commas, which the replicas of a model take in turn.
    precision
        How accelerators compute: ``float32``, ``tf32`` or ``float16``.
    fork
        Whether workers are forked from a process that has imported their framework, which is much
        faster (Linux), or started as fresh processes.
    max_workers
        Unary calls that are worked on at once; beside them, half as many streams may be open.
    max_wait_seconds
        How long a call may be expected to wait before it is worked on; one that would wait longer
        is refused at once, with a time after which to try again.
    metrics_port
        Port on which Prometheus metrics are served at `host`; `None` for none.
    log_format
        One of :data:`LOG_FORMATS`.
    log_level
        One of :data:`LOG_LEVELS`.
    grace_seconds
        How long accepted work may take once the server was asked to end.
    publish
        Whether to write a connection file, by which this user's programs find the server.
    cache
        Folder for what was read from packages and unpacked; `None` for one among the user's
        caches.
    trust_file
        Where the digests that the user trusts are kept; `None` for the user's configuration
        folder, where ``zoobridge trust`` writes them.
    """

    zoos: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = 0
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    token: str = field(default="", repr=False)
    classification_token: str = field(default="", repr=False)
    training_token: str = field(default="", repr=False)
    training_folder: Path | None = None
    expose_unencrypted: bool = False
    allow_paths: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)
    max_memory: int | None = None
    keep_seconds: float = 0.0
    standby_seconds: float = 300.0
    threads: int | None = None
    instances: int = 1
    instances_of: Mapping[str, int] = field(default_factory=dict)
    device: str = "auto"
    precision: str = "float32"
    fork: bool = sys.platform == "linux"
    max_workers: int = 64
    max_wait_seconds: float = 10.0
    metrics_port: int | None = None
    log_format: str = "text"
    log_level: str = "info"
    grace_seconds: float = 30.0
    publish: bool = True
    cache: Path | None = None
    trust_file: Path | None = None

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.tls_certificate is not None

    def check(self) -> None:
        """Check the settings against each other and against the disk.

        Raises
        ------
        InvalidRequestError
            With a sentence that names what to change; ``field`` is the setting.
        """
        self._check_folders()
        self._check_exposure()
        self._check_numbers()
        for name, value, known in (
            ("log_format", self.log_format, LOG_FORMATS),
            ("log_level", self.log_level, LOG_LEVELS),
        ):
            if value not in known:
                raise InvalidRequestError(
                    f"{name} '{value}' is not one of {', '.join(known)}", field=name
                )

    def _check_folders(self) -> None:
        if not self.zoos:
            raise InvalidRequestError(
                "name at least one zoo folder to serve (zoobridge serve ZOO…)", field="zoos"
            )
        for name, folders in (("zoos", self.zoos), ("allow_paths", self.allow_paths)):
            what = "zoo folder" if name == "zoos" else "folder of allowed pictures"
            for folder in folders:
                if not folder.exists():
                    raise InvalidRequestError(
                        f"the {what} {folder} does not exist; create it or correct the path",
                        field=name,
                    )
                if not folder.is_dir():
                    raise InvalidRequestError(
                        f"the {what} {folder} is not a folder; name the folder that holds it",
                        field=name,
                    )

    def _check_exposure(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise InvalidRequestError(
                "TLS takes a certificate and its key; give both",
                field="tls_certificate",
                metadata={"setting": "tls_certificate,tls_key"},
            )
        if not (self.loopback or self.tls or self.expose_unencrypted):
            raise InvalidRequestError(
                f"listening at {self.host} exposes pictures and tokens to the network; give "
                "a certificate and its key, or accept unencrypted connections",
                field="host",
                metadata={"setting": "tls_certificate,tls_key,expose_unencrypted"},
            )
        names = ("classification", "training")
        seen = {self.token: "managing"} if self.token else {}
        for name in names:
            token = str(getattr(self, f"{name}_token"))
            if token in seen:
                raise InvalidRequestError(
                    f"the {name} token must differ from the {seen[token]} token",
                    field=f"{name}_token",
                )
            if token:
                seen[token] = name

    def _check_numbers(self) -> None:
        ports = [("port", self.port)]
        if self.metrics_port is not None:
            ports.append(("metrics_port", self.metrics_port))
        for name, port in ports:
            if not 0 <= port < 65536:
                raise InvalidRequestError(f"{name} {port} is not in 0…65535", field=name)
        if self.max_workers < 4:
            raise InvalidRequestError(
                f"max_workers is {self.max_workers}; a server needs at least 4", field="max_workers"
            )
        for name, number in (
            ("grace_seconds", self.grace_seconds),
            ("keep_seconds", self.keep_seconds),
            ("standby_seconds", self.standby_seconds),
            ("max_wait_seconds", self.max_wait_seconds),
        ):
            if not (math.isfinite(number) and number >= 0):
                raise InvalidRequestError(f"{name} {number} is not a time", field=name)
        if self.limits.queued_bytes < self.limits.message_bytes:
            raise InvalidRequestError(
                f"{self.limits.queued_bytes} bytes may wait for a model, which is less than one "
                f"message may have ({self.limits.message_bytes}); raise the first or lower the "
                "second",
                field="limits.queued_bytes",
            )
        counts = {
            "max_memory": self.max_memory,
            "threads": self.threads,
            "instances": self.instances,
            **{f"instances_of[{model}]": count for model, count in self.instances_of.items()},
        }
        for name, count in counts.items():
            if count is not None and count < 1:
                raise InvalidRequestError(f"{name} {count} is less than 1", field=name)
