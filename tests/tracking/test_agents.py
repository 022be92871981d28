"""Readers' programs and systems, by what they really send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.agents import Agent, read_agent

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("text", "program", "system"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            ("Chrome", "142.0.0.0"),
            ("Windows", "10"),
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Edg/142.0.1",
            ("Edge", "142.0.1"),
            ("Windows", "10"),
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.1 Safari/605.1.15",
            ("Safari", "18.1"),
            ("macOS", "10.15.7"),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {_WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1",
            ("Safari", "18.1"),
            ("iOS", "18.1"),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {_WEBKIT} Mobile/15E148",
            ("Apple Mail", "605.1.15"),
            ("iOS", "18.1"),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ("Firefox", "145.0"), ("Linux", "")),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
            ("Thunderbird", "128.4.0"),
            ("Linux", ""),
        ),
        ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", ("Internet Explorer", "11.0"), ("Windows", "7")),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            ("Gmail image proxy", ""),
            ("Windows", "XP"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; 2211133C) AppleWebKit/537.36 Chrome/116.0 Mobile MicroMessenger/8.0.44.2502",
            ("WeChat", "8.0.44.2502"),
            ("Android", "14"),
        ),
        (
            "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
            ("Outlook", "16.0.17328"),
            ("Windows", "10"),
        ),
        ("", ("", ""), ("", "")),
        ("my own reader", ("", ""), ("", "")),
    ],
)
def test_it_works(text: str, program: tuple[str, str], system: tuple[str, str]) -> None:
    found = read_agent(text)
    assert (found.program, found.program_version) == program
    assert (found.system, found.system_version) == system


@given(st.text(max_size=2000))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(read_agent(text), Agent)
