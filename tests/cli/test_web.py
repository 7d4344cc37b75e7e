"""``zoobridge web`` and ``zoobridge serve --web-port``."""

import json
import re
import subprocess
import sys
import time
import urllib.request

import pytest


def test_help_says_what_it_needs(command):
    text = command("web", "--help").output
    assert "--tls-cert" in text
    assert "zoobridge web --open" in text


def test_other_machines_are_refused_without_a_certificate(command):
    result = command("web", "--host", "0.0.0.0", code=1)
    assert "--tls-cert" in result.output


def test_a_port_that_is_taken_is_told(zb, served):
    port = served.address.rpartition(":")[2]
    result = zb("web", "--port", port, code=1)
    assert "choose another --port" in result.output


def test_a_server_serves_the_page_beside_it_and_takes_it_along(zoo, command):
    process = subprocess.Popen(
        [sys.executable, "-m", "zoobridge", "serve", zoo, "--device", "cpu", "--web-port", "0"],
        env=command.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        for line in process.stdout:
            found = re.search(r"http://\S+", line)
            if found:
                break
        base = found[0].partition("#")[0]
        limit = time.monotonic() + 60
        while True:
            with urllib.request.urlopen(f"{base}api/session", timeout=30) as answer:
                session = json.load(answer)
            if session["server"]:
                break
            assert time.monotonic() < limit, session
            time.sleep(0.1)
    finally:
        # Killed, it cannot ask the page to end.
        process.kill()
        process.wait()
        process.stdout.close()
    limit = time.monotonic() + 30
    with pytest.raises(OSError, match="refused"):
        while time.monotonic() < limit:
            urllib.request.urlopen(base, timeout=5).close()
            time.sleep(0.1)
