"""Where a tracked link may lead, and in which bytes (T11)."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.links.targets import location_of

KEPT = [
    "https://shop.example/",
    "HTTP://Shop.Example",
    "https://shop.example:8443/a%20b?x=1&y=%zz#top",
    "https://user:word@shop.example/",
    "https://[2001:db8::1]/a",
    "https://shop.example?to=//evil.example\\",
    "https://shop.example/a\\b'\"<>{}|^`",
    "https://shop.example#",
]
ENCODED = [
    ("https://shop.example/a b", "https://shop.example/a%20b"),
    ("https://shop.example/é?q=ü#ñ", "https://shop.example/%C3%A9?q=%C3%BC#%C3%B1"),
    ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
    ("https://例子.example:8080", "https://xn--fsqu00a.example:8080"),
    ("https://shop.example/\U0001f600", "https://shop.example/%F0%9F%98%80"),
]
NEVER = [
    "",
    "/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://shop.example/",
    "mailto:a@shop.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https://\\evil.example",
    "https://good.example\\@evil.example/",
    "https://",
    "https://?a",
    "https://#a",
    "https://:80/",
    "https://a@/",
    "https:// shop.example/",
    " https://shop.example/",
    "\thttps://shop.example/",
    "https://shop.example/\r\nSet-Cookie: a=b",
    "https://shop.example/\nX: y",
    "https://shop.example/\0",
    "https://shop.example/\x7f",
    "https://shop\u3000.example/",
    "https://\ud7ff\uffff/",
    "https://shop.example\u2028evil.example/",
]


@pytest.mark.parametrize("target", KEPT)
def test_it_works_byte_for_byte(target: str) -> None:
    assert location_of(target) == target


@pytest.mark.parametrize(("target", "location"), ENCODED)
def test_what_no_header_holds_goes_out_as_browsers_write_it(target: str, location: str) -> None:
    assert location_of(target) == location


@pytest.mark.parametrize("target", NEVER)
def test_nobody_is_sent_there(target: str) -> None:
    assert location_of(target) is None


@given(st.text(max_size=60).map(lambda rest: f"https://shop.example/{rest}"))
def test_a_location_is_one_plain_line_that_says_the_same(target: str) -> None:
    location = location_of(target)
    if location is not None:
        assert location.isascii()
        assert location.isprintable()
        assert " " not in location
        assert unquote(location) == unquote(target)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_it_is_it_is_absolute_or_nothing(start: str, rest: str) -> None:
    for target in (start + rest, f"https://{start}{rest}", f"{start}https://{quote(rest)}"):
        location = location_of(target)
        assert location is None or location.lower().startswith(("http://", "https://"))
