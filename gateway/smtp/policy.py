"""What a receiving server offers and asks about, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache, partial

from gateway.smtp.events import Event, Reply
from gateway.smtp.limits import Limits
from gateway.smtp.words import Words, words_of


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

    words: Words = field(default_factory=partial(words_of, "Gatepost"))
    limits: Limits = field(default_factory=Limits)
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SIZE", "SMTPUTF8", "CHUNKING")  # seeds/002 begins so
    offers_tls: bool = False
    auth: Auth = Auth.NEVER
    asks: frozenset[type[Event]] = field(default_factory=frozenset)
    takes_bare_newlines: bool = False  # for a receiver of tests, which must see what a sender does

    @property
    def go_ahead(self) -> Reply:
        """The usual yes to DATA."""
        return Reply(354, self.words.go_ahead)

    @property
    def requires_auth(self) -> bool:
        return self.auth is not Auth.NEVER

    def takes_auth(self, *, is_tls: bool) -> bool:
        """Tell whether AUTH is taken on a connection with TLS, or on one without."""
        return self.auth is Auth.ALWAYS or (self.auth is Auth.OVER_TLS and is_tls)


@lru_cache(maxsize=64)
def write_welcome(policy: Policy, *, is_extended: bool, is_tls: bool) -> bytes:
    """Return the usual reply to EHLO, with the extensions (RFC 5321 4.1.1.1), or to HELO when not `is_extended`."""
    lines = [policy.words.hello]
    if is_extended:
        lines += [f"SIZE {policy.limits.size}" if name == "SIZE" else name for name in policy.extensions]
        lines += ["STARTTLS"] if policy.offers_tls and not is_tls else []
        lines += ["AUTH LOGIN PLAIN"] if policy.takes_auth(is_tls=is_tls) else []
    return Reply(250, "\n".join(lines)).encode()
