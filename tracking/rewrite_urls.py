"""Which URLs of a mail are tracked, and where they stand in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

from tracking.links import LONGEST_TARGET

# What a browser takes off both ends of a URL, and out of its middle (URL Standard, 4.4).
_ENDS = "".join(map(chr, range(0x21)))
_LINE_BREAKS = str.maketrans("", "", "\t\n\r")

# What a browser would repair (a third slash, a backslash) is left to it.
_WEB = re.compile(r"https?://([^/?#\\\s]+)(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# Merge fields that nobody filled in: such a link leads nowhere yet, and whoever fills it later must find it as it was.
_FIELDS = re.compile(
    r"\{[^{}A-Za-z_]*+[A-Za-z_][^{}]*+\}|\{\{|\{%|<%"  # {name} {{ name }} {% if %} <%= name %>
    r"|%[A-Za-z_][\w.:-]*+%(?![0-9A-Fa-f]{2})|%(?![0-9A-Fa-f]{2})[A-Za-z_][\w.:-]*+%"  # %NAME%, but not %C3%A4
    r"|\*\||\[\[|(?<![\w\]])\[[A-Za-z_][\w-]*+\]"  # *|NAME|* [[name]] [NAME], but not filter[name]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A link in a text: its URL as written stands from `begin` to `end`, and leads to `target`."""

    begin: int
    end: int
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The links of a text in their order, and where something may be added at its end."""

    spans: tuple[Span, ...]
    end: int


def read_target(url: str) -> str:
    """Return what a browser would follow, empty where `url` is not a whole web address that a token can hold."""
    target = url.strip(_ENDS).translate(_LINE_BREAKS)
    address = _WEB.match(target)
    if address is None or _FORBIDDEN.search(target) or _FIELDS.search(target) or not _has_host(address[1]):
        return ""
    return target if len(target.encode()) <= LONGEST_TARGET else ""


def _has_host(authority: str) -> bool:
    """Tell whether there is a host in `user@host:port`, and one that has a name in ASCII."""
    host = authority.rpartition("@")[2].partition(":")[0]
    if authority.isascii():
        return bool(host)
    try:
        return bool(idna.encode(host, uts46=True))
    except idna.IDNAError:
        return False
