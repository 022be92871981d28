"""The arguments of the commands that a server receives (RFC 5321 4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gateway.smtp.addresses import AddressError, Path, parse_path
from gateway.smtp.events import CommandRefused

_strange_in_name = re.compile(rb"[^A-Za-z0-9._:\[\]-]").sub

# Parameter of MAIL -> the extension that brings it, and what its value must be.
MAIL_PARAMETERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "SIZE": ("SIZE", re.compile(r"[0-9]{1,20}").fullmatch),
    "BODY": ("8BITMIME", re.compile(r"7BIT|8BITMIME", re.IGNORECASE).fullmatch),
    "SMTPUTF8": ("SMTPUTF8", re.compile("").fullmatch),
    "AUTH": ("AUTH", re.compile(".+").fullmatch),  # who sent it first (RFC 4954 5); we do not need to know
}


def read_path(lead: bytes, argument: bytes, enhanced: str) -> Path:
    """Return the path behind `lead`, FROM: or TO:; raise CommandRefused, with `enhanced` when it is no address."""
    if argument[: len(lead)].upper() != lead:
        raise CommandRefused(501, "5.5.4", f"{lead.decode()}<address> is required")
    try:
        return parse_path(argument[len(lead) :].decode())
    except UnicodeDecodeError:
        raise CommandRefused(501, "5.5.2", "The address is not UTF-8") from None
    except AddressError as error:
        raise CommandRefused(553, enhanced, str(error)) from None


def check_no_argument(argument: bytes) -> None:
    if argument.strip():
        raise CommandRefused(501, "5.5.4", "This command takes no argument")


def read_name(argument: bytes) -> str:
    """Return the name that a client gives itself, without characters that could do harm in a header or a log."""
    name = _strange_in_name(b"?", argument.strip()[:255]).decode()
    if not name:
        raise CommandRefused(501, "5.5.4", "Give your name, such as EHLO client.example.com")
    return name
