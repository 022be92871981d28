"""The commands, each as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from gateway.models import Message
from tests.support.cast import Tenant

MAIL = "From: shop@acme.example\r\nTo: ben@inbox.example\r\nSubject: Hello\r\n\r\nHello\r\n"


@pytest.fixture
def tls(certificate: Path) -> dict[str, str]:
    """What production asks for."""
    return {"GATEPOST_TLS_CERT": str(certificate), "GATEPOST_TLS_KEY": str(certificate)}


@contextmanager
def running(
    *arguments: str, env: dict[str, str] | None = None, lines: int = 1
) -> Generator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a command; yield its process and the ports that its first lines name."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(lines)]
            assert all(" listening on " in f" {line}" for line in said), said
            yield process, [int(line.rpartition(":")[2]) for line in said]
        finally:
            process.kill()


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | env, timeout=60)


def test_sink(tmp_path: Path) -> None:
    with running("sink", "--port", "0", "--save", str(tmp_path), "--reply", "rcpt:550:bad@*") as (process, [port]):
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("a@b.example", ["c@d.example", "bad@d.example"], MAIL)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (tmp_path / "1.eml").read_bytes() == MAIL.encode()
    [line] = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert [each["reply"][:3] for each in json.loads(line)["rcpt_to"]] == ["250", "550"]


def test_sink_journals_to_its_output() -> None:
    with running("sink", "--port", "0") as (process, [port]):
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("a@b.example", "c@d.example", MAIL)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["size"] == len(MAIL)


@pytest.mark.django_db(transaction=True)
def test_submission(acme: Tenant, process_env: dict[str, str], tls: dict[str, str]) -> None:
    listeners = dict.fromkeys(("GATEPOST_SMTP", "GATEPOST_SMTPS", "GATEPOST_SMTP_PLAIN"), "127.0.0.1:0")
    env = process_env | tls | listeners | {"GATEPOST_SMTP_GREETING": "Hello from us"}
    with running("submission", env=env, lines=3) as (process, [port, tls_port, plain_port]):
        with smtplib.SMTP(timeout=10) as client:
            assert client.connect("127.0.0.1", plain_port) == (220, b"Hello from us")
            client.login(acme.smtp_user.name, acme.smtp_secret)
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.starttls()
            client.login(acme.smtp_user.name, acme.smtp_secret)
            client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
        with smtplib.SMTP_SSL("127.0.0.1", tls_port, timeout=10) as client:
            client.login(acme.smtp_user.name, acme.smtp_secret)
            client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
            process.send_signal(signal.SIGTERM)
            assert client.getreply()[0] == 421
        assert process.wait(10) == 0
    assert Message.objects.count() == 2


def test_returns(tmp_path: Path, tls: dict[str, str]) -> None:
    env = os.environ | tls | {"GATEPOST_DATA": str(tmp_path), "GATEPOST_RETURNS": "127.0.0.1:0"}
    with running("returns", env=env) as (process, [port]):
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.ehlo()
            client.mail("")
            assert client.rcpt("ben@inbox.example")[0] == 550
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path, tls: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("returns", GATEPOST_DATA=str(tmp_path), GATEPOST_RETURNS=f"127.0.0.1:{port}", **tls)
    assert done.returncode == 1
    assert done.stderr == f"CommandError: Port {port} on 127.0.0.1 is taken; set GATEPOST_RETURNS to another.\n"


def test_a_certificate_that_is_not_there_is_one_clear_line() -> None:
    done = run("returns", GATEPOST_TLS_CERT="/nowhere.pem")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: GATEPOST_TLS_CERT '/nowhere.pem'")
    assert done.stderr.count("\n") == 1


def test_a_database_that_is_not_ready_is_one_clear_line(tmp_path: Path) -> None:
    done = run("submission", DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3", GATEPOST_SMTP="127.0.0.1:0")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: The database's schema is behind")


def test_a_rule_that_is_none_is_explained() -> None:
    done = run("sink", "--port", "0", "--reply", "bla")
    assert done.returncode != 0
    assert "'bla' is no rule" in done.stderr
