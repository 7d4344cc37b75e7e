import grpc
import pytest
import trustme

from zoobridge import connect, errors
from zoobridge.client._transport import (
    Endpoint,
    concerns_one_image,
    error_from_rpc,
    is_loopback,
    resolve,
)
from zoobridge.protocol import status_from_error, trailing_metadata
from zoobridge.protocol.connection import publish


class Failed(grpc.RpcError):
    """What grpc raises, without a call."""

    def __init__(self, code, details="", metadata=()):
        self._code, self._details, self._metadata = code, details, metadata

    def code(self):
        return self._code

    def details(self):
        return self._details

    def trailing_metadata(self):
        return self._metadata


def test_tls_works_with_the_authority_and_fails_clearly_without(start, tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
    key = certificate.private_key_pem.bytes()
    port = start(grpc.ssl_server_credentials([(key, chain)]))
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with connect(f"localhost:{port}", ca=ca) as client:
        assert client.models()[0].id == "m"
    with pytest.raises(errors.ServerUnavailableError, match="certificate"):
        connect(f"localhost:{port}", tls=True)
    with pytest.raises(errors.ServerUnavailableError):
        connect(f"localhost:{port}")


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    monkeypatch.setenv("ZOOBRIDGE_RUNTIME_DIR", str(tmp_path / "runtime"))
    for name in ("ADDRESS", "TOKEN", "CA"):
        monkeypatch.delenv(f"ZOOBRIDGE_{name}", raising=False)


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1"])
def test_this_machine_is_spoken_to_without_tls(address):
    assert is_loopback(address)
    assert not resolve(address, token=None, ca=None, tls=None).tls


@pytest.mark.parametrize("address", ["lab:1", "10.0.0.1:1", "[2001:db8::1]:1", "0.0.0.0:1"])
def test_other_machines_are_spoken_to_with_tls_unless_told_otherwise(address):
    assert resolve(address, token=None, ca=None, tls=None).tls
    assert not resolve(address, token=None, ca=None, tls=False).tls


@pytest.mark.parametrize(
    "address", ["lab", "lab:", "lab:x", ":5", "http://lab:5", "lab:0", "l:99999"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(errors.InvalidRequestError, match="host:port"):
        resolve(address, token=None, ca=None, tls=None)


def test_a_certificate_is_read_and_means_tls(tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(b"PEM")
    endpoint = resolve("localhost:1", token=None, ca=ca, tls=None)
    assert (endpoint.tls, endpoint.ca) == (True, b"PEM")
    with pytest.raises(errors.InvalidRequestError, match="cannot read the certificate"):
        resolve("localhost:1", token=None, ca=tmp_path / "none.pem", tls=None)


def test_a_token_is_taken_from_the_argument_then_the_environment_then_the_file(monkeypatch):
    connection = publish("127.0.0.1:7", "from the file")
    try:
        assert resolve("127.0.0.1:7", token=None, ca=None, tls=None).token == "from the file"
        assert resolve("127.0.0.1:8", token=None, ca=None, tls=None).token == ""
        monkeypatch.setenv("ZOOBRIDGE_TOKEN", "from the environment")
        assert resolve("127.0.0.1:7", token=None, ca=None, tls=None).token == "from the environment"
        assert resolve("127.0.0.1:7", token="given", ca=None, tls=None).token == "given"
    finally:
        connection.remove()


def test_a_token_travels_as_a_bearers():
    assert Endpoint("h:1", token="t").metadata == (("authorization", "Bearer t"),)
    assert Endpoint("h:1").metadata == ()


def test_the_servers_own_error_is_kept():
    status = status_from_error(errors.TrustError("run trust", metadata={"model": "m"}))
    failed = Failed(grpc.StatusCode.FAILED_PRECONDITION, "other", trailing_metadata(status))
    error = error_from_rpc(failed, Endpoint("h:1"))
    assert isinstance(error, errors.TrustError)
    assert error.message == "run trust"


@pytest.mark.parametrize(
    ("code", "details", "kind", "words"),
    [
        ("UNAVAILABLE", "refused", errors.ServerUnavailableError, "zoobridge serve ZOO"),
        ("CANCELLED", "", errors.CancelledError, "cancelled"),
        (
            "RESOURCE_EXHAUSTED",
            "Received message larger than max (9 vs. 4)",
            errors.LimitError,
            "9",
        ),
        ("RESOURCE_EXHAUSTED", "too many", errors.OverloadedError, "too many"),
        ("UNIMPLEMENTED", "", errors.UnsupportedError, "does not support this call"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", errors.DeadlineError, "Deadline"),
        ("UNAUTHENTICATED", "no token", errors.AuthenticationError, "no token"),
        ("INTERNAL", "", errors.ServerError, "INTERNAL"),
    ],
)
def test_what_grpc_itself_reports_is_put_into_words(code, details, kind, words):
    error = error_from_rpc(Failed(grpc.StatusCode[code], details), Endpoint("h:1"))
    assert type(error) is kind
    assert words in error.message


def test_with_tls_the_certificate_is_suspected():
    failed = Failed(grpc.StatusCode.UNAVAILABLE, "handshake")
    assert "certificate" in error_from_rpc(failed, Endpoint("h:1", tls=True)).message


def test_only_a_pictures_own_errors_spare_the_others():
    for error in (
        errors.ImageFormatError("x", field="image"),
        errors.ModelInputError("x"),
        errors.RegionError("x", field="regions"),
        errors.WorkerError("x"),
    ):
        assert concerns_one_image(error)
    for error in (
        errors.InvalidRequestError("x", field="options.top_k"),
        errors.UnknownModelError("x"),
        errors.TrustError("x"),
        errors.OverloadedError("x"),
    ):
        assert not concerns_one_image(error)
