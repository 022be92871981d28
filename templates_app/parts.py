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
# An address that a reader without HTML can go to; a field of a template may stand in for it.
_HREF = re.compile(
    r"""\shref=(?:"((?:https?:|\ue000)[^"]*)"|'((?:https?:|\ue000)[^']*)'|((?:https?:|\ue000)[^\s"'>]+))""", re.IGNORECASE
)
_URL = re.compile(r"https?://[^\s<>\"']+")


def text_of(html: str) -> str:
    """Return the words of `html` as plain text: blocks on lines of their own, links with their addresses, no more."""
    first, *chunks = _without_comments(html).split("<")
    reader = _Reader()
    reader.say(first)
    for chunk in chunks:
        tag, bracket, words = chunk.partition(">")
        if bracket and (tag.startswith("!") or _NAME.match(tag)):
            reader.enter(tag)
            reader.say(words)
        else:
            reader.say(f"<{chunk}")  # a bare less-than sign
    return _tidy(unescape("".join(reader.pieces)))


def _without_comments(html: str) -> str:
    first, *rest = html.split("<!--")
    return first + "".join(chunk.partition("-->")[2] for chunk in rest)


class _Reader:
    """Gathers what is said, tag by tag."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._hidden = ""  # the element whose content is not shown, while we are inside of it
        self._link = ""  # the address of the link that we are in
        self._link_from = 0  # where its words begin among the pieces

    def say(self, words: str) -> None:
        """Take text as it stands between two tags."""
        if not self._hidden:
            self.pieces.append(_SPACE.sub(" ", words))

    def enter(self, tag: str) -> None:
        """Note what a tag begins or ends."""
        found = _NAME.match(tag)
        name = found.group().lower() if found else ""
        if self._hidden:
            self._hidden = "" if name == f"/{self._hidden}" else self._hidden
            return
        bare = name.removeprefix("/")
        if bare == "a":
            self._end_link()
            self._begin_link(tag if name == "a" else "")
        elif _BLOCKS.fullmatch(bare):
            self.pieces.append("\n" if bare in {"div", "tr"} else "\n\n")
        elif name in _BREAKS:
            self.pieces.append(_BREAKS[name])
        self._hidden = name if name in _HIDDEN else ""

    def _begin_link(self, tag: str) -> None:
        found = _HREF.search(tag)
        self._link = (found[1] or found[2] or found[3] or "").strip() if found else ""
        self._link_from = len(self.pieces)

    def _end_link(self) -> None:
        """Write the address behind the words of a link, unless they are it."""
        if self._link and self._link != "".join(self.pieces[self._link_from :]).strip():
            self.pieces.append(f" ({self._link})")
        self._link = ""


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
