"""What a receiving server says of its own accord, as the dialogue of seeds/002 has it, by brand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Brand -> what stands for the software's name, without its version and with it. Any other brand has its own name there.
_SOFTWARE: Mapping[str, tuple[str, str]] = {"SendCloud": ("Haraka", "Haraka 2.2.4")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts behind 220, 250 (to EHLO), 354 and 221. On the wire they are made harmless, see `Reply.encode`."""

    greeting: str
    hello: str
    go_ahead: str
    goodbye: str


def words_of(brand: str) -> Words:
    """Return the usual words under a brand."""
    name, full_name = _SOFTWARE.get(brand, (brand, brand))
    return Words(
        greeting=f"{brand} Inbound Server ESMTP {full_name} ready",
        hello=f"{brand} Inbound Server Hello, {name} is at your service.",
        go_ahead="go ahead, make my day",
        goodbye=f"{brand} Inbound Server closing connection. Have a jolly good day",
    )
