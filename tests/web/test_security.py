"""What the page refuses, and what every answer carries."""

import http.client
import socket
import ssl

import pytest

from web_certificate import write_certificate
from zoobridge.errors import InvalidRequestError
from zoobridge.web import WebConfig


def test_every_answer_carries_a_strict_policy(page):
    _, headers, _ = page.visitor().ask("GET", "/")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    _, headers, _ = page.visitor().enter().ask("GET", "/api/models")
    assert "sandbox" in headers["content-security-policy"]


def test_a_session_cookie_is_kept_from_scripts_and_other_pages(page):
    _, headers, _ = page.visitor().ask("GET", "/api/session")
    cookie = headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_name_that_was_made_to_point_here_is_refused(page):
    visitor = page.visitor()
    visitor.host = "evil.example"
    status, _, content = visitor.ask("GET", "/api/session")
    assert status == 421
    assert b"--name" in content


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_known_by_its_names(page, host):
    visitor = page.visitor()
    visitor.host = host
    assert visitor.ask("GET", "/api/session")[0] == 200


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "https://127.0.0.1"])
def test_another_page_may_not_write(page, origin):
    visitor = page.visitor().enter()
    status, _, content = visitor.ask("POST", "/api/pictures?name=x", b"x", Origin=origin)
    assert status == 403, content


def test_without_a_session_nothing_is_told(page):
    assert page.visitor().ask("GET", "/api/models")[0] == 401


def test_who_opens_the_printed_address_manages(page):
    visitor = page.visitor().enter()
    before = visitor.cookie
    assert visitor.json("POST", "/api/login", {"token": page.key})["role"] == "manager"
    assert visitor.cookie != before, "a cookie that was known before must not become a manager's"


def test_the_servers_managing_token_is_taken(page, demo):
    visitor = page.visitor().enter()
    assert visitor.json("POST", "/api/login", {"token": demo.token})["role"] == "manager"


@pytest.mark.parametrize("token", ["", "wrong", "ä" * 10])
def test_a_wrong_token_is_refused(page, token):
    visitor = page.visitor().enter()
    status, _, content = visitor.ask("POST", "/api/login", {"token": token})
    assert status == 403, content
    assert visitor.json("GET", "/api/session")["role"] == "visitor"


def test_a_visitor_neither_loads_nor_reads_the_log(page):
    visitor = page.visitor().enter()
    assert visitor.ask("POST", "/api/models/digits/load", {})[0] == 403
    assert visitor.ask("POST", "/api/models/digits/unload", {})[0] == 403
    assert visitor.ask("GET", "/api/log")[0] == 403


def test_a_visitor_does_not_see_anothers_pictures(page):
    one, other = page.visitor().enter(), page.visitor().enter()
    picture = one.json("POST", "/api/pictures?name=mine.png", b"not a picture")
    assert other.ask("GET", f"/api/pictures/{picture['id']}/file")[0] == 400
    assert other.json("GET", "/api/pictures")["pictures"] == []


def test_a_picture_beyond_the_limit_is_refused_before_it_is_sent(page):
    visitor = page.visitor().enter()
    with socket.create_connection(("127.0.0.1", page.port), timeout=30) as link:
        link.sendall(
            f"POST /api/pictures?name=x HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\n"
            f"Origin: http://127.0.0.1:{page.port}\r\nCookie: {visitor.cookie}\r\n"
            f"Content-Length: {300 << 20}\r\n\r\n".encode()
        )
        assert b"413" in link.recv(64)


def test_an_empty_picture_is_refused(page):
    assert page.visitor().enter().ask("POST", "/api/pictures?name=x", b"")[0] == 400


@pytest.mark.parametrize(
    "start", [b"ZISRAWFILE", b"\x00\x00\x00\x18ftypheic", bytes(128) + b"DICM"]
)
def test_what_a_library_would_decode_in_the_page_s_process_is_refused(page, start):
    visitor = page.visitor().enter()
    status, _, content = visitor.ask("POST", "/api/pictures?name=x.png", start + bytes(200))
    assert (status, b"which the page does not read" in content) == (400, True)
    assert visitor.json("GET", "/api/pictures")["pictures"] == []


@pytest.mark.parametrize("path", ["/assets/../_app.py", "/assets/%2e%2e/_app.py", "/api/none"])
def test_nothing_beside_the_assets_is_served(page, path):
    assert page.visitor().enter().ask("GET", path)[0] == 404


@pytest.mark.parametrize("body", [b"[", b"[1]", b"{" * 100_000, b'{"models": 3}', b"\xff"])
def test_what_is_no_request_is_answered_with_a_sentence(page, body):
    visitor = page.visitor().enter()
    status, _, content = visitor.ask("POST", "/api/classify", body)
    assert status == 400
    assert b"message" in content


def test_other_machines_need_a_certificate():
    with pytest.raises(InvalidRequestError, match="--tls-cert"):
        WebConfig(host="0.0.0.0")


def test_other_machines_log_in(demo, tmp_path, start):
    certificate, key, authority = write_certificate(tmp_path)
    page = start(
        "--host", "0.0.0.0", "--tls-cert", certificate, "--tls-key", key, "--server", demo.address,
        "--login-token", "let me in", "--name", "localhost",
    )  # fmt: skip
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", page.port)) as raw:
        link = context.wrap_socket(raw, server_hostname="localhost")
        body = b'{"token": "let me in"}'
        host = f"localhost:{page.port}"

        def ask(head, content=b""):
            link.sendall(head.replace("HOST", host).encode() + content)
            answer = http.client.HTTPResponse(link)
            answer.begin()
            return f"{answer.status} {answer.headers} {answer.read().decode()}"

        assert '"login":true' in ask("GET /api/session HTTP/1.1\r\nHost: HOST\r\n\r\n")
        assert "401 " in ask("GET /api/models HTTP/1.1\r\nHost: HOST\r\n\r\n")
        answer = ask(
            "POST /api/login HTTP/1.1\r\nHost: HOST\r\nOrigin: https://HOST\r\n"
            f"Content-Length: {len(body)}\r\n\r\n",
            body,
        )
        assert '"role":"visitor"' in answer
        assert "__Host-" in answer
        assert "Secure" in answer
        link.close()


def test_what_visitors_left_is_removed_with_the_page(demo, tmp_path, start):
    page = start("--server", demo.address, temporary=tmp_path)
    visitor = page.visitor().enter()
    visitor.json("POST", "/api/pictures?name=x", b"secret")
    (folder,) = tmp_path.glob("zoobridge-web-*")
    assert folder.stat().st_mode & 0o77 == 0
    page.stop()
    assert not list(tmp_path.glob("zoobridge-web-*"))


def test_what_a_killed_page_left_is_removed_by_the_next(demo, tmp_path, start):
    page = start("--server", demo.address, temporary=tmp_path)
    page.visitor().enter().json("POST", "/api/pictures?name=x", b"secret")
    page.process.kill()
    page.process.wait()
    left = list(tmp_path.glob("zoobridge-web-*"))
    assert left
    start("--server", demo.address, temporary=tmp_path)
    assert not left[0].exists()
