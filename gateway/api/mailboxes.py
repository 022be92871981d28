"""Mailboxes as people write them: `support@example.com`, `Support <support@example.com>`, and lists of them in one text.

Only taken apart here; whether an address is one is for `engine.checks` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.engine.submission import Mailbox
from gateway.engine.words import decode_words

_MARKS = re.compile(r'\\.|["\\;]', re.DOTALL)
_PIECE = re.compile("[^;]+")
_escaped = re.compile(r"\\(.)", re.DOTALL)


def parse_mailbox(text: str) -> Mailbox:
    """Return the mailbox in `text`; a name in quotes or encoded words (RFC 2047) is decoded."""
    text = text.strip()
    name, opened, address = text[:-1].rpartition("<") if text.endswith(">") else ("", "", text)
    if not opened:
        return Mailbox(email=text)
    return Mailbox(email=address.strip(), name=_read_name(name.strip()))


def split_mailboxes(text: str) -> Iterator[Mailbox]:
    """Yield the mailboxes in a list separated by `;`, one by one: there may be millions of them.

    Blanks between separators do not count, quotes hide a `;`.
    """
    return (parse_mailbox(item) for item in _split(text) if item.strip())


def _split(text: str) -> Iterator[str]:
    """Yield what stands between `;` outside of quotes; where a quote does not end, it is no quote."""
    if '"' not in text or sum(mark[0] == '"' for mark in _MARKS.finditer(text)) % 2:
        yield from (piece[0] for piece in _PIECE.finditer(text))
        return
    start, is_quoted = 0, False
    for mark in _MARKS.finditer(text):
        if mark[0] == '"':
            is_quoted = not is_quoted
        elif mark[0] == ";" and not is_quoted:
            yield text[start : mark.start()]
            start = mark.end()
    yield text[start:]


def _read_name(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return _escaped.sub(r"\1", name[1:-1])
    return decode_words(name) if "=?" in name else name
