"""The web process over a real socket: chunked bodies, bounded, and the doors without middleware."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from gateway import wsgi
from gateway.wsgi import application
from tests.support.services import free_port

pytestmark = pytest.mark.django_db  # Django's signals look after connections that other tests left open
DEADLINE = 30.0
MAX_BODY = 200_000


def call(path: str, body: bytes = b"", **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """Call the application as a server does; return status, headers and body."""
    started: list[Any] = []
    given = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    } | environ
    answer = application(given, lambda status, headers, *_: started.extend([status, dict(headers)]))
    return started[0], started[1], b"".join(answer)


@pytest.mark.parametrize("encoding", ["chunked", "Chunked"])
def test_a_chunked_body_is_read(encoding: str) -> None:
    body = b'{"ContentType": "html", "Subject": "' + b"x" * 3_000_000 + b'"}'
    answer = call("/api/v1/email", body, HTTP_TRANSFER_ENCODING=encoding)[2]
    assert [error["Code"] for error in json.loads(answer)["Errors"]] == [1, 3, 10, 20]


def test_a_chunked_body_that_is_too_large_is_not_read_to_its_end(settings: Settings) -> None:
    settings.GATEPOST_MAX_BODY = 1000
    stream = io.BytesIO(b"x" * 5000)
    status, _, answer = call("/api/v1/email", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": stream})
    assert status.startswith("413")
    assert b"1000 bytes" in answer
    assert stream.tell() == 1001


@pytest.mark.parametrize(
    "environ", [{"CONTENT_LENGTH": "1001"}, {"CONTENT_LENGTH": "x"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_a_large_body_for_a_page_is_not_written_anywhere(settings: Settings, environ: dict[str, str]) -> None:
    settings.GATEPOST_MAX_BODY = 1000
    stream = io.BytesIO(b"x" * 5000)
    status, headers, answer = call("/console/login/", **environ, **{"wsgi.input": stream})
    assert status.startswith("413")
    assert stream.tell() <= 1001
    assert headers["Content-Length"] == str(len(answer))
    assert b"larger than 1,000 bytes" in answer


def test_of_a_reader_without_a_token_little_is_read() -> None:
    stream = io.BytesIO(b"x" * 500_000)
    status, _, _ = call("/t/u/abc", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": stream})
    assert status.startswith("404")
    assert stream.tell() == 10_001


def test_a_length_beats_the_encoding() -> None:
    answer = call("/api/v1/email", b"{}xxx", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="2")[2]
    assert json.loads(answer)["Errors"][0]["Code"] == 1


def test_the_doors_stand_before_the_middleware() -> None:
    status, headers, _ = call("/V1.0/nothing", HTTP_HOST="no such host!")
    assert status.startswith("200")
    assert "X-Frame-Options" not in headers
    assert call("/nothing")[1]["X-Frame-Options"] == "DENY"


def test_every_dialect_is_a_door() -> None:
    paths = ["/v1.0/x", "/apiv2/x", "/API/v2.0/x", "/api/v1/x"]
    assert all(path.lower().startswith(wsgi.DOORS) for path in paths)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a web server, as production runs it."""
    found = free_port()
    folder = tmp_path_factory.mktemp("web")
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(found)]
    environ = {"GATEPOST_DATA": str(folder), "GATEPOST_MAX_BODY": str(MAX_BODY), "PATH": "/usr/bin:/bin"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*command, "gateway.wsgi:application"], env=environ, cwd=_root(), stdout=log, stderr=log)
    try:
        _wait_for(found, folder / "log")
        yield found
    finally:
        server.terminate()
        server.wait(DEADLINE)


def _root() -> Path:
    return Path(wsgi.__file__).parent.parent


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(log.read_text())


def exchange(port: int, request: bytes) -> bytes:
    """Send a request as it stands and return all of the answer."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read()


def chunked(path: str, body: bytes, size: int = 700) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def test_a_chunked_body_over_a_socket(port: int) -> None:
    body = json.dumps({"ContentType": "html", "Subject": "x" * 5000}).encode()
    head, _, answer = exchange(port, chunked("/api/v1/email", body)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert [error["Code"] for error in json.loads(answer)["Errors"]] == [1, 3, 10, 20]


def test_a_chunked_body_over_a_socket_is_bounded(port: int) -> None:
    answer = exchange(port, chunked("/v1.0/messages/sendMail", b"x" * (MAX_BODY + 1), 10_000))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"name":"ValidationError"' in answer


def test_a_plain_body_over_a_socket(port: int) -> None:
    head = b"POST /v1.0/messages/sendMail HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    assert b'"message":"owner_id is required."' in exchange(port, head)


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1.0/nothing"), ("PUT", "/v1.0/messages/sendMail")])
def test_a_body_that_nobody_asked_for_does_not_cost_the_connection(port: int, method: str, path: str) -> None:
    """Pooled clients send their next call on the connection of the refused one."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=DEADLINE)) as client:
        for _ in range(5):
            client.request(method, path, b"x" * 100_000, {"Content-Type": "application/json"})
            first = client.sock
            client.getresponse().read()
            assert client.sock is first
