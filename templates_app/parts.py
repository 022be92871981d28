"""The other body of a message, made from the one that was given, for callers who ask for it.

Both directions take time linear in the length of the body, whatever stands in it.
"""

from __future__ import annotations

import re
from html import escape, unescape

_HIDDEN = frozenset({"head", "script", "style", "template", "title"})
_BLOCKS = re.compile(
    "address|article|aside|blockquote|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|hr|main|nav|ol|p|pre|section|table|tr|ul"
)
_BREAKS = {"br": "\n", "li": "\n- ", "td": " ", "th": " "}
_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:-]*")
_SPACE = re.compile(r"\s+")
_URL = re.compile(r"https?://[^\s<>\"']+")


def text_of(html: str) -> str:
    """Return the words of `html` as plain text: blocks on lines of their own, no markup, no scripts or styles."""
    first, *chunks = _without_comments(html).split("<")
    pieces = [_SPACE.sub(" ", first)]
    hidden = ""  # the element whose content is not shown, while we are inside of it
    for chunk in chunks:
        tag, bracket, words = chunk.partition(">")
        if bracket and (tag.startswith("!") or _NAME.match(tag)):
            hidden = _enter(tag, hidden, pieces)
        else:
            words = f"<{chunk}"  # a bare less-than sign
        if not hidden:
            pieces.append(_SPACE.sub(" ", words))
    return _tidy(unescape("".join(pieces)))


def _without_comments(html: str) -> str:
    first, *rest = html.split("<!--")
    return first + "".join(chunk.partition("-->")[2] for chunk in rest)


def _enter(tag: str, hidden: str, pieces: list[str]) -> str:
    """Note the break that `tag` makes; return what is hidden from here on."""
    found = _NAME.match(tag)
    name = found.group().lower() if found else ""
    if hidden:
        return "" if name == f"/{hidden}" else hidden
    bare = name.removeprefix("/")
    if _BLOCKS.fullmatch(bare):
        pieces.append("\n" if bare in {"div", "tr"} else "\n\n")
    elif name in _BREAKS:
        pieces.append(_BREAKS[name])
    return name if name in _HIDDEN else ""


def _tidy(text: str) -> str:
    tidied: list[str] = []
    for line in (part.strip() for part in text.split("\n")):
        if line or (tidied and tidied[-1]):
            tidied.append(line)
    return "\n".join(tidied).strip()


def html_of(text: str) -> str:
    """Return plain `text` as HTML: escaped, lines kept, web addresses as links."""
    body = _URL.sub(lambda found: f'<a href="{found.group()}">{found.group()}</a>', escape(text, quote=False))
    lines = body.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>\n")
    return f"<!DOCTYPE html>\n<html><body>\n{lines}\n</body></html>\n"
