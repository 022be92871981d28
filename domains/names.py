"""Which names may be an account's sender domain or tracking host: real, registrable, and not our own."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from publicsuffixlist import PublicSuffixList

from gateway.base.errors import FieldInvalid
from gateway.smtp.addresses import AddressError, parse_domain

_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")  # what IDNA counts as dots (UTS 46 2.3)
_LABELS: Final = re.compile(r"(?=.{1,32}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
MOST: Final = 220  # octets, so that the names of its records (`gp2611r12._domainkey.<domain>`) still fit in DNS's 253


def clean_domain(text: str, *, field: str = "domain") -> str:
    """Return a domain name in lower case and punycode; raise FieldInvalid with a sentence where it may not be added.

    Look-alikes in other scripts thus show as what they are (`xn--...`), and dots of other scripts are dots.
    """
    name = read_domain(text, field=field)
    for is_wrong, why in _REFUSALS:
        if is_wrong(name):
            raise FieldInvalid(field, why.format(name=name), value=name)
    return name


def read_domain(text: str, *, field: str = "domain") -> str:
    """Return a domain name as domains are kept, in lower case and punycode; raise FieldInvalid for what is none."""
    name = _DOTS.sub(".", text.strip()).removesuffix(".")
    try:
        return parse_domain(name)
    except AddressError:
        message = f"{name[:80]!r} is not a domain name; give the bare name, such as example.com."
        raise FieldInvalid(field, message, value=text) from None


def clean_label(text: str, *, field: str) -> str:
    """Return the prefix of a host name in lower case; raise FieldInvalid. It may have dots: `links.mail`."""
    label = text.strip().lower()
    if not _LABELS.fullmatch(label):
        raise FieldInvalid(field, f"{text[:80]!r} is no prefix of a host name; give letters, digits and hyphens.", value=text)
    return label


def organization_of(name: str) -> str:
    """Return the registrable domain that `name` belongs to (RFC 7489 3.2): example.co.uk for mail.example.co.uk."""
    return _suffixes().privatesuffix(name) or name


def url_host() -> str:
    """Return the host of GATEPOST_URL in lower case."""
    return (urlsplit(settings.GATEPOST_URL).hostname or "").lower()


def can_track() -> bool:
    """Tell whether links of other host names can reach us: GATEPOST_URL is a host name, on the port of its scheme.

    A CNAME carries neither an address nor a port.
    """
    parts = urlsplit(settings.GATEPOST_URL)
    return "." in url_host() and not _is_address(url_host()) and parts.port in {None, 80, 443}


def tracking_target() -> str:
    """Return the host that tracking hosts are to point to."""
    return url_host() if can_track() else settings.GATEPOST_HOSTNAME.lower()


def _is_single_label(name: str) -> bool:
    return "." not in name


def _is_long(name: str) -> bool:
    return len(name) > MOST


def _is_public_suffix(name: str) -> bool:
    return _suffixes().is_public(name)


def _is_ours(name: str) -> bool:
    ours = {settings.GATEPOST_HOSTNAME.lower(), settings.GATEPOST_RETURN_DOMAIN.lower(), url_host()} - {""}
    return any(name == host or name.endswith(f".{host}") for host in ours)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


_REFUSALS: Final = (
    (_is_ours, "{name} is a name of this server itself; add a domain of your own."),
    (_is_single_label, "{name} has no dot; give a whole domain name, such as example.com."),
    (_is_public_suffix, "{name} is a public suffix, below which anybody may register; add a domain of your own below it."),
    (_is_long, "{name} is too long; the names of its DNS records would not fit."),
)
