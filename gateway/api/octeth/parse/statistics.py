"""What the calls about statistics take. Without days, it is as many as the vendor says, up to today."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from gateway.api.fields import Field, pieces
from gateway.api.octeth.parse.base import identifier
from gateway.api.octeth.parse.events import any_domain, rows
from gateway.api.octeth.parse.times import first_day, last_day

MOST_DOMAINS: Final = 1_000  # of one answer


def identifiers(value: Any) -> tuple[int, ...]:
    """Take ids with commas between them, or an array of them; what can be none is left out, as the vendor does."""
    listed = value if isinstance(value, list) else pieces(value, ",")
    found = tuple(islice(filter(None, map(identifier, listed)), MOST_DOMAINS + 1))
    if len(found) > MOST_DOMAINS:
        raise ValueError(f"must be at most {MOST_DOMAINS} ids")
    return found


DOMAIN = Field("DomainID", identifier, required=True, missing=1)
DAYS = (Field("StartDate", first_day), Field("EndDate", last_day))
DOMAIN_STATS = (DOMAIN, *DAYS)
ACCOUNT_STATS = (*DAYS, Field("DomainIDs", identifiers))
DAILY_SERIES = (Field("DomainID", any_domain, invalid=2), *DAYS)
RECIPIENT_DOMAIN_STATS = (DOMAIN, Field("RecipientToDomain", required=True, missing=1), *DAYS)
LIST_RECIPIENT_DOMAINS = (DOMAIN, *DAYS, Field("Limit", rows, default=50))
