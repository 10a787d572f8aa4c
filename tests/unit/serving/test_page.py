"""What the page's application answers, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message

from serving.console import say
from serving.forwarding import Api
from serving.learner_access import LearnerAccess
from serving.page import Files, PageConfig, accepts_gzip, application
from serving.page_server import PageServer

CONFIG = PageConfig("http://127.0.0.1:8080", "mnist", ["0", "1"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    above = tmp_path_factory.mktemp("above")
    page = above / "page"
    (page / "img").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>the page")
    (page / "app.js").write_text("export {};")
    (page / "style.css").write_text("body {}")
    (page / "icon.svg").write_text("<svg/>")
    (page / "config.json").write_text('{"endpoint": "elsewhere"}')
    (page / ".hidden.txt").write_text("hidden")
    (page / "notes.bak").write_text("no known type")
    (above / "secret.txt").write_text("secret")
    (page / "link.txt").symlink_to(above / "secret.txt")
    (page / "loop.txt").symlink_to(page / "loop.txt")
    (page / "dot.png").write_bytes(b"\x89PNG" + bytes(100))
    return page


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[PageServer]:
    running = PageServer(folder, 0, CONFIG, {"model.json": b'{"metadata": 1}'}, on_error=say)
    running.start()
    yield running
    running.stop()


def ask(
    server: PageServer, path: str, method: str = "GET", host: str | None = None, accept: str | None = None
) -> tuple[HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", server.host if host is None else host)
    if accept is not None:
        connection.putheader("Accept-Encoding", accept)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?x=1", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/dot.png", "image/png"),
        ("/config.json", "application/json"),
    ],
)
def test_files_have_their_media_type(server: PageServer, path: str, media_type: str) -> None:
    response, body = ask(server, path)
    assert (response.status, response.headers["Content-Type"]) == (200, media_type)
    assert len(body) == int(response.headers["Content-Length"]) > 0


def test_config_names_the_ports_in_use_not_the_file(server: PageServer) -> None:
    _, body = ask(server, "/config.json")
    assert json.loads(body) == {"endpoint": "http://127.0.0.1:8080", "model": "mnist", "labels": ["0", "1"]}


def test_config_leaves_out_the_labels_that_the_page_is_written_for() -> None:
    config = PageConfig("http://127.0.0.1:8080", "mnist", list("0123456789"))
    assert config.to_json() == {"endpoint": "http://127.0.0.1:8080", "model": "mnist"}


def test_a_learner_and_its_key_are_told_to_who_asks_at_the_pages_own_address_alone(folder: Path) -> None:
    config = replace(CONFIG, learner=LearnerAccess("http://127.0.0.1:8090", "secret"))
    server = PageServer(folder, 0, config, api=Api("http://127.0.0.1:8080", 1000))
    server.start()
    try:
        response, body = ask(server, "/config.json")
        assert json.loads(body)["learner"] == {"endpoint": "http://127.0.0.1:8090", "token": "secret"}
        assert (
            "connect-src 'self' http://127.0.0.1:8080 http://127.0.0.1:8090;"
            in response.headers["Content-Security-Policy"]
        )
        _, elsewhere = ask(server, "/config.json", host=f"localhost:{server.port}")
        assert "learner" not in json.loads(elsewhere)
    finally:
        server.stop()


def test_a_learner_beside_the_page_has_no_key_of_the_pages() -> None:
    config = replace(CONFIG, learner=LearnerAccess("learner"))
    assert config.to_json()["learner"] == {"endpoint": "learner"}


def test_further_files_appear_beside_the_page(server: PageServer) -> None:
    response, body = ask(server, "/model.json")
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == {"metadata": 1}
    assert ask(server, "/MODEL_CARD.md")[0].status == 404


def test_text_is_sent_gzipped_to_who_accepts_that(server: PageServer, folder: Path) -> None:
    plain, text = ask(server, "/app.js")
    packed, body = ask(server, "/app.js", accept="br, gzip")
    assert (plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(body) == text == (folder / "app.js").read_bytes()
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accept", "is_accepted"),
    [
        ("gzip", True),
        ("br;q=1, GZIP ; q=0.5", True),
        ("x-gzip", True),
        ("gzip;q=0.001", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("deflate, gzip; q=0.000", False),
        ("notgzip", False),
    ],
)
def test_who_refuses_gzip_gets_none(server: PageServer, folder: Path, accept: str, is_accepted: bool) -> None:
    assert accepts_gzip(accept) is is_accepted
    response, body = ask(server, "/app.js", accept=accept)
    assert response.headers["Content-Encoding"] == ("gzip" if is_accepted else None)
    assert response.headers["Vary"] == "Accept-Encoding"
    assert is_accepted or body == (folder / "app.js").read_bytes()


def test_a_picture_is_sent_as_it_is(server: PageServer, folder: Path) -> None:
    response, body = ask(server, "/dot.png", accept="gzip")
    assert response.headers["Content-Encoding"] is None
    assert body == (folder / "dot.png").read_bytes()


@pytest.mark.parametrize("accept", [None, "gzip"])
def test_head_has_the_headers_of_get_and_no_body(server: PageServer, accept: str | None) -> None:
    got, _ = ask(server, "/app.js", accept=accept)
    head, body = ask(server, "/app.js", method="HEAD", accept=accept)
    assert (head.status, body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.headers.keys() == got.headers.keys()


@pytest.mark.parametrize(
    ("path", "method", "host", "status"),
    [
        ("/", "GET", None, 200),
        ("/missing.js", "GET", None, 404),
        ("/config.json", "GET", None, 200),
        ("/", "POST", None, 405),
        ("/", "GET", "evil.example", 403),
        ("evil", "GET", None, 400),
        ("/app.js", "GET", None, 500),
    ],
)
def test_every_answer_carries_the_security_headers(
    server: PageServer, monkeypatch: pytest.MonkeyPatch, path: str, method: str, host: str | None, status: int
) -> None:
    if status == 500:
        monkeypatch.setattr(Files, "_find", lambda files, path: 1 / 0)
    response, _ = ask(server, path, method, host)
    headers = response.headers
    assert response.status == status
    policy = headers["Content-Security-Policy"]
    assert f"connect-src 'self' {CONFIG.endpoint};" in policy
    for rule in ("default-src 'self'", "img-src 'self' data: blob:", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "form-action 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/img/",
        "/img",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/img/../../secret.txt",
        "/img/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//../secret.txt",
        "/..%5csecret.txt",
        "/link.txt",
        "/loop.txt",
        "/.hidden.txt",
        "/notes.bak",
        "/app.js%00.txt",
        "/app.js/",
        "/" + "x" * 5000,
    ],
)
def test_nothing_but_the_pages_files_is_given_out(server: PageServer, path: str) -> None:
    response, body = ask(server, path)
    assert response.status == 404
    assert b"secret" not in body and b"hidden" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(server: PageServer, method: str) -> None:
    response, _ = ask(server, "/", method=method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("host", ["localhost:9000", "LOCALHOST", "127.0.0.1", "name-8000.app.github.dev"])
def test_the_page_is_served_under_other_names_of_this_machine(server: PageServer, host: str, method: str) -> None:
    response, body = ask(server, "/app.js", method=method, host=host)
    assert response.status == 200
    assert body == (b"export {};" if method == "GET" else b"")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example"])
def test_a_strangers_name_is_refused_with_the_way_to_allow_it(server: PageServer, host: str) -> None:
    response, body = ask(server, "/config.json", host=host)
    assert (response.status, response.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    name = host.partition(":")[0] or "NAME"
    for words in ("localhost, 127.0.0.1", f"make serve ALLOW_HOST={name} ", f"--allow-host {name})"):
        assert words in body.decode()
    assert b"endpoint" not in body


@pytest.mark.parametrize("path", ["@evil.example/", "http://evil.example/", "evil"])
def test_a_target_that_is_no_path_is_refused(server: PageServer, path: str) -> None:
    response, _ = ask(server, path, host="localhost")
    assert response.status == 400


def test_a_client_that_goes_away_leaves_no_traceback(
    server: PageServer, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "big.txt").write_bytes(b"x" * 20_000_000)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        # Closing with unread bytes and SO_LINGER 0 resets the connection in the middle of the answer.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.sendall(f"GET /big.txt HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
        client.recv(100)
    assert ask(server, "/")[0].status == 200
    assert capfd.readouterr().err == ""


def test_an_unreadable_file_is_a_500_and_one_line_for_the_operator(
    server: PageServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    response, body = ask(server, "/app.js")
    assert response.status == 500
    assert b"app.js" not in body
    assert capfd.readouterr().err.count("\n") == 1


def test_a_failure_of_the_application_is_a_500_and_one_line_for_the_operator(
    server: PageServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Files, "_find", lambda files, path: 1 / 0)
    response, body = ask(server, "/app.js")
    assert (response.status, body) == (500, b"The page's server failed.\n")
    assert capfd.readouterr().err == "ZeroDivisionError: division by zero\n"
    assert caplog.records == []


def test_the_application_serves_the_page_beside_others(folder: Path) -> None:
    """Mounted under a path, behind another server: asked by ASGI, without one."""
    page = application(folder, "https://digits.example", CONFIG, {}, on_error=pytest.fail)
    site = Starlette(routes=[Mount("/page", page)])
    assert asgi_get(site, "/page/app.js", "digits.example") == (200, b"export {};")
    assert asgi_get(site, "/page/", "digits.example") == (200, b"<!doctype html>the page")
    assert asgi_get(site, "/page/app.js", "localhost")[0] == 200
    assert json.loads(asgi_get(site, "/page/config.json", "localhost")[1])["endpoint"] == CONFIG.endpoint
    assert asgi_get(site, "/page/app.js", "evil.example")[0] == 403


def test_allowed_names_are_served(folder: Path) -> None:
    page = application(folder, "http://127.0.0.1:8000", CONFIG, {}, pytest.fail, allowed_hosts=["digits.example"])
    assert asgi_get(page, "/app.js", "digits.example:8443")[0] == 200
    assert asgi_get(page, "/app.js", "evil.example")[0] == 403


def test_allowed_endpoints_may_be_asked(folder: Path) -> None:
    others = ["https://api.example", "http://127.0.0.1:8180"]
    server = PageServer(folder, 0, CONFIG, allowed_endpoints=others)
    server.start()
    try:
        policy = ask(server, "/")[0].headers["Content-Security-Policy"]
    finally:
        server.stop()
    assert f"connect-src 'self' {CONFIG.endpoint} {' '.join(others)};" in policy


def test_the_page_is_told_of_a_sprite_of_test_digits(tmp_path: Path) -> None:
    page = application(tmp_path, "http://127.0.0.1:8000", CONFIG, {}, pytest.fail)
    assert "samples" not in json.loads(asgi_get(page, "/config.json", "localhost")[1])
    (tmp_path / "samples.json").write_text("{}")
    assert json.loads(asgi_get(page, "/config.json", "localhost")[1])["samples"] is True


def asgi_get(app: ASGIApp, path: str, host: str) -> tuple[int, bytes]:
    """The status and the body that an application answers a GET with.

    Asked in a thread of its own: in the whole suite the main thread may have Playwright's event loop running.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _asgi_get(app, path, host)).result()


async def _asgi_get(app: ASGIApp, path: str, host: str) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
