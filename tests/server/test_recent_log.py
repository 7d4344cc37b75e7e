"""The last log records, as a caller with the managing token sees them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import numpy as np
import pytest

from zoobridge.client import connect
from zoobridge.errors import AuthenticationError
from zoobridge.server._recent_log import RecentLog


def record(message, *arguments):
    return logging.LogRecord("zoobridge.x", logging.INFO, __file__, 1, message, arguments, None)


@pytest.fixture
def log():
    kept = RecentLog(records=3)
    for number in range(1, 6):
        kept.handle(record("event=%s", number))
    return kept


def test_the_oldest_records_are_forgotten_first(log):
    assert [one.message for one in log.after(0)] == ["event=3", "event=4", "event=5"]
    assert [one.number for one in log.after(0)] == [3, 4, 5]


def test_a_record_that_cannot_be_written_does_not_disturb_who_logs(log, capsys):
    log.handle(record("%d and %d", "one"))
    log.handle(record("name=%s", "\udcff"))
    assert "--- Logging error ---" in capsys.readouterr().err
    assert [one.message for one in log.after(5)] == ["name=\\udcff"]


def test_only_records_after_a_number_are_listed(log):
    assert [one.number for one in log.after(4)] == [5]
    assert log.after(5) == []


def test_a_number_of_an_earlier_start_lists_all(log):
    assert [one.number for one in log.after(1_000)] == [3, 4, 5]


def test_text_that_is_no_unicode_and_long_text_are_kept_within_bounds():
    log = RecentLog()
    log.handle(record("file=%s", "a\udcff" + "x" * 10_000))
    (one,) = log.after(0)
    assert one.message.startswith("file=a\\udcff")
    assert len(one.message) < 2_100


@pytest.fixture(scope="module")
def served(zoobridge_server, request):
    return zoobridge_server(
        request.config.rootpath / "examples" / "zoo", arguments=("--device", "cpu")
    )


def test_the_log_of_a_running_server_is_listed(served):
    served.client.load("digits", "onnx")
    records = served.client.log_records()
    assert any("digits" in one.message for one in records)
    assert {one.level for one in records} <= {"debug", "info", "warning", "error", "critical"}
    assert [one.number for one in records] == sorted(one.number for one in records)
    last = records[-1].number
    assert all(one.number > last for one in served.client.log_records(after=last))


def test_callers_without_the_managing_token_see_no_log(served):
    with (
        connect(served.address, token="") as stranger,
        pytest.raises(AuthenticationError, match="managing token"),
    ):
        stranger.log_records()


def test_no_token_and_no_pixel_stands_in_the_log(served):
    with pytest.raises(AuthenticationError):
        connect(served.address, token="a-wrong-token")
    served.client.classify("digits", np.full((8, 8), 123, np.uint8))
    text = "\n".join(one.message for one in served.client.log_records())
    assert served.token not in text
    assert "a-wrong-token" not in text
    assert "123, 123" not in text
    assert "\\x7b\\x7b" not in text


def test_the_command_prints_a_line_for_each_record(served):
    def said(*words):
        return subprocess.run(
            [sys.executable, "-m", "zoobridge", "logs", *words], env=served.environment,
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()  # fmt: skip

    served.client.load("digits", "onnx")
    assert any("digits" in line and " INFO " in line for line in said())
    assert json.loads(said("--json")[-1])["number"] > 0
