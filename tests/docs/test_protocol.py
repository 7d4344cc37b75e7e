"""docs/protocol.md names all of the contract: messages, fields, values, reasons; its examples are real."""

import re
from pathlib import Path

import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2

from zoobridge import errors
from zoobridge.protocol.v1 import (
    classification_pb2,
    evaluation_pb2,
    image_pb2,
    model_pb2,
    prediction_pb2,
    training_pb2,
    zoo_pb2,
)

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
FILES = (
    *(classification_pb2, image_pb2, prediction_pb2, model_pb2, zoo_pb2, evaluation_pb2),
    training_pb2,
)
MESSAGES = {
    name: getattr(module, name)
    for module in FILES
    for name in module.DESCRIPTOR.message_types_by_name
}
ENUMS = [kind for module in FILES for kind in module.DESCRIPTOR.enum_types_by_name.values()]
SERVICES = [one for module in FILES for one in module.DESCRIPTOR.services_by_name.values()]


def section(title: str) -> str:
    found = re.search(rf"^### {re.escape(title)}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/protocol.md has no section {title}"
    return found[1]


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_message_is_described_with_all_its_fields_and_a_real_example(name):
    kind = MESSAGES[name]
    text = section(f"`{name}`")
    rows = re.findall(r"^\| `(\w+)` \| `", text, re.MULTILINE)
    assert rows == [field.name for field in kind.DESCRIPTOR.fields]
    (example,) = re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert error_details_pb2.ErrorInfo.DESCRIPTOR  # known to the parser of `Any`
    message = json_format.Parse(example, kind())
    assert message.ListFields() or not kind.DESCRIPTOR.fields


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.name)
def test_an_enumeration_is_described_with_all_its_values(kind):
    rows = re.findall(r"^\| `(\w+)` \|", section(f"`{kind.name}`"), re.MULTILINE)
    assert rows == [value.name for value in kind.values]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_described_with_all_its_calls(service):
    rows = re.findall(r"^\| `(\w+)` \|", section(f"Service `{service.name}`"), re.MULTILINE)
    assert rows == [method.name for method in service.methods]


def test_every_reason_is_in_the_table_with_its_status():
    kinds = [
        kind
        for name in errors.__all__
        if isinstance(kind := getattr(errors, name), type)
        and issubclass(kind, errors.ZooBridgeError)
        and kind is not errors.ZooBridgeError
    ]
    for kind in kinds:
        assert f"| `{kind.reason}` | {kind.code.name} | `{kind.__name__}` |" in PAGE
