"""TorchScript has no way to reach out, whether it is confined or not."""

import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def registry(tmp_path_factory, run_program):
    folder = tmp_path_factory.mktemp("registry")
    run_program(Path(__file__).parent / "torch_registry.py", folder)
    return json.loads((folder / "registry.json").read_text())


def test_no_operator_takes_an_address(registry):
    assert registry["operators"] == []


def test_an_operator_that_took_an_address_would_be_found(registry):
    assert registry["operators_with_one_more"] == ["attack::connect"]


def test_a_script_can_make_no_store_and_no_socket(registry):
    # The first three do nothing without a store or a backend; the last is a name and a number.
    assert registry["classes"] == [
        "c10d.ProcessGroup",
        "c10d.ReduceOp",
        "c10d.Work",
        "dist_rpc.WorkerInfo",
    ]
