"""Addresses and paths of RFC 5321 4.1.2, with the international ones of RFC 6531: text in, values out.

One address has one normal form here, so that the domain that was checked is the domain that the mail goes to. Not taken, though
the grammar has them: source routes, address literals such as `user@[192.0.2.1]`, comments, and names without a dot but
`localhost`. Encoded-words (RFC 2047) in an address are refused, as other programs may decode them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

import idna

MAX_LOCAL = 64  # octets, RFC 5321 4.5.3.1.1
MAX_DOMAIN = 253  # what the 255 octets of a name in DNS leave for its text
MAX_ADDRESS = 254  # the 256 octets of a path (4.5.3.1.3) without < and >


class AddressError(ValueError):
    """The text is not an address that we take; str() is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox in its normal form: `domain` in lower case and punycode, `local` as it was, quoted only where it must be."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Tell whether only servers with SMTPUTF8 (RFC 6531) can take mail for it."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The argument of MAIL or RCPT: an address, None for the null sender `<>`, and parameters by upper-case keyword."""

    address: Address | None
    parameters: Mapping[str, str]


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_is_dot_atom = re.compile(rf"{_ATOM}(?:\.{_ATOM})*").fullmatch
_is_host_name = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}").fullmatch
_has_alabel = re.compile(r"(?:^|\.)xn--").search
_is_quoted = re.compile(r'"(?:[^"\\]|\\[ -~])*"').fullmatch
_escaped = re.compile(r"\\(.)")
_must_escape = re.compile(r'(["\\])')
_has_encoded_word = re.compile(r"=\?.*\?=").search
_read_path = re.compile(r' *<((?:"(?:[^"\\]|\\.)*"|[^"<>\s]++)*)>((?: +[^ ]+)*) *').fullmatch
_read_parameter = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f]+))?").fullmatch


@lru_cache(maxsize=8192)  # a recipient is read when it is named and when it is checked, a sender with each message
def parse_address(text: str) -> Address:
    """Return the address that `text` is, without surrounding space or brackets; raise AddressError."""
    if len(text) > MAX_ADDRESS:
        _refuse(text, f"it is longer than {MAX_ADDRESS} characters")
    local, at, domain = text.rpartition("@")
    if not at:
        _refuse(text, "it has no @")
    try:
        if not _is_dot_atom(local) or "=?" in local or len(local) > MAX_LOCAL:
            local = _parse_local(local)
        address = Address(local, parse_domain(domain))
    except AddressError as error:
        _refuse(text, str(error))
    if len(address.local.encode()) + 1 + len(address.domain) > MAX_ADDRESS:
        _refuse(text, f"it is longer than {MAX_ADDRESS} octets")
    return address


@lru_cache(maxsize=8192)
def parse_domain(text: str) -> str:
    """Return a domain name in lower case and punycode (UTS 46, not transitional); raise AddressError."""
    name = text.lower()
    if not name.isascii() or _has_alabel(name):
        name = _encode_idn(name)
    if len(name) > MAX_DOMAIN:
        raise AddressError(f"its domain is longer than {MAX_DOMAIN} octets")
    if not _is_host_name(name) and name != "localhost":
        raise AddressError(_say_what_is_wrong_with(name))
    return name


def parse_path(text: str) -> Path:
    """Return what follows `FROM:` or `TO:` (RFC 5321 4.1.1.2 and 4.1.1.3): a path in brackets, then parameters.

    Raises AddressError. Which parameters are known is for the caller to say.
    """
    found = _read_path(text)
    if found is None:
        raise AddressError("An address in angle brackets is required, such as <user@example.com>")
    inner, rest = found.groups()
    return Path(address=parse_address(inner) if inner else None, parameters=_parse_parameters(rest) if rest else {})


def _parse_local(local: str) -> str:
    """Return the normal form of what stands before the @, of one that is no plain dot-atom."""
    if local.startswith('"'):
        local = _parse_quoted(local)
    else:
        local = unicodedata.normalize("NFC", local)
        _check_atoms(local)
    if _has_encoded_word(local):
        raise AddressError("an encoded-word is not allowed in an address")
    if len(local.encode()) > MAX_LOCAL:
        raise AddressError(f"the part before the @ is longer than {MAX_LOCAL} octets")
    return local


def _parse_quoted(local: str) -> str:
    if not _is_quoted(local):
        raise AddressError("the quoted part before the @ is not well formed")
    content = unicodedata.normalize("NFC", _escaped.sub(r"\1", local[1:-1]))
    if not content:
        raise AddressError("nothing stands before the @")
    _check_characters(content.replace(" ", ""))
    # RFC 5321 4.1.2: quotes that are not needed should not be sent.
    return content if _needs_no_quotes(content) else '"' + _must_escape.sub(r"\\\1", content) + '"'


def _needs_no_quotes(content: str) -> bool:
    try:
        _check_atoms(content)
    except AddressError:
        return False
    return True


def _check_atoms(local: str) -> None:
    """Check a dot-atom that may have characters beyond ASCII (RFC 6531 3.3)."""
    _check_characters(local)
    if not local:
        raise AddressError("nothing stands before the @")
    if not all(local.split(".")):
        raise AddressError("a dot is first, last or doubled before the @; quote that part or mend it")
    # The compatibility form counts too: some programs would read U+FF20 as @.
    ascii_only = "".join(c for c in local + unicodedata.normalize("NFKC", local) if c.isascii() and c != ".")
    if ascii_only and not _is_dot_atom(ascii_only):
        raise AddressError("a character before the @ is only allowed in quotes")


def _check_characters(text: str) -> None:
    """Refuse controls, spaces, surrogates, unassigned and invisible characters, and an accent that sits on nothing."""
    for character in text:
        if unicodedata.category(character)[0] in "CZ":
            raise AddressError(f"the character U+{ord(character):04X} is not allowed before the @")
    if text and unicodedata.category(text[0])[0] == "M":
        raise AddressError("the part before the @ begins with a combining character")


def _encode_idn(name: str) -> str:
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode().lower()
    except UnicodeError:  # idna.IDNAError is one
        raise AddressError("its domain is not a valid international name") from None


def _say_what_is_wrong_with(domain: str) -> str:
    if not domain:
        return "no domain stands after the @"
    if domain.startswith("["):
        return "its domain is an address literal; use a domain name"
    if "." not in domain:
        return "its domain has no dot"
    return "its domain is not a valid host name"


def _parse_parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for word in text.split():
        found = _read_parameter(word)
        if found is None:
            raise AddressError(f"The parameter {word[:40]!r} is not well formed")
        keyword = found[1].upper()
        if keyword in parameters:
            raise AddressError(f"The parameter {keyword} is given twice")
        parameters[keyword] = found[2] or ""
    return parameters


def _refuse(text: str, reason: str) -> NoReturn:
    raise AddressError(f"{text[:80]!r} is not an address that can be used: {reason}") from None
