import pytest
from google.rpc import code_pb2, error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from zoobridge import errors
from zoobridge.errors import ServerError, ZooBridgeError
from zoobridge.protocol import error_from_status, status_from_error, trailing_metadata
from zoobridge.protocol.v1 import errors_pb2

KINDS = [
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type) and issubclass(kind, ZooBridgeError) and kind is not ZooBridgeError
]
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(
    st.sampled_from(KINDS),
    text,
    text,
    st.dictionaries(st.text(st.characters(codec="ascii"), max_size=20), text, max_size=4),
    st.none() | st.floats(0, 1e6),
)
def test_an_error_survives_the_way_through_a_status(kind, message, field, metadata, retry):
    error = kind(message, field=field, metadata=metadata, retry_after=retry)
    status = status_pb2.Status.FromString(status_from_error(error).SerializeToString())
    again = error_from_status(status)
    assert type(again) is kind
    assert (again.message, again.field, again.metadata) == (message, field, metadata)
    if retry is None:
        assert again.retry_after is None
    else:
        assert again.retry_after == pytest.approx(retry, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_has_a_canonical_code_and_a_reason_of_its_own(kind):
    assert code_pb2.Code.Name(kind.code) == kind.code.name
    assert [other for other in KINDS if other.reason == kind.reason] == [kind]


def test_the_types_are_those_of_the_contract_with_the_code_that_a_number_says():
    stated = {
        name.removeprefix("ERROR_REASON_"): number // 100
        for name, number in errors_pb2.ErrorReason.items()
        if number
    }
    assert {kind.reason: int(kind.code) for kind in KINDS} == stated


def test_details_are_those_that_any_grpc_client_knows():
    error = errors.TrustError("run trust", field="model", metadata={"model": "m"}, retry_after=1)
    info, request, retry = status_from_error(error).details
    unpacked = error_details_pb2.ErrorInfo()
    assert info.Unpack(unpacked)
    assert (unpacked.domain, unpacked.reason) == ("zoobridge", "TRUST_REQUIRED")
    assert request.Is(error_details_pb2.BadRequest.DESCRIPTOR)
    assert retry.Is(error_details_pb2.RetryInfo.DESCRIPTOR)


@pytest.mark.parametrize("code", [*range(1, 17), 99])
def test_a_status_of_strangers_becomes_an_error_by_its_code(code):
    error = error_from_status(status_pb2.Status(code=code, message="so it is"))
    assert error.message == "so it is"
    same = [kind for kind in KINDS if kind.code == code]
    assert type(error) in (same or [ServerError])


def test_a_reason_of_a_newer_server_is_kept():
    status = status_pb2.Status(code=5, message="gone")
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain="zoobridge", reason="VANISHED"))
    error = error_from_status(status)
    assert isinstance(error, errors.UnknownModelError)
    assert error.metadata["reason"] == "VANISHED"


def test_the_reason_of_another_domain_is_not_taken_for_ours():
    status = status_pb2.Status(code=3, message="no")
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain="x", reason="TRUST_REQUIRED"))
    assert type(error_from_status(status)) is errors.InvalidRequestError


def test_file_names_that_are_no_unicode_can_be_told():
    error = errors.ImageFormatError("cannot read \udcff.png", metadata={"file": "\udcff.png"})
    again = error_from_status(status_from_error(error))
    assert again.message == "cannot read ?.png"


def test_an_endless_message_still_fits_into_grpcs_metadata():
    error = errors.InvalidRequestError(
        "a" * 10_000, field="b" * 10_000, metadata={f"{n}{'k' * 90}": "v" * 9999 for n in range(99)}
    )
    ((key, value),) = trailing_metadata(status_from_error(error))
    assert key == "grpc-status-details-bin"
    # The message itself travels beside its details.
    assert len(value) * 4 / 3 + 600 < 8192
    assert error_from_status(status_from_error(error)).message.endswith("…")
