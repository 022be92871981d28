"""Lists of mailboxes as they stand in a header, `"Doe, John" <john@example.com>, jane@example.com` (RFC 5322 3.4).

Stricter than what mail programs read, as they disagree on the rest: no groups, no source routes, one comment at the end of a
bare address at most. What is taken has one reading only.
"""

from __future__ import annotations

import re

import idna

from gateway.base.patterns import possessive
from gateway.engine.submission import Mailbox
from gateway.engine.words import decode_words
from gateway.smtp.addresses import AddressError, parse_address

_WORD = possessive(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]|[^\x00-\x7f]", "+")
_QUOTED = '"' + possessive(r'[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[ -~]') + '"'
_PHRASE = rf"(?:{_WORD}|{_QUOTED})" + possessive(rf"[ \t]+(?:{_WORD}|{_QUOTED})")
_ADDRESS = rf"(?:{_QUOTED}|{_WORD})@{_WORD}"
_NAME = possessive(rf"(?P<name>{_PHRASE})", "?")
_COMMENT = possessive(r"[ \t]*+\((?P<comment>[^()\\]*+)\)", "?")
_MAILBOX = re.compile(
    rf"""[ \t]*+(?:
        {_NAME}[ \t]*+<[ \t]*+(?P<angle>{_ADDRESS})[ \t]*+>
        |(?P<bare>{_ADDRESS}){_COMMENT}
    )[ \t]*+(?:,|\Z)""",
    re.VERBOSE,
)
_WORDS = re.compile(rf"{_WORD}|{_QUOTED}")
_ESCAPED = re.compile(r"\\(.)")


class MailboxError(ValueError):
    """The text is no list of mailboxes; str() is a sentence that says why."""


def parse_mailboxes(text: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes in the unfolded value of a header, addresses in their normal form; raise MailboxError."""
    mailboxes = []
    position, comma = 0, True
    while position < len(text) or comma:
        match = _MAILBOX.match(text, position)
        if match is None:
            raise MailboxError(f"{text[position : position + 80]!r} cannot be read as a name and an address.")
        mailboxes.append(_read(match))
        position, comma = match.end(), match[0].endswith(",")
    return tuple(mailboxes)


def _read(match: re.Match[str]) -> Mailbox:
    text = match["angle"] or match["bare"]
    try:
        address = parse_address(text)
    except AddressError as error:
        raise MailboxError(f"{error}.") from None
    domain = text.rpartition("@")[2]
    if not domain.isascii() and domain.lower() != idna.decode(address.domain):
        # A program that maps no characters (UTS 46) would see another domain than the one that we check.
        raise MailboxError(f"The domain in {text[:80]!r} has another spelling; write {address.domain}.")
    name = _read_phrase(match["name"]) if match["name"] else match["comment"] or ""
    return Mailbox(email=address.text, name=decode_words(name).strip())


def _read_phrase(phrase: str) -> str:
    if '"' not in phrase:
        return phrase
    return " ".join([_unquote(word) if word.startswith('"') else word for word in _WORDS.findall(phrase)])


def _unquote(word: str) -> str:
    return _ESCAPED.sub(r"\1", word[1:-1])
