"""Where bodies begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.rewrite_body import LAST, MAX_MARKS, find_body, find_body_end


@pytest.mark.parametrize(
    "html",
    [
        "|Hi",
        "|<p>",
        "<html><body>|Hi",
        '<!DOCTYPE html>\n<html lang="a>b"><head><title><body></title></head><body class="a>b"\nid=\'c>\'>|Hi',
        "<!-- <body> --><html><head><style><body></style></head>|Hi",
        "<BODY\nbgcolor=red>|Hi",
        "<html><head></head>|<p>",
        "<!DOCTYPE html>|Hi",
        "<!--><body>|Hi",
        "|<body",
        "|<bodyless>Hi",
        "|<body a='>Hi",
        "|<!-- Hi <body>",
        "|<script><body></script>",
    ],
)
def test_a_body_begins(html: str) -> None:
    assert find_body(html.replace("|", "", 1)) == html.index("|")


@pytest.mark.parametrize(
    "html",
    [
        "Hi|",
        "Hi|</body></html>",
        "Hi|</BODY >\n<!-- </body> --></html>",
        "</body>Hi|</body>",
        "Hi|</body\n>",
        "Hi</bodyless>|",
        "<script></body></script>|",
        "<!-- </body> -->Hi|",
        "Hi|</body><script>a</script>",
    ],
)
def test_a_body_ends(html: str) -> None:
    assert find_body_end(html.replace("|", "", 1)) == html.index("|")


def test_only_the_beginning_and_the_end_are_looked_at() -> None:
    assert find_body("<title></title>" * MAX_MARKS + "<body>") == 0
    long = "</body>" + " " * LAST
    assert find_body_end(long) == len(long)


@given(
    st.lists(st.sampled_from(["<body>", "</body>", "<!--", "-->", "<html>", "</head>", "<script>", "</script>", "a", '"', ">"]))
)
def test_any_text_has_a_place(pieces: list[str]) -> None:
    html = "".join(pieces)
    assert 0 <= find_body(html) <= len(html)
    assert 0 <= find_body_end(html) <= len(html)
