"""What readers are answered, what counts, and what a token is good for (T11, T28)."""

from __future__ import annotations

import base64
import errno
import os
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from gateway.engine import hits
from tests.gateway.api.links.conftest import Ask, Counted, path_of
from tests.gateway.api.links.test_targets import NEVER
from tracking.links import Link, Purpose, make_url, read_token

TARGET = "https://shop.example/?a=1&b=%20#top"
ONE_CLICK = urlencode({"List-Unsubscribe": "One-Click"}).encode()
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
MULTIPART = b'--frontier\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--frontier--\r\n'


@pytest.fixture(autouse=True)
def _no_database() -> None:
    """Nothing here asks for the database, which pytest-django then forbids: no answer may need one."""


def test_it_works_for_a_pixel(ask: Ask, counted: Counted) -> None:
    answer = ask(path_of(Purpose.OPEN, account=7, recipient=8))
    assert (answer.status, answer.headers["Content-Type"], len(answer.body)) == (200, "image/gif", 43)
    assert answer.body.startswith(b"GIF89a\x01\x00\x01\x00")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    (hit,) = counted()
    assert (hit.purpose, hit.account_id, hit.recipient_id, hit.url) == (Purpose.OPEN, 7, 8, "")
    assert (hit.address, hit.agent) == ("192.0.2.44", "Mozilla/5.0 (test)")


def test_it_works_for_a_click(ask: Ask, counted: Counted) -> None:
    answer = ask(path_of(Purpose.CLICK, account=7, recipient=8, target=TARGET))
    assert (answer.status, answer.headers["Location"], answer.body) == (302, TARGET, b"")
    assert "Set-Cookie" not in answer.headers
    (hit,) = counted()
    assert (hit.purpose, hit.recipient_id, hit.url) == (Purpose.CLICK, 8, TARGET)


def test_a_pixel_may_have_a_suffix(ask: Ask, counted: Counted) -> None:
    assert ask(path_of(Purpose.OPEN) + ".gif").status == 200
    assert len(counted()) == 1


@pytest.mark.parametrize("purpose", [Purpose.OPEN, Purpose.CLICK])
def test_head_is_answered_and_counts_nothing(ask: Ask, counted: Counted, purpose: Purpose) -> None:
    path = path_of(purpose, target=TARGET)
    got, headed = ask(path), ask(path, "HEAD")
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")
    assert len(counted()) == 1


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("HTTP_SEC_PURPOSE", "prefetch"),
        ("HTTP_SEC_PURPOSE", "prefetch;prerender"),
        ("HTTP_PURPOSE", "prefetch"),
        ("HTTP_PURPOSE", "Preview"),
        ("HTTP_X_PURPOSE", "preview"),
        ("HTTP_X_MOZ", "prefetch"),
    ],
)
def test_foresight_is_answered_and_counts_nothing(ask: Ask, counted: Counted, header: str, value: str) -> None:
    answer = ask(path_of(Purpose.CLICK, target=TARGET), **{header: value})
    assert answer.headers["Location"] == TARGET
    assert ask(path_of(Purpose.OPEN), **{header: value}).status == 200
    assert counted() == []


