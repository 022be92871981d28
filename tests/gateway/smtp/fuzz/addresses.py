"""Any text as an address, a domain and a path: refused with a sentence, or in a form that all of the product reads alike.

A case is the text alone, in UTF-8; octets that are none become halves of surrogate pairs, as JSON can bring them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from gateway.engine.mailboxes import MailboxError, parse_mailboxes
from gateway.smtp.addresses import (
    MAX_ADDRESS,
    MAX_DOMAIN,
    MAX_LOCAL,
    Address,
    AddressError,
    Path,
    parse_address,
    parse_domain,
    parse_path,
)
from gateway.smtp.arguments import read_path
from gateway.smtp.events import CommandRefused
from gateway.smtp.reply import Extensions
from gateway.smtp.transaction import Transaction, mail_command, rcpt_command

T = TypeVar("T")

_has_encoded_word = re.compile(r"=\?.*\?=").search
_HOST_NAME = re.compile(r"localhost|(?:[a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z-][a-z0-9-]*")

# What is worth trying, for whoever makes up cases.
WORDS = tuple(
    word.encode("utf-8", "surrogatepass")
    for word in (
        "a@b.example", "@", ".", "..", '"', "\\", "<", ">", " ", ",", ":", ";", "(", ")", "[", "]", "=?utf-8?q?=41?=", "=?",
        "?=", "TO:", "FROM:", "SIZE=1", " SIZE=1", "localhost", "example.com", "xn--", "xn--strae-oqa.example", "-", "1",
        "é", "ß", "\u0301", "\u0338", "\u200d", "\u202e", "\uff20", "\uff0e", "\u3002", "\u0130", "\u212a", "\ufb01", "例",
        "\U0001f4a9", "\ud800", "\r\n", "\n", "\0", "\x7f", "\x85", "x" * 63, "\u0627\u0661", "\u00b7", "@relay.example:",
        "a b", "\t",
    )
)  # fmt: skip


def run(octets: bytes) -> None:
    """Run one case; raise AssertionError where a promise is broken, and whatever the parsers should not have raised."""
    text = octets.decode("utf-8", "surrogateescape")
    parse_address.cache_clear()
    parse_domain.cache_clear()
    address = _try(parse_address, text)
    if address is not None:
        _check(address)
    domain = _try(parse_domain, text)
    if domain is not None:
        _check_domain(domain)
    path = _try(parse_path, text)
    if path is not None:
        _check_path(path)
    _check_mailboxes(text)
    _check_command(octets)


def _try(parse: Callable[[str], T], text: str) -> T | None:
    try:
        return parse(text)
    except AddressError as error:
        sentence = str(error)
    assert sentence
    return None


def _check(address: Address) -> None:
    """See that everybody who reads an address again finds the same in it."""
    text = address.text
    assert str(address) == text
    assert parse_address(text) == address
    assert text.rpartition("@") == (address.local, "@", address.domain)
    assert len(address.local.encode()) <= MAX_LOCAL
    assert len(text.encode()) <= MAX_ADDRESS
    assert text.isprintable()
    assert not _has_encoded_word(address.local)
    _check_domain(address.domain)
    _check_quotes(address)
    assert parse_path(f"<{text}>") == Path(address=address, parameters={})
    [mailbox] = parse_mailboxes(f'"Doe, Ann" <{text}>')
    assert mailbox.email == text
    _check_wire(address)


def _check_quotes(address: Address) -> None:
    """See that a mailbox has one form, however its local part is quoted."""
    name = address.local
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    for quoted in (re.sub(r'(["\\])', r"\\\1", name), re.sub(r"([ -~])", r"\\\1", name)):
        again = f'"{quoted}"@{address.domain}'
        assert len(again) > MAX_ADDRESS or parse_address(again) == address


def _check_wire(address: Address) -> None:
    """See that a server reads in our commands what we mean."""
    transaction = Transaction(mail_from=address.text, rcpt_to=address.text, wire=b"\r\n", needs_smtputf8=address.needs_smtputf8)
    for command, lead in (
        (mail_command(transaction, Extensions({"SMTPUTF8": ""})), b"FROM:"),
        (rcpt_command(transaction), b"TO:"),
    ):
        assert command.endswith(b"\r\n")
        assert not {*b"\r\n\0"} & {*command[:-2]}
        path = read_path(lead, command[5:-2], "5.1.3")
        assert path.address == address
        assert set(path.parameters) <= {"SMTPUTF8"}


def _check_domain(domain: str) -> None:
    assert _HOST_NAME.fullmatch(domain)
    assert len(domain) <= MAX_DOMAIN
    assert all(len(label) <= 63 for label in domain.split("."))
    assert parse_domain(domain) == domain
    assert parse_domain(domain.upper()) == domain


def _check_path(path: Path) -> None:
    if path.address is not None:
        _check(path.address)
    for keyword, value in path.parameters.items():
        assert keyword == keyword.upper()
        assert f"{keyword}{value}".isprintable() or not value.isascii()
        assert not {*"\r\n\0 ="} & {*value}


def _check_mailboxes(text: str) -> None:
    try:
        mailboxes = parse_mailboxes(text)
    except MailboxError:
        return
    for mailbox in mailboxes:
        assert parse_address(mailbox.email).text == mailbox.email


def _check_command(octets: bytes) -> None:
    code = 250
    try:
        read_path(b"TO:", octets, "5.1.3")
    except CommandRefused as refused:
        code = refused.reply.code
    assert code in {250, 501, 553}
