"""Texts cut at their links: plain text here, HTML in test_rewrite_html."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.api.links.targets import location_of
from tracking.rewrite import cut, is_armoured
from tracking.rewrite_urls import read_target

SHOP = "https://shop.example/"
OURS = ("https://t.example/t/",)


def mark(text: str) -> str:
    """Return `text` with its links in angle brackets, and a bar at its end."""
    return cut("plain", text, links=True, ours=OURS).fill(lambda target: f"<{target}>", "|")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        (f"See {SHOP}a?b=1&c=2#d now", f"See <{SHOP}a?b=1&c=2#d> now|"),
        (f"See {SHOP}. And {SHOP}a, {SHOP}b!?", f"See <{SHOP}>. And <{SHOP}a>, <{SHOP}b>!?|"),
        (f"(see {SHOP}a)", f"(see <{SHOP}a>)|"),
        (f"{SHOP}Bob_(name) [x]({SHOP}) {{{SHOP}}}", f"<{SHOP}Bob_(name)> [x](<{SHOP}>) {{<{SHOP}>}}|"),
        (f"({SHOP}a_(b)).", f"(<{SHOP}a_(b)>).|"),
        (f"\"{SHOP}\" '{SHOP}' *{SHOP}* “{SHOP}”", f"\"<{SHOP}>\" '<{SHOP}>' *<{SHOP}>* “<{SHOP}>”|"),
        (f"请看{SHOP}a。谢谢（{SHOP}）", f"请看<{SHOP}a>。谢谢（<{SHOP}>）|"),
        ("URL:HTTP://Shop.example:8080\r\n", "URL:<HTTP://Shop.example:8080>\r\n|"),
        (f"{SHOP}wiki/Österreich", f"<{SHOP}wiki/Österreich>|"),
        (f"{SHOP}a\n{SHOP}b", f"<{SHOP}a>\n<{SHOP}b>|"),
    ],
)
def test_a_url_goes_as_far_as_a_reader_would_take_it(text: str, marked: str) -> None:
    assert mark(text) == marked


def test_angle_brackets_stay_around_a_url() -> None:
    assert mark(f"<{SHOP}a.>") == f"<<{SHOP}a>.>|"


@pytest.mark.parametrize(
    "text",
    [
        *("www.shop.example", "mailto:a@shop.example", "git+https://shop.example/a", "http://", "https://?", "httpx://a"),
        *(f"{SHOP}{{{{code}}}}", f"{SHOP}%NAME%", "https://t.example/t/u/abc"),
    ],
)
def test_all_else_stays(text: str) -> None:
    assert mark(text) == f"{text}|"


@given(
    st.lists(st.sampled_from([SHOP, "http://", "(", ")", "[", "]", ".", ",", " ", "a", "<", ">", "é", "\n", '"']), max_size=20)
)
def test_nothing_but_links_is_touched(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert cut("plain", text, links=True, ours=OURS).fill(str, "") == text


@pytest.mark.parametrize(
    "nonsense", ["http://", f"{SHOP})", f"{SHOP}(", f"{SHOP}.", ")", f"{SHOP}" + ")" * 99_999, "https://a "]
)
def test_a_megabyte_of_nonsense_takes_no_time(nonsense: str) -> None:
    began = time.process_time()
    mark(nonsense * (1_000_000 // len(nonsense)))
    assert time.process_time() - began < 4


@given(st.one_of(st.text(max_size=30), st.text("a.:@/?#\\ [é%", max_size=12)))
@example("ö.example/ü")
@example("☃.example")
def test_what_is_tracked_is_what_the_door_of_readers_follows(rest: str) -> None:
    target = read_target(f"https://{rest}")
    assert not target or location_of(target)


def test_links_stay_where_they_are_not_tracked() -> None:
    for kind, text in (("plain", f"See {SHOP}"), ("html", f'<a href="{SHOP}">x</a></body>')):
        found = cut(kind, text, links=False, ours=())
        assert found.fill(lambda _: "no", "") == text
        assert found.targets == (None,)


@pytest.mark.parametrize(
    ("kind", "text", "has_one"),
    [
        ("html", f'<a href="{SHOP}Unsubscribe?u=1">Leave</a>', True),
        ("html", f'<a href="{SHOP}">Unsubscribe</a>', False),
        ("plain", f"Leave: {SHOP}opt-out", True),
        ("plain", "To unsubscribe, do nothing.", False),
    ],
)
def test_a_way_out_is_known_by_its_url(kind: str, text: str, has_one: bool) -> None:
    assert cut(kind, text, links=False, ours=()).has_way_out is has_one


def test_text_that_is_signed_by_itself_is_known() -> None:
    assert is_armoured(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{SHOP}\n-----BEGIN PGP SIGNATURE-----\n")
    assert not is_armoured(f"See {SHOP}")