@pytest.mark.parametrize("purpose", list(Purpose))
def test_any_bent_bit_is_worth_nothing(ask: Ask, counted: Counted, purpose: Purpose) -> None:
    head, _, token = path_of(purpose, target="https://a.example/").rpartition("/")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw) * 8):
        bent = bytearray(raw)
        bent[place // 8] ^= 1 << place % 8
        spelt = base64.urlsafe_b64encode(bent).rstrip(b"=").decode()
        answer = ask(f"{head}/{spelt}", "POST" if purpose is Purpose.UNSUBSCRIBE else "GET", ONE_CLICK, **FORM)
        assert answer.status == 404
        assert "Location" not in answer.headers
    assert counted() == []


@pytest.mark.parametrize("target", NEVER)
def test_no_token_of_ours_leads_where_nobody_is_sent(ask: Ask, counted: Counted, target: str) -> None:
    answer = ask(path_of(Purpose.CLICK, target=target))
    assert answer.status == 404
    assert "Location" not in answer.headers
    assert counted() == []


def test_no_url_in_a_query_is_honoured(ask: Ask) -> None:
    query = "url=https://evil.example&u=//evil.example&target=https://evil.example"
    assert ask("/t/c/", QUERY_STRING=query).status == 404
    answer = ask(path_of(Purpose.CLICK, target=TARGET), QUERY_STRING=query)
    assert answer.headers["Location"] == TARGET


def test_a_token_is_for_one_host(ask: Ask, counted: Counted) -> None:
    for purpose in Purpose:
        path = path_of(purpose, target=TARGET)
        assert ask(path, HTTP_HOST="track.globex.example").status == 404
        assert ask(path, HTTP_HOST="").status == 404
        assert ask(path, HTTP_HOST="track.acme.example:8443").status == 404
    assert counted() == []


def test_a_host_is_the_same_in_capitals_and_with_its_usual_port(ask: Ask) -> None:
    for host in ("TRACK.acme.example", "track.acme.example:443"):
        assert ask(path_of(Purpose.OPEN), HTTP_HOST=host).status == 200


def test_a_token_is_for_one_purpose(ask: Ask) -> None:
    token = path_of(Purpose.OPEN, target=TARGET).rpartition("/")[2]
    assert ask(f"/t/c/{token}").status == 404
    assert ask(f"/t/u/{token}", "POST", ONE_CLICK, **FORM).status == 404


def test_a_forwarded_host_counts_behind_a_proxy_alone(ask: Ask, settings: Settings) -> None:
    forwarded = {"HTTP_HOST": "10.0.0.1:8000", "HTTP_X_FORWARDED_HOST": "track.acme.example"}
    assert ask(path_of(Purpose.OPEN), **forwarded).status == 404
    settings.GATEPOST_PROXIES = 1
    assert ask(path_of(Purpose.OPEN), **forwarded).status == 200
    lied = {**forwarded, "HTTP_X_FORWARDED_HOST": "track.acme.example, track.globex.example"}
    assert ask(path_of(Purpose.OPEN), **lied).status == 404


def test_a_forwarded_address_counts_behind_a_proxy_alone(ask: Ask, counted: Counted, settings: Settings) -> None:
    ask(path_of(Purpose.OPEN), HTTP_X_FORWARDED_FOR="198.51.100.7")
    settings.GATEPOST_PROXIES = 1
    ask(path_of(Purpose.OPEN), HTTP_X_FORWARDED_FOR="203.0.113.1, 198.51.100.7")
    assert [hit.address for hit in counted()] == ["192.0.2.44", "198.51.100.7"]


@pytest.mark.parametrize(
    "path",
    ["/t/", "/t/o", "/t/o/", "/t/x/abc", "/t/o/abc", "/t/c/..", "/t/c/a/b", "/t/c/" + "A" * 30_000, "/t/u/é", "/t/o/%00"],
)
def test_everything_else_is_one_plain_answer(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.body) == (404, b"This link leads nowhere.\n")


@pytest.mark.parametrize("agent", ["x" * 100_000, "a\r\nb\0c\x1b[31m", "J\xc3\xbcrgen", "\xff\xfe"])
def test_an_agent_is_bounded_and_plain(ask: Ask, counted: Counted, agent: str) -> None:
    ask(path_of(Purpose.OPEN), HTTP_USER_AGENT=agent)
    (hit,) = counted()
    assert len(hit.agent) <= 500
    assert hit.agent.isprintable()


@pytest.mark.parametrize(("said", "kept"), [("", ""), ("unix:", ""), ("::ffff:192.0.2.1", "192.0.2.1")])
def test_an_address_is_one_or_nothing(ask: Ask, counted: Counted, said: str, kept: str) -> None:
    ask(path_of(Purpose.OPEN), REMOTE_ADDR=said)
    assert counted()[0].address == kept


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(ask: Ask, counted: Counted, method: str) -> None:
    for purpose in (Purpose.OPEN, Purpose.CLICK):
        answer = ask(path_of(purpose, target=TARGET), method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert counted() == []


def test_a_disk_that_fails_keeps_no_reader_from_a_page(
    ask: Ask, counted: Counted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "fdatasync", fail)
    assert ask(path_of(Purpose.CLICK, target=TARGET)).headers["Location"] == TARGET
    assert ask(path_of(Purpose.OPEN)).status == 200
    assert counted() == []
    assert "not counted" in caplog.text


def fail(_: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


# The way out --------------------------------------------------------------------------------------------------------


@pytest.fixture
def _platform_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts have no pages of their own (test_pages.py has those that do)."""
    monkeypatch.setattr("gateway.api.links.pages.find_pages", lambda *_: ())


pages = pytest.mark.usefixtures("_platform_pages")


@pages
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_the_page_unsubscribes_nobody(ask: Ask, counted: Counted, method: str) -> None:
    answer = ask(path_of(Purpose.UNSUBSCRIBE), method, HTTP_SEC_PURPOSE="prefetch")
    assert answer.status == 200
    assert ask(path_of(Purpose.UNSUBSCRIBE), method, QUERY_STRING="List-Unsubscribe=One-Click").status == 200
    assert counted() == []


@pages
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded; charset=UTF-8"),
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded; charset=ISO-8859-1"),
        (b"List-Unsubscribe=One-Click\r\n", "text/plain"),
        (b"List-Unsubscribe=One-Click", ""),
        (MULTIPART, "multipart/form-data; boundary=frontier"),
    ],
)
def test_one_click_unsubscribes(ask: Ask, counted: Counted, body: bytes, kind: str) -> None:
    answer = ask(path_of(Purpose.UNSUBSCRIBE, account=7, recipient=8), "POST", body, CONTENT_TYPE=kind)
    assert answer.status == 200
    assert b"You are unsubscribed" in answer.body
    assert "Set-Cookie" not in answer.headers
    (hit,) = counted()
    assert (hit.purpose, hit.account_id, hit.recipient_id, hit.address) == (Purpose.UNSUBSCRIBE, 7, 8, "192.0.2.44")


@pages
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=No", "application/x-www-form-urlencoded"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b'{"List-Unsubscribe": "One-Click"}', "application/json"),
        (b"--frontier\r\nrubbish", "multipart/form-data; boundary=frontier"),
        (MULTIPART, "multipart/form-data"),
        (ONE_CLICK + b"&a=" + b"x" * 10_000, "application/x-www-form-urlencoded"),
        (
            b'--frontier\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n' * 120,
            "multipart/form-data; boundary=frontier",
        ),
    ],
)
def test_a_post_that_does_not_say_so_unsubscribes_nobody(ask: Ask, counted: Counted, body: bytes, kind: str) -> None:
    answer = ask(path_of(Purpose.UNSUBSCRIBE), "POST", body, CONTENT_TYPE=kind)
    assert answer.status == 400
    assert b"<form" in answer.body
    assert counted() == []


@pages
def test_nothing_in_a_post_makes_it_anothers(ask: Ask, counted: Counted) -> None:
    body = ONE_CLICK + b"&recipient=9&recipient_id=9&email=other@inbox.example&account_id=9"
    ask(path_of(Purpose.UNSUBSCRIBE, account=7, recipient=8), "POST", body, QUERY_STRING="recipient_id=9", **FORM)
    assert [(hit.account_id, hit.recipient_id) for hit in counted()] == [(7, 8)]


def test_a_token_cannot_be_made_for_another_recipient(ask: Ask, counted: Counted) -> None:
    mine = path_of(Purpose.UNSUBSCRIBE, recipient=8).rpartition("/")[2]
    other = path_of(Purpose.UNSUBSCRIBE, recipient=9).rpartition("/")[2]
    mac, body = mine[:21], other[21:]  # whole letters of the MAC; the one between holds both
    for between in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        assert ask(f"/t/u/{mac}{between}{body[1:]}", "POST", ONE_CLICK, **FORM).status == 404
    assert counted() == []


@pages
def test_who_could_not_be_unsubscribed_is_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdatasync", fail)
    answer = ask(path_of(Purpose.UNSUBSCRIBE), "POST", ONE_CLICK, **FORM)
    assert answer.status == 503
    assert b"Try again" in answer.body
    assert b"You are unsubscribed" not in answer.body


def test_a_link_made_elsewhere_in_the_product_is_the_one_that_is_read(settings: Settings) -> None:
    url = make_url(settings.GATEPOST_URL, Purpose.OPEN, Link(account_id=1, recipient_id=2))
    host = settings.GATEPOST_URL.partition("//")[2]
    assert read_token(url.rpartition("/")[2], Purpose.OPEN, host) is not None
    assert url.startswith(f"{settings.GATEPOST_URL}/t/o/")
    assert hits.folder().name == "hits"
