"""What the calls for mail servers take: a format of configuration, and a host to ask about."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field, integer, text
from gateway.api.octeth.parse.base import place
from gateway.base.weburls import read_host

MOST_LISTED: Final = 100_000
JSON: Final = "json"
# What a line of PowerMTA's configuration begins with, before a host of return paths.
DIRECTIVES: Final = {"powermta-bounce-domains": "domain", "powermta-relay-domains": "relay-domain"}


def domains_format(value: Any) -> str:
    """Take the name of a format."""
    word = text(value).strip().lower()
    if word != JSON and word not in DIRECTIVES:
        raise ValueError(f"must be one of {', '.join((JSON, *DIRECTIVES))}")
    return word


def host(value: Any) -> str:
    """Take a host, or an address at it, in lower-case ASCII."""
    return read_host(text(value).strip().rpartition("@")[2].removesuffix(">"))


def number_of_rows(value: Any) -> int:
    """Take how many domains are wanted."""
    number = integer(value)
    if not 0 < number <= MOST_LISTED:
        raise ValueError(f"must be a number from 1 to {MOST_LISTED}")
    return number


SENDER_DOMAINS: Final = (
    Field("DomainsResponseFormat", domains_format, default=JSON, invalid=1),
    Field("StartFrom", place, default=0),  # not the vendor's, whose list has no pages
    Field("RetrieveCount", number_of_rows, default=MOST_LISTED),
)
RELAY_CHECK: Final = (Field("Domain", host, required=True),)
