"""Settings that cannot be served are refused before anything is opened."""

from __future__ import annotations

import socket

import pytest

from zoobridge.errors import InvalidRequestError, ServerUnavailableError
from zoobridge.protocol import Limits
from zoobridge.server import Server


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"zoos": ()}, "zoos", "at least one"),
        ({"host": "0.0.0.0"}, "host", "accept unencrypted"),
        ({"host": "192.168.1.5"}, "host", "certificate and its key"),
        ({"host": "example.org"}, "host", "certificate and its key"),
        ({"port": 70000}, "port", "70000"),
        ({"metrics_port": -1}, "metrics_port", "-1"),
        ({"log_format": "xml"}, "log_format", "text, json"),
        ({"log_level": "loud"}, "log_level", "debug"),
        ({"max_workers": 1}, "max_workers", "at least"),
        ({"grace_seconds": -1.0}, "grace_seconds", "-1"),
        ({"keep_seconds": float("nan")}, "keep_seconds", "nan"),
        ({"standby_seconds": float("inf")}, "standby_seconds", "inf"),
        ({"threads": 0}, "threads", "0"),
        ({"max_memory": 0}, "max_memory", "0"),
        ({"instances": 0}, "instances", "0"),
        ({"instances_of": {"digits": 0}}, "instances_of[digits]", "0"),
        ({"classification_token": "the-managing-token"}, "classification_token", "differ"),
        ({"limits": Limits(queued_bytes=1)}, "limits.queued_bytes", "lower"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_that_cannot_be_names_what_to_change(settings, changes, field, words):
    with pytest.raises(InvalidRequestError) as caught:
        settings(**changes).check()
    assert caught.value.field == field
    assert words in caught.value.message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_a_loopback_address_needs_no_tls(settings, host):
    assert settings(host=host).loopback
    settings(host=host).check()


@pytest.mark.parametrize("what", ["zoos", "allow_paths"])
def test_a_folder_that_does_not_exist_is_named(settings, tmp_path, what):
    missing = tmp_path / "nowhere ü"
    with pytest.raises(InvalidRequestError, match="nowhere ü does not exist"):
        Server(settings(**{what: (missing,)})).start()


def test_a_file_is_no_zoo_folder(settings, tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(InvalidRequestError, match="is not a folder"):
        Server(settings(zoos=(tmp_path / "file",))).start()


def test_a_certificate_without_its_key_is_refused(settings, tmp_path):
    with pytest.raises(InvalidRequestError, match="certificate and its key"):
        settings(tls_certificate=tmp_path / "server.crt").check()


def test_what_is_no_certificate_is_refused_at_the_start(settings, held, tmp_path):
    (tmp_path / "server.crt").write_text("no certificate")
    (tmp_path / "server.key").write_text("no key")
    config = settings(tls_certificate=tmp_path / "server.crt", tls_key=tmp_path / "server.key")
    with pytest.raises(InvalidRequestError, match=r"server\.crt"):
        Server(config, engine=held).start()


def test_two_servers_on_one_port_are_one_too_many(start, settings, held):
    first = start(engine=held)
    port = int(first.address.rpartition(":")[2])
    with pytest.raises(ServerUnavailableError, match=f"port {port} .* is taken"):
        Server(settings(port=port), engine=held).start()
    assert held.closed_with is None


def test_an_address_of_another_machine_cannot_be_listened_at(settings, held):
    config = settings(host="192.0.2.1", expose_unencrypted=True)
    with pytest.raises(ServerUnavailableError, match="cannot listen at 192"):
        Server(config, engine=held).start()


def test_a_taken_metrics_port_ends_the_start_and_frees_what_was_opened(settings, held):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerUnavailableError, match="metrics"):
            Server(settings(metrics_port=port), engine=held).start()
    assert held.closed_with is not None


def test_tokens_do_not_appear_in_what_the_settings_print(settings):
    assert "the-managing-token" not in repr(settings())
