from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.links import LONGEST_TARGET, Link, Purpose, make_url, read_token

BASE = "https://track.acme.example"
LINK = Link(account_id=7, recipient_id=123_456_789_012, page_id=3, target="https://shop.example/?a=1&b=%20#top")


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_it_works() -> None:
    url = make_url(BASE, Purpose.CLICK, LINK)
    assert url.startswith("https://track.acme.example/t/c/")
    assert read_token(token_of(url), Purpose.CLICK, "Track.acme.example") == LINK


@given(
    st.integers(0, 2**63 - 1),
    st.integers(0, 2**63 - 1),
    st.text(st.characters(codec="utf-8"), max_size=200),
)
def test_whatever_it_says_comes_back(account: int, recipient: int, target: str) -> None:
    link = Link(account_id=account, recipient_id=recipient, target=target)
    assert read_token(token_of(make_url("http://127.0.0.1:8000", Purpose.CLICK, link)), Purpose.CLICK, "127.0.0.1:8000") == link


def test_a_changed_letter_makes_it_worthless() -> None:
    token = token_of(make_url(BASE, Purpose.CLICK, LINK))
    for place, letter in enumerate(token):
        changed = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        assert read_token(changed, Purpose.CLICK, "track.acme.example") is None


def test_a_token_has_one_spelling() -> None:
    token = token_of(make_url(BASE, Purpose.OPEN, Link(account_id=1, recipient_id=2)))
    others = [token[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    assert sum(read_token(other, Purpose.OPEN, "track.acme.example") is not None for other in others) == 1
    assert read_token(token + "=", Purpose.OPEN, "track.acme.example") is None


def test_it_is_for_its_purpose_and_host_only() -> None:
    token = token_of(make_url(BASE, Purpose.OPEN, LINK))
    assert read_token(token, Purpose.UNSUBSCRIBE, "track.acme.example") is None
    assert read_token(token, Purpose.OPEN, "track.globex.example") is None


@pytest.mark.parametrize("token", ["", "A", "é", "..", "A" * 22, "A" * 20_000, "%00", "a b"])
def test_rubbish_is_not_read(token: str) -> None:
    assert read_token(token, Purpose.OPEN, "track.acme.example") is None


def test_the_longest_link_goes_through_proxies() -> None:
    link = Link(
        account_id=2**63 - 1,
        recipient_id=2**63 - 1,
        page_id=2**63 - 1,
        target="https://a.example/" + "x" * (LONGEST_TARGET - 18),
    )
    url = make_url("https://track.acme.example", Purpose.CLICK, link)
    assert len(f"GET {url.removeprefix('https://track.acme.example')} HTTP/1.1\r\n") < 8000
