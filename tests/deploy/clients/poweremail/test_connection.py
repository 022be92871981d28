"""Connections: kept, verified, and never waited for without end."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

import PowerEmail
from gateway.listeners.tls import keep_self_signed, make_context
from PowerEmail import connection, transport
from tests.deploy.clients.poweremail.wire import OK, TOKEN, fail, http, meet
from tests.support.web import drip, hang, reset

MAIL = {"text": "Hello"}


def send(client):
    return client.sendMail("smtp12345", MAIL)


def send_twice(client):
    return send(client), send(client)


def test_it_works() -> None:
    said, web = meet(http(OK), send_twice)
    assert said == (OK, OK)
    assert (web.connections, len(web.requests)) == (1, 2)


def test_a_connection_that_the_server_ends_is_not_used_again() -> None:
    said, web = meet(http(OK, Connection="close"), send_twice)
    assert (said, web.connections) == ((OK, OK), 2)


def test_a_connection_that_ended_while_it_was_idle_is_not_used_again() -> None:
    async def behave(reader, writer):
        writer.write(http(OK))
        await writer.drain()
        writer.close()

    def use(client):
        send(client)
        time.sleep(0.2)
        return send(client)

    said, web = meet(behave, use)
    assert (said, web.connections) == (OK, 2)


def test_a_connection_that_was_idle_for_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "IDLE", 0.0)
    assert meet(http(OK), send_twice)[1].connections == 2


def test_a_child_process_does_not_talk_on_its_parent_s_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def use(client):
        send(client)
        monkeypatch.setattr(os, "getpid", lambda: -1)
        return send(client)

    assert meet(http(OK), use)[1].connections == 2


def test_threads_share_a_client() -> None:
    def use(client):
        said = []
        threads = [threading.Thread(target=lambda: said.extend(send(client) for _ in range(20))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return said

    said, web = meet(http(OK), use)
    assert said == [OK] * 160
    assert web.connections <= 8


def test_no_more_connections_are_kept_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_KEPT", 0)
    assert meet(http(OK), send_twice)[1].connections == 2


def test_an_answer_that_ends_with_its_connection_is_read() -> None:
    async def behave(reader, writer):
        writer.write(b'HTTP/1.0 200 OK\r\n\r\n{"status": "success"}')
        await writer.drain()
        writer.close()

    assert meet(behave, send)[0] == {"status": "success"}


def test_an_answer_in_chunks_is_read() -> None:
    said = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"status"\r\nb\r\n:"success"}\r\n0\r\n\r\n'
    answers, web = meet(said, send_twice)
    assert answers == ({"status": "success"}, {"status": "success"})
    assert web.connections == 1


@pytest.mark.parametrize(
    "behave",
    [hang, drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", b" ")],
    ids=["silent", "slow head", "slow body"],
)
def test_no_server_holds_a_caller(behave) -> None:
    began = time.monotonic()
    error = fail(behave, PowerEmail.NetworkError, timeout=0.5)
    assert time.monotonic() - began < 3
    assert error.may_have_arrived
    assert str(error).endswith("/v1.0/ in time.")


def test_a_server_that_does_not_read_holds_nobody() -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = PowerEmail.PowerEmail("acme", TOKEN, f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.5)
        with pytest.raises(PowerEmail.NetworkError) as raised:
            client.sendMail("smtp12345", {"text": "x" * 20_000_000})
    assert raised.value.may_have_arrived
    assert time.monotonic() - began < 3


def test_a_tls_handshake_that_never_comes_holds_nobody() -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = PowerEmail.PowerEmail("acme", TOKEN, f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=0.5)
        with pytest.raises(PowerEmail.NetworkError) as raised:
            send(client)
    assert not raised.value.may_have_arrived
    assert time.monotonic() - began < 3


def test_what_breaks_is_told() -> None:
    assert fail(reset, PowerEmail.NetworkError).may_have_arrived
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{}"

    async def behave(reader, writer):
        writer.write(cut)
        await writer.drain()
        writer.close()

    assert "98 octets before" in str(fail(behave, PowerEmail.NetworkError))
    assert fail(b"220 hello\r\n", PowerEmail.NetworkError).may_have_arrived


def test_who_does_not_listen_is_told_to_have_got_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PowerEmail.NetworkError, match=r"Cannot reach .*refused") as raised:
        send(PowerEmail.PowerEmail("acme", TOKEN, f"http://127.0.0.1:{port}"))
    assert not raised.value.may_have_arrived


def test_a_name_that_does_not_exist_is_told() -> None:
    with pytest.raises(PowerEmail.NetworkError, match=r"Cannot reach http://.{70}\.invalid"):
        send(PowerEmail.PowerEmail("acme", TOKEN, f"http://{'x' * 70}.invalid"))


def test_the_server_is_verified(tmp_path: Path) -> None:
    certificate = keep_self_signed(tmp_path / "tls.pem", "mail.example")
    tls = make_context(certificate)
    error = fail(http(OK), PowerEmail.NetworkError, tls=tls)
    assert "certificate verify failed" in str(error)
    assert not error.may_have_arrived
    trusting = ssl.create_default_context(cafile=str(certificate))
    said, web = meet(http(OK), send_twice, tls=tls, ssl_context=trusting)
    assert said == (OK, OK)
    assert web.connections == 1


def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 1000)
    assert "more than 1000 octets" in str(fail(http(b" " * 5000), PowerEmail.UnexpectedAnswer))


def test_a_client_that_is_dropped_closes_its_connections() -> None:
    def use(client):
        other = PowerEmail.PowerEmail("acme", TOKEN, client.root)
        send(other)
        (kept,) = other._transport._kept
        assert kept.sock is not None
        del other
        gc.collect()
        return kept

    assert meet(http(OK), use)[0].sock is None
