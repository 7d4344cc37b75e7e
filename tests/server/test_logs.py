"""Log lines."""

from __future__ import annotations

import io
import json
import logging

import pytest

from zoobridge.server._logs import JsonFormatter, TextFormatter, configure_logs


def record(message, *arguments, error=None, level=logging.INFO):
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("zoobridge.x", level, __file__, 1, message, arguments, info)


def test_a_text_line_states_time_level_logger_and_message():
    line = TextFormatter().format(record("model loaded model=%s", "digits"))
    assert line.endswith("INFO    zoobridge.x model loaded model=digits")
    assert line[10] == "T"
    assert line.split()[0].endswith("Z")


def test_what_a_caller_sent_can_not_make_one_line_two():
    line = TextFormatter().format(record("model=%s", "x\n2026-01-01 ERROR forged\r"))
    assert "\n" not in line
    assert "\r" not in line


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_traceback_is_part_of_the_record(formatter):
    try:
        raise ValueError("broken")
    except ValueError as error:
        text = formatter.format(record("incident", error=error))
    assert "Traceback" in text
    assert "ValueError: broken" in text


def test_a_json_line_is_one_object():
    line = JsonFormatter().format(record("größer=%s\n", '"quoted"', level=logging.ERROR))
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["message"] == 'größer="quoted"\n'
    assert entry["level"] == "error"
    assert entry["logger"] == "zoobridge.x"


def test_libraries_speak_up_from_a_warning_on_and_we_as_asked():
    stream = io.StringIO()
    root, ours = logging.getLogger(), logging.getLogger("zoobridge")
    before = (root.level, ours.level)
    handler = configure_logs("text", "debug", stream=stream)
    try:
        logging.getLogger("some.library").info("chatter")
        logging.getLogger("some.library").warning("trouble")
        logging.getLogger("zoobridge.server").debug("detail")
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])
    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["trouble", "detail"]
