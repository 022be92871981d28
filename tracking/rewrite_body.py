"""Where the body of an HTML mail begins and ends, so that something may stand first or last in it.

Found before a mail is stored, in the thread that stores all of them, so only the beginning and the end are looked at.
"""

from __future__ import annotations

import re

from gateway.base.patterns import possessive

MAX_MARKS = 1000  # tags and comments that are looked at, where no body comes
MAX_ENDS = 20  # ends of bodies
LAST = 65_536  # characters that the end of a body is looked for in

_MARK = re.compile(
    r"<(?:(?P<comment>!--)|(?P<name>!doctype|/?head|html|body|script|style|title|textarea|noscript|xmp|iframe)"
    r"(?=[ \t\n\f\r/>]))",
    re.IGNORECASE | re.ASCII,
)
_TAG_END = re.compile(possessive(r"""[^"'>]++|"[^"]*+"|'[^']*+'""") + ">")
_BODY_END = re.compile(r"</body(?=[ \t\n\f\r/>])", re.IGNORECASE | re.ASCII)
_EDGE_OF_HIDDEN = re.compile(r"-->|<(?:!--|/?(?:script|style|title|textarea))", re.IGNORECASE | re.ASCII)
_ENDS = ("-->", "</")
_BEFORE_BODY = frozenset(("!doctype", "html", "/head"))
_TAGS_ALONE = frozenset(("body", "head"))  # beside those above: what holds tags


def find_body(html: str) -> int:
    """Return where the body of an HTML text begins: after its `<body>`, else after what stands before a body; 0 without any."""
    begin = position = 0
    for _ in range(MAX_MARKS):
        mark = _MARK.search(html, position)
        if mark is None:
            break
        name = (mark["name"] or "").lower()
        end = _end_of(html, mark, name)
        if end < 0 or name == "body":
            return max(begin, end)
        begin = end if name in _BEFORE_BODY else begin
        position = end
    return begin


def find_body_end(html: str) -> int:
    """Return where the last `</body>` of an HTML text begins that is no part of a comment or a script; else its end."""
    last = html[-LAST:]
    for found in reversed(list(_BODY_END.finditer(last))[-MAX_ENDS:]):
        edge = _EDGE_OF_HIDDEN.search(last, found.end())
        if edge is None or not edge[0].startswith(_ENDS):
            return len(html) - len(last) + found.start()
    return len(html)


def _end_of(html: str, mark: re.Match[str], name: str) -> int:
    """Return where a tag, a comment or an element without tags ends, -1 where it does not."""
    if mark["comment"]:
        return _after(html, "-->", mark.end() - 2)  # <!--> is a comment, too
    tag = _TAG_END.match(html, mark.end())
    if tag is None:
        return -1
    if name in _BEFORE_BODY or name in _TAGS_ALONE:
        return tag.end()
    closing = re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE | re.ASCII).search(html, tag.end())
    return closing.start() + 1 if closing else -1


def _after(html: str, mark: str, position: int) -> int:
    found = html.find(mark, position)
    return found + len(mark) if found >= 0 else -1
