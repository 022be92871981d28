"""What the calls apiuser/* take."""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.api.fields import Field, text
from gateway.api.sendcloud.parse.domains import known_name
from gateway.api.sendcloud.parse.kinds import flag, zero_or_one
from gateway.api.sendcloud.parse.paging import LIMIT, START

COMMON: Final = 1  # of the types of API users; 0 is one for tests, of which there are none
_NAME: Final = re.compile(r"[A-Za-z0-9_]{6,32}")


def name(value: Any) -> str:
    """Take the name of a new API user."""
    found = text(value)
    if _NAME.fullmatch(found) is None:
        raise ValueError("must have 6 to 32 letters, digits and _")
    return found


_domain = known_name("domainName", length=41107, many=41106)

LISTED: Final = (
    Field("emailType", zero_or_one, missing=41101, invalid=41102),
    Field("cType", zero_or_one, missing=41103, invalid=41104),
    Field("domainName", _domain, missing=41105, invalid=41106),
    START,
    LIMIT,
)
ADDED: Final = (
    Field("name", name, required=True, missing=41110, invalid=41111),
    Field("emailType", zero_or_one, required=True, missing=41101, invalid=41102),
    Field("domainName", _domain, required=True, missing=41105, invalid=41106),
    Field("open", flag, missing=41113, invalid=41114),
    Field("click", flag, missing=41115, invalid=41116),
    Field("unsubscribe", flag, missing=41117, invalid=41118),
)
