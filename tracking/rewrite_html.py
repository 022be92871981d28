"""Where the links stand in an HTML mail, and where its body ends: a tokenizer by the rules of HTML, 13.2.5, in linear time.

It finds what a browser would follow and Outlook too: `href` of `<a>` and `<area>`, also within conditional comments, and of VML
shapes. Other comments, the contents of style, script, textarea and title, and tags that never end hold no links. Nothing is
parsed into a tree and written again, so whatever is not a link stays as it is, octet by octet.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5

from gateway.base.patterns import possessive
from tracking.rewrite_urls import Found, Span, read_target

_BLANK = r"[ \t\n\f\r]"
_NAME = r"[A-Za-z][^ \t\n\f\r/>]*+"
_KEY = r"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+"
_VALUE = r""""[^"]*+"|'[^']*+'|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+"""
# A key with `=` needs its value whole: an open quote goes on to the end of the mail, and then there is no tag. The first line
# is for speed: most attributes have this form.
_ATTRIBUTES = possessive(rf'[ \t\n\f\r/]++{_KEY}="[^"]*+"') + possessive(
    rf"[ \t\n\f\r/]++|{_KEY}(?:{_BLANK}*+={_BLANK}*+(?:{_VALUE}|(?=>))|(?!{_BLANK}*+=))"
)

# Cases are those of ASCII: to Python, ſ would be an s too. First letters are spelled out, as a set of letters is passed over
# faster than a word in any case.
_LINKED = r"(?:[Aa](?ai:rea)?|[Vv]:[A-Za-z]+)"
_OPAQUE = (  # 13.2.6: no tags within
    r"(?:[Ss](?ai:cript|tyle)|[Tt](?ai:itle|extarea)|[Xx](?ai:mp)|[Ii](?ai:frame)|[Nn][Oo](?ai:embed|frames)|[Pp](?ai:laintext))"
)
_BODY_END = r"/[Bb](?ai:ody)"
_AFTER_NAME = r"(?=[ \t\n\f\r/>])"
_MARKS = rf"(?:{_LINKED}|{_OPAQUE}|{_BODY_END}){_AFTER_NAME}"

# Text, tags of no interest, and `<!...>`, `<?...>`, `</3...>`, which browsers take for comments that end with the first `>`.
_DULL = re.compile(
    possessive(rf"[^<]++|<(?:(?!{_MARKS})/?+{_NAME}{_ATTRIBUTES}>|(?![A-Za-z/!?])|(?:[?]|!(?!--)|/(?![A-Za-z]))[^>]*+>)")
)
_TOKEN = re.compile(
    rf"<(?:(?P<comment>!--(?P<empty>-?>)?)|(?P<linked>{_LINKED}){_AFTER_NAME}(?P<attributes>{_ATTRIBUTES})>"
    rf"|(?P<opaque>{_OPAQUE}){_AFTER_NAME}{_ATTRIBUTES}>|(?P<end>{_BODY_END}){_AFTER_NAME}{_ATTRIBUTES}>)"
)
_ATTRIBUTE = re.compile(rf"({_KEY})" + possessive(rf"{_BLANK}*+={_BLANK}*+({_VALUE})", "?"))
_SCRIPT_MARK = re.compile(r"<!(?=--)|-->|</?script(?=[ \t\n\f\r/>])", re.IGNORECASE | re.ASCII)
_COMMENT_END = re.compile(r"--!?>")
_CONDITION = re.compile(r"<!--\[if[^\]>]*+\]>", re.IGNORECASE | re.ASCII)

_REFERENCE = re.compile(r"&(?:#[0-9]++;?|#[xX][0-9a-fA-F]++;?|[A-Za-z][A-Za-z0-9]*+;?)")


def find_in_html(html: str) -> Found:
    """Return the links of an HTML text with their targets, and where its body ends.

    That is before the last `</body>`, else at the end of the text; before what opens there and never closes.
    """
    scan = _Scan(html)
    opened = scan.run(0, len(html))
    return Found(spans=tuple(scan.spans), end=opened if scan.body_end is None else scan.body_end)


