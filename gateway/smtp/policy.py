"""What a receiving server offers and asks about, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gateway.smtp.events import Event
from gateway.smtp.limits import Limits


class Auth(Enum):
    """When AUTH is offered. Where it is offered at all, MAIL requires it."""

    NEVER = "never"
    OVER_TLS = "over TLS"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a server offers, and which events it asks about; the rest it answers with its usual yes.

    AUTH, STARTTLS and whole messages are always asked about.
    """

    brand: str = "Gatepost"
    limits: Limits = field(default_factory=Limits)
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE")
    offers_tls: bool = False
    auth: Auth = Auth.NEVER
    asks: frozenset[type[Event]] = field(default_factory=frozenset)
    takes_bare_newlines: bool = False  # for a receiver of tests, which must see what a sender does

    @property
    def requires_auth(self) -> bool:
        return self.auth is not Auth.NEVER
