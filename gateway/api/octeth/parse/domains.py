"""What the commands about sender domains take.

TrackMerge, which no public page explains, is read as its name says: the tracking host then stands below the custom
subdomain, `track.mail.example.com` in place of `track.example.com`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.api.fields import Field, boolean, text
from gateway.api.octeth.parse.base import identifier

_PREFIX: Final = re.compile(r"[A-Za-z0-9-]{1,32}")
LONGEST_PROVIDER: Final = 120  # characters

BAD_PREFIX_IN_ADD, BAD_PREFIX_IN_UPDATE = 4, 6


def track_prefix(value: Any) -> str:
    """Take the first label of the tracking host (contracts.md 4.3)."""
    prefix = text(value).strip()
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("must be 1 to 32 letters, digits and hyphens")
    return prefix


def provider(value: Any) -> str:
    """Take the name of a hosting provider."""
    name = text(value).strip()
    if len(name) > LONGEST_PROVIDER:
        raise ValueError(f"must be at most {LONGEST_PROVIDER} characters long")
    return name


def _host_fields(number: int) -> tuple[Field, ...]:
    return (
        Field("Subdomain", aliases=("CustomSubdomain",), invalid=number),
        Field("TrackPrefix", track_prefix, aliases=("CustomTrackPrefix",), invalid=number),
        Field("TrackMerge", boolean, default=False),
        Field("TrackPrefixDisabled", boolean),
    )


ADD: Final = (Field("DomainName", required=True, missing=1, invalid=2), *_host_fields(BAD_PREFIX_IN_ADD))
UPDATE: Final = (
    Field("DomainID", identifier, required=True, missing=1),
    Field("LinkTracking", boolean),
    Field("OpenTracking", boolean),
    Field("UnsubscribeLink", boolean),
    Field("HostingProvider", provider),
    *_host_fields(BAD_PREFIX_IN_UPDATE),
)


def prefixes_of(found: Mapping[str, Any], *, subdomain: str, prefix: str) -> dict[str, str]:
    """Return the prefixes of both hosts, the given ones before those that the domain has."""
    chosen = found["Subdomain"] or subdomain
    tracking = found["TrackPrefix"] or prefix
    merged = f"{tracking.partition('.')[0]}.{chosen}" if found["TrackMerge"] else tracking
    return {"subdomain": chosen, "track_prefix": merged}
