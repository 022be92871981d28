"""Links in HTML: those that a browser would follow, judged by another tokenizer too; and nothing else is touched."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from turbohtml import TokenType, tokenize

from tracking.rewrite import cut
from tracking.rewrite_html import find_in_html, unescape_attribute
from tracking.rewrite_urls import read_target

CORPUS = Path(__file__).resolve().parents[3] / "shared/corpora/html"
SAMPLES = sorted(CORPUS.glob("*.html"))
PIXEL = "<!--pixel-->"
SHOP = "https://shop.example/"

# What makes tags, comments and elements without tags, so that a few pieces in a row meet every state of a tokenizer.
PIECES = st.sampled_from(
    [
        *("<a ", "<A\n", "<area ", "<v:rect ", "<ab ", "<a/", "<a", "<p>", "</a>", "</a href=https://no.example>", "</body>"),
        *(
            "</BODY >",
            "</body",
            "<style>",
            "</style>",
            "</STYLE >",
            "<script>",
            "</script>",
            "<title>",
            "</title>",
            "<textarea>",
        ),
        *(
            "</textarea>",
            "<xmp>",
            "</xmp>",
            "</styles>",
            "<!--",
            "-->",
            "--!>",
            "<!-->",
            "<!--->",
            "<!---->",
            "<!",
            "<?",
            "</",
            "</3",
        ),
        *(
            "<",
            ">",
            "/",
            "/>",
            "=",
            " ",
            "\t",
            "\n",
            "\f",
            '"',
            "'",
            "-",
            "--",
            "!",
            "x",
            "title=",
            "title",
            "alt='>'",
            "<=",
            "< a",
        ),
        *(
            "href=",
            "HREF = ",
            "href",
            "xhref=",
            "data-href=",
            "href=''",
            'href="',
            "href='",
            "https://a.example/",
            "'https://b.example/'",
        ),
        *(
            '"https://c.example/?a=1&amp;b=2"',
            "http://d.example/?a&copy=1&amp",
            "mailto:x@y.example",
            "#top",
            "//e.example/",
            '" ',
        ),
        *(
            "<!DOCTYPE html>",
            "<![CDATA[",
            "]]>",
            "&amp;",
            "&#104;ttps://f.example",
            "\0",
            "é",
            "<ſtyle>",
            "<noframeſ>",
            "<scrıpt>",
            "</ſcript>",
            "<script ",
        ),
    ]
)
soups = st.lists(PIECES, max_size=25).map("".join)


def targets(html: str) -> list[str]:
    return [span.target for span in find_in_html(html).spans]


def hrefs_by_tokens(html: str) -> Iterator[str]:
    """Yield what another tokenizer takes for links, those within comments apart."""
    for token in tokenize(html):
        if token.type is TokenType.START_TAG and re.fullmatch(r"a|area|v:[a-z]+", token.tag or ""):
            yield from [
                target for name, value in (token.attrs or []) if name == "href" and (target := read_target(value or ""))
            ]


def rewrite(html: str) -> str:
    return cut("html", html, links=True, ours=()).fill(lambda target: f"http://t.example/{len(target)}", PIXEL)


def test_it_works() -> None:
    html = f'<body><p>Hello <a class="b" href="{SHOP}?a=1&amp;b=2">shop</a></p></body>\r\n'
    links = cut("html", html, links=True, ours=())
    assert links.fill({f"{SHOP}?a=1&b=2": "http://t.example/1"}.__getitem__, "<img>") == (
        '<body><p>Hello <a class="b" href="http://t.example/1">shop</a></p><img></body>\r\n'
    )


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (f"<a href='{SHOP}'>", [SHOP]),
        (f"<a href={SHOP}>", [SHOP]),
        (f"<a href={SHOP}/>", [f"{SHOP}/"]),  # a slash is part of an unquoted value
        (f"<A\n\tHREF\n=\n'{SHOP}'\n>", [SHOP]),
        (f'<a title="a > b" href="{SHOP}">', [SHOP]),
        (f"<a title='href=x' {{% if a %}}href=\"{SHOP}\">", []),  # to a browser the name is `%}href`
        (f'<a href="{SHOP}1" href="{SHOP}2">', [f"{SHOP}1"]),
        (f'<area shape="rect" href="{SHOP}">', [SHOP]),
        ('<a href="HTTPS://Shop.example">', ["HTTPS://Shop.example"]),
        (f'<a href=" \n{SHOP}a\r\n\tb ">', [f"{SHOP}ab"]),
        (f'<a href="{SHOP}?a=1&copy=2&lt;&#x26;&#38;&amp">', [f"{SHOP}?a=1&copy=2<&&&"]),
        (f'<!--[if mso]><v:roundrect href="{SHOP}" arcsize="8%"><w:anchorlock/></v:roundrect><![endif]-->', [SHOP]),
        (f'<!--[if !mso]><!--><a href="{SHOP}"><!--<![endif]-->', [SHOP]),
        (f'<!--[if !mso]> --><a href="{SHOP}"><!-- <![endif]-->', [SHOP]),
        (f'<![if !mso]><a href="{SHOP}"><![endif]>', [SHOP]),
        (f'<!--[if mso]><style>a > b {{}}</style><a href="{SHOP}">x</a><![endif]--><a href="{SHOP}2">', [SHOP, f"{SHOP}2"]),
        (f'<style><!-- </style><a href="{SHOP}"> -->', [SHOP]),
        (f'<noscript><a href="{SHOP}"></noscript>', [SHOP]),
        (f'<a id=it\'s href="{SHOP}">', [SHOP]),
        (f'a < b <3 <a href="{SHOP}">', [SHOP]),
    ],
)
def test_what_a_reader_may_follow_is_a_link(html: str, found: list[str]) -> None:
    assert targets(html) == found


@pytest.mark.parametrize(
    "html",
    [
        f'<link href="{SHOP}"><base href="{SHOP}"><img src="{SHOP}"><form action="{SHOP}">',
        f'<abbr href="{SHOP}"><a data-href="{SHOP}">',
        f'<!-- <a href="{SHOP}"> -->',
        f'<!-- [if mso]><a href="{SHOP}"><![endif]-->',
        f'<script>x = "<a href=\\"{SHOP}\\">"</script><style>/* <a href="{SHOP}"> */</style>',
        f'<title><a href="{SHOP}"></title><textarea><a href="{SHOP}"></textarea><xmp><a href="{SHOP}"></xmp>',
        f'<plaintext></plaintext><a href="{SHOP}">',
        f"<p title='<a href=\"{SHOP}\">'>",
        f'<a href="{SHOP}',
        f'<a href="{SHOP}"',
        f'<a title="<a href={SHOP}>',
        *(
            f'<a href="{url}">'
            for url in ("mailto:x@y.example", "tel:+1", "#x", "cid:1", "/a", "//a.example", "", "http://", "https:a")
        ),
        *(
            f'<a href="{url}">'
            for url in (
                "javascript:alert(1)",
                "ftp://a.example/",
                "http:///a",
                "https://?",
                "https://a.example\\b",
                "https://a b/",
                "https://@:80/",
                "https://i❤.ws",
                f"{SHOP}&#1;a",
            )
        ),
        *(
            f'<a href="{SHOP}{field}">'
            for field in ("{{x}}", "{{ user.id }}", "%NAME%", "?a=%ADDRESS%&amp;b", "{% if a %}", "<%= x %>")
        ),
        *(
            f'<a href="{SHOP}{field}">'
            for field in ("*|UNSUB|*", "?e=[EMAIL]", "[[x]]", "{name}", "${x}", "{{{ pm:unsubscribe }}}")
        ),
        f'<a href="{SHOP}{"a" * 8000}">',
    ],
)
def test_all_else_stays(html: str) -> None:
    assert targets(html) == []
    assert rewrite(html).replace(PIXEL, "") == html


@pytest.mark.parametrize(
    "end", ["?a=%C3%A4%20b", "?a=100%25", "?filter[name]=x&a[0][b]=1", "?a=50%", "a%2Fb%2Fc", "ä/ö?ü=ß", "?{}"]
)
def test_what_only_looks_like_a_field_is_tracked(end: str) -> None:
    assert targets(f'<a href="{SHOP}{end}">') == [SHOP + end]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<body>Hello", "</body></html>"),
        ("<body>Hello", "</BODY\n >"),
        ("<body>a</body><p>b", "</body>"),
        ("<p>no body</p>\n", ""),
        ("", ""),
        ("Hello ", "<!-- never closed"),
        ("Hello ", "<style> never closed"),
        ("Hello ", '<a href="never closed'),
        ("<body>Hello<!-- </body> -->", "</body>"),
        ("<body>Hello<!--[if mso]></body><![endif]-->", ""),
    ],
)
def test_the_end_is_where_a_reader_would_see_it(before: str, after: str) -> None:
    assert rewrite(before + after) == before + PIXEL + after


@given(soups)
@example("<a href=https://a.example/?x>")
@example("<style><a href=https://a.example/></style >")
def test_links_are_those_of_another_tokenizer(html: str) -> None:
    assert targets(html) == list(hrefs_by_tokens(html))


@given(soups)
def test_nothing_but_links_and_the_end_is_touched(html: str) -> None:
    found = cut("html", html, links=True, ours=())
    spans = iter([html[span.begin : span.end] for span in find_in_html(html).spans])
    filled = [""] * (2 * len(found.targets) + 1)
    filled[::2], filled[1::2] = found.pieces, ["" if target is None else next(spans) for target in found.targets]
    assert "".join(filled) == html


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem[:60])
def test_real_mails_stay_equal_but_for_links_and_one_pixel(path: Path) -> None:
    html = path.read_bytes().decode("utf-8", "surrogateescape")
    outside = re.sub(r"<!--\[if[^\]>]*\]>|<!\[endif\]-->", "", html)  # what Outlook sees is HTML to it
    assert sorted(targets(html)) == sorted(hrefs_by_tokens(outside))
    changed = rewrite(html)
    assert changed.count(PIXEL) == 1
    originals = iter([html[span.begin : span.end] for span in find_in_html(html).spans])
    assert re.sub(r"http://t\.example/\d+", lambda _: next(originals), changed.replace(PIXEL, "")) == html
    assert targets(changed) == [f"http://t.example/{len(target)}" for target in targets(html)]


@pytest.mark.parametrize(
    "nonsense",
    [
        *(
            '<a href="',
            "<a href='",
            "<a href=",
            "<a ",
            "<a",
            "<",
            "<!--",
            "<!--[if mso]>",
            "<!--[if",
            "</body",
            "</",
            "<!",
            "<?",
        ),
        *(
            "<style>",
            "<style></styl",
            "<title><!--",
            "-->",
            "<a =",
            "<a href=\" '",
            "<a / ",
            "&",
            "&#",
            "<a href=https://x.example/",
        ),
        *(
            "<!--[if mso]><a href='",
            "<!--[if mso]>-->",
            "<p a=' b=\" ",
            "<a href='https://a.example/{' ",
            "%A",
            "<script><!--<script>",
        ),
        '<a href="https://a.example/[a">',
    ],
)
def test_a_megabyte_of_nonsense_takes_no_time(nonsense: str) -> None:
    html = nonsense * (1_000_000 // len(nonsense))
    began = time.process_time()
    rewrite(html)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "value", ["&#" + "1" * 9999 + ";", "{" * 500_000, "%A" * 500_000, "[a" * 300_000, "&a" * 300_000, "&#x0;"]
)
def test_a_long_value_takes_no_time(value: str) -> None:
    began = time.process_time()
    assert targets(f'<a href="{SHOP}{value}">') == ([f"{SHOP}\ufffd"] if len(value) < 9999 + 9 else [])
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("&amp;&lt;&quot;&#39;&apos;", "&<\"''"),
        ("&amp=1&amp2&amp;2&amp", "&amp=1&amp2&2&"),
        ("&notit;&not;&not", "&notit;¬¬"),
        ("&#128;&#x80;&#0;&#xD800;&#x110000;", "€€\ufffd\ufffd\ufffd"),
        ("&#65&#x41;&#00065;", "AAA"),
        ("&NotEqualTilde;&unknown;&", "≂̸&unknown;&"),
    ],
)
def test_references_mean_what_they_mean_in_attributes(written: str, meant: str) -> None:
    assert unescape_attribute(written) == meant
