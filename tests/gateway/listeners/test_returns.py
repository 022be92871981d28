from __future__ import annotations

import smtplib
import ssl
from collections.abc import Generator
from pathlib import Path

import pytest
from pytest_django import Settings

from gateway.engine.returns import make_return_path
from gateway.listeners import returns
from gateway.listeners.returns import Maildir, open_returns
from tests.support.sink import running

BOUNCE = "From: MAILER-DAEMON@inbox.example\r\nSubject: Undelivered Mail\r\n\r\nSorry.\r\n"


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.GATEPOST_DATA = tmp_path
    return tmp_path / "returns"


@pytest.fixture
def door(folder: Path) -> Generator[int]:
    with running(open_returns()) as port:
        yield port


def bounce(port: int, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("", recipients, BOUNCE)


def test_it_works(door: int, folder: Path) -> None:
    path = make_return_path(42)
    bounce(door, path)
    [kept] = (folder / "new").iterdir()
    assert kept.read_text() == f"Delivered-To: {path}\nReturn-Path: <>\n" + BOUNCE.replace("\r\n", "\n")
    assert list((folder / "tmp").iterdir()) == []


def test_a_return_path_may_come_back_in_capitals(door: int, folder: Path) -> None:
    bounce(door, make_return_path(42).upper())
    assert len(list((folder / "new").iterdir())) == 1


@pytest.mark.parametrize(
    "recipient",
    ["b+aaaaaaaaaaaaaaaaaaaa@returns.localhost", "b+@returns.localhost", "postmaster@returns.localhost", "ben@inbox.example"],
)
def test_other_addresses_are_refused(door: int, folder: Path, recipient: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        bounce(door, recipient)
    assert refused.value.recipients[recipient] == (550, b"5.1.1 No such return path")
    assert list((folder / "new").iterdir()) == []


def test_a_return_path_comes_back_by_the_domain_of_a_customer_too(door: int, folder: Path) -> None:
    bounce(door, make_return_path(42, "bounce.acme.example"))
    (mail,) = (folder / "new").iterdir()
    assert b"@bounce.acme.example\r\n" in mail.read_bytes()


def test_it_offers_tls(door: int, folder: Path) -> None:
    with smtplib.SMTP("localhost", door, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(folder.parent / "tls.pem")))
        client.sendmail("", make_return_path(7), BOUNCE)
    assert len(list((folder / "new").iterdir())) == 1


def test_the_last_room_on_the_disk_is_not_for_strangers(door: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returns, "LEAST_FREE", 10**18)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        bounce(door, make_return_path(42))
    assert refused.value.smtp_code == 452
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_full_disk_is_said(door: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Maildir, content: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Maildir, "add", fail)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        bounce(door, make_return_path(42))
    assert refused.value.smtp_code == 452


def test_half_a_mail_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    maildir = Maildir(tmp_path)
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        maildir.add(b"x")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