class _Scan:
    """A walk through one text. `body_end` is where its last `</body>` begins."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.spans: list[Span] = []
        self.body_end: int | None = None

    def run(self, position: int, limit: int, *, is_within: bool = False) -> int:
        """Walk from `position` to `limit`; return where what is still open there begins. `is_within` a conditional comment."""
        while True:
            begin = _skip(self.html, position, limit)
            token = _TOKEN.match(self.html, begin, limit)
            if token is None:
                return begin
            position = token.end()
            if token["linked"]:
                self._read_link(token)
            elif token["end"]:
                self.body_end = self.body_end if is_within else begin
            elif not token["empty"]:
                position = self._pass_comment(begin, limit, is_within) if token["comment"] else self._pass_opaque(token, limit)
                if position < 0:
                    return begin

    def _pass_comment(self, begin: int, limit: int, is_within: bool) -> int:
        """Return where a comment ends, -1 where it does not; the inside of a conditional one is HTML to Outlook."""
        end = _COMMENT_END.search(self.html, begin + len("<!--"), limit)
        if end is None:
            return -1
        condition = None if is_within else _CONDITION.match(self.html, begin, end.start())
        if condition is not None:
            self.run(condition.end(), end.start(), is_within=True)
        return end.end()

    def _pass_opaque(self, token: re.Match[str], limit: int) -> int:
        """Return where the end tag of an element without tags begins, -1 where there is none."""
        name = token["opaque"].lower()
        if name == "script":
            return _find_end_of_script(self.html, token.end(), limit)
        found = _END_TAGS[name].search(self.html, token.end(), limit)
        return found.start() if found else -1

    def _read_link(self, token: re.Match[str]) -> None:
        begin, end = token.span("attributes")
        for attribute in _ATTRIBUTE.finditer(self.html, begin, end):
            if attribute[1].lower() == "href":  # the first one counts
                if attribute[2] is not None:
                    self._read_href(attribute)
                return

    def _read_href(self, attribute: re.Match[str]) -> None:
        begin, end = attribute.span(2)
        if self.html[begin] in "\"'":
            begin, end = begin + 1, end - 1
        target = read_target(unescape_attribute(self.html[begin:end].replace("\0", "\ufffd")))
        if target:
            self.spans.append(Span(begin=begin, end=end, target=target))


def _skip(html: str, position: int, limit: int) -> int:
    """Return where the next thing of interest begins."""
    match = _DULL.match(html, position, limit)
    return match.end() if match else position


def _find_end_of_script(html: str, position: int, limit: int) -> int:
    """Return where the end tag of a script begins, -1 where there is none: `<!-- <script>` hides the next one (13.2.5.20)."""
    depth = 0  # 1 within `<!--`, 2 within `<script>` in it
    for mark in _SCRIPT_MARK.finditer(html, position, limit):
        match mark[0].lower():
            case "<!":
                depth = max(depth, 1)
            case "-->":
                depth = 0
            case "<script":
                depth = min(2 * depth, 2)
            case _ if depth < 2:
                return mark.start()
            case _:
                depth = 1
    return -1


def _end_tag(name: str) -> re.Pattern[str]:
    # After <plaintext> all is text.
    return re.compile(r"(?!)" if name == "plaintext" else rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE | re.ASCII)


_TEXT_ONLY = ("style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext")
_END_TAGS = {name: _end_tag(name) for name in _TEXT_ONLY}


def unescape_attribute(value: str) -> str:
    """Return an attribute's value with its character references decoded, as browsers do (HTML, 13.2.5.73).

    Not as in text: in `?a=1&copy=2` there is no reference, as it has no semicolon and `=` follows.
    """
    return _REFERENCE.sub(_decode, value) if "&" in value else value


def _decode(reference: re.Match[str]) -> str:
    body = reference[0][1:]
    if body[0] == "#":
        return _decode_number(body[1:].rstrip(";"))
    if body in html5:
        after = reference.string[reference.end() : reference.end() + 1]
        return reference[0] if body[-1] != ";" and after == "=" else html5[body]
    return reference[0]


def _decode_number(digits: str) -> str:
    """Return the character of a number, `65` or `x41`; NUL for what HTML forbids, so that no link holds it."""
    base, digits = ("x", digits[1:]) if digits[0] in "xX" else ("", digits)
    return unescape(f"&#{base}{digits.lstrip('0')[:10] or '0'};") or "\0"
