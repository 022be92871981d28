"""The demo's inbox: mail that was caught, whatever it is made of."""

from __future__ import annotations

import asyncio
import json
from html import escape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from gateway.console import inbox
from gateway.listeners.journal import Journal, Stage, Transaction

MAIL = (
    b"From: Acme <hello@acme.example>\r\nTo: ann@example.net\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nplain words\r\n"
    b'--x\r\nContent-Type: text/html\r\n\r\n<b>bold words</b><script>alert(1)</script><img src="http://evil.example/x">\r\n'
    b"--x\r\nContent-Type: text/html; name=page.html\r\n"
    b"Content-Disposition: attachment\r\n\r\n<script>alert(2)</script>\r\n--x--\r\n"
)
ATTACK = "\"'><script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings, db: None) -> Path:
    settings.GATEPOST_INBOX = str(tmp_path)
    settings.GATEPOST_URL = "https://mail.example"
    return tmp_path


def write(folder: Path, *entries: Any) -> None:
    (folder / "journal.jsonl").write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))


def test_it_works(client: Client, folder: Path) -> None:
    (folder / "1.eml").write_bytes(MAIL)
    write(folder, {"path": "1.eml", "mail_from": "b@r.example", "rcpt_to": [{"address": "ann@example.net"}], "dkim": "pass"})
    page = client.get("/inbox/").content.decode()
    for words in ("Grüße", "ann@example.net", "b@r.example", "DKIM pass", "plain words", "bold words", "page.html"):
        assert words in page, words


def test_there_is_no_inbox_without_a_demo(client: Client, settings: Settings) -> None:
    settings.GATEPOST_INBOX = ""
    for path in ("/inbox/", "/inbox/1/", "/inbox/1/source/", "/inbox/1/files/0/"):
        assert client.get(path).status_code == 404


def test_an_empty_inbox_says_so(client: Client, folder: Path) -> None:
    assert "Nothing has arrived yet" in client.get("/inbox/").content.decode()


def test_a_folder_that_is_not_there_is_an_empty_inbox(client: Client, folder: Path, settings: Settings) -> None:
    settings.GATEPOST_INBOX = str(folder / "missing")
    assert client.get("/inbox/").status_code == 200


def test_the_receiving_servers_own_journal_is_read(folder: Path) -> None:
    with (folder / "journal.jsonl").open("wb") as lines:
        journal = Journal(lines, folder)
        sent = Transaction(
            number=1,
            time=1_800_000_000.5,
            client="127.0.0.1",
            helo="mta",
            tls="TLSv1.3",
            stage=Stage.DOT,
            mail_from="b@r.example",
        )
        sent.rcpt_to, sent.content = [("ann@example.net", "250 Ok")], MAIL
        _record(journal, sent)
    [mail] = inbox.read_page(folder, 1)
    assert (mail.mail_from, mail.rcpt_to, mail.tls) == ("b@r.example", ("ann@example.net",), "TLSv1.3")
    assert mail.at.timestamp() == 1_800_000_000.5
    assert mail.verdict == "none"


def _record(journal: Journal, transaction: Transaction) -> None:
    async def run() -> None:
        journal.record(transaction)
        journal.flush()

    asyncio.run(run())


def test_the_newest_stands_first_and_pages_follow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "PER_PAGE", 2)
    for number in (1, 2, 10):
        (folder / f"{number}.eml").write_bytes(MAIL)
    assert [mail.number for mail in inbox.read_page(folder, 1)] == [10, 2]
    assert [mail.number for mail in inbox.read_page(folder, 2)] == [1]


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"\x00" * 99, bytes(range(256)) * 50, b"Subject: \r\n" * 9999, b"\r\n--x\r\n" * 999]
)
def test_garbage_is_shown(raw: bytes, client: Client, folder: Path) -> None:
    (folder / "7.eml").write_bytes(raw)
    assert client.get("/inbox/").status_code == 200
    assert client.get("/inbox/7/").status_code == 200
    assert client.get("/inbox/7/source/").content == raw


@pytest.mark.parametrize(
    "line",
    [
        b"garbage{",
        b"[1]",
        b"null",
        b'{"path": 5}',
        b'{"path": "1.eml", "rcpt_to": 5, "time": "x", "mail_from": []}',
        b"[" * 5000,
        b'{"path": "1.eml", "rcpt_to": [[], [1], {}, null], "time": 1e99}',
        b"\xff\xfe",
    ],
)
def test_a_broken_journal_is_read_as_far_as_it_goes(line: bytes, client: Client, folder: Path) -> None:
    (folder / "1.eml").write_bytes(MAIL)
    (folder / "journal.jsonl").write_bytes(line + b"\n")
    assert "Grüße" in client.get("/inbox/").content.decode()


def test_other_files_are_not_mail(client: Client, folder: Path) -> None:
    for name in ("x.eml", "-1.eml", ".5.eml", "notes.txt"):
        (folder / name).write_bytes(b"secret")
    (folder / "3.eml").mkdir()
    assert "Nothing has arrived yet" in client.get("/inbox/").content.decode()
    assert client.get("/inbox/5/").status_code == 404


def test_files_are_downloads(client: Client, folder: Path) -> None:
    (folder / "1.eml").write_bytes(MAIL)
    answer = client.get("/inbox/1/files/0/")
    assert answer.content.strip() == b"<script>alert(2)</script>"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert client.get("/inbox/1/files/1/").status_code == 404


def test_a_mail_is_read_as_its_recipient_would_and_no_further(client: Client, folder: Path) -> None:
    (folder / "1.eml").write_bytes(MAIL)
    answer = client.get("/inbox/")
    frame = answer.content.decode().partition("<iframe")[2].partition("</iframe>")[0]
    assert "allow-scripts" not in frame
    assert "allow-same-origin" not in frame
    assert "alert" not in frame
    assert "img-src data: https://mail.example&quot;" in frame
    assert "img-src 'self' https://mail.example data:" in answer.headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in answer.headers["Content-Security-Policy"]


def test_no_header_and_no_journal_line_becomes_html(client: Client, folder: Path) -> None:
    (folder / "1.eml").write_bytes(f"Subject: {ATTACK}\r\nFrom: {ATTACK}\r\nX-{ATTACK}: x\r\n\r\n{ATTACK}".encode())
    write(folder, {"path": "1.eml", "mail_from": ATTACK, "rcpt_to": [ATTACK], "tls": ATTACK, "dkim": ATTACK})
    page = client.get("/inbox/1/").content.decode()
    assert escape(ATTACK) in page
    assert "<script>alert" not in page


def test_the_inbox_only_reads(client: Client, folder: Path) -> None:
    assert client.post("/inbox/").status_code == 405
