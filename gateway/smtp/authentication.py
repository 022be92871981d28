"""AUTH (RFC 4954) on the receiving side: who may ask for it and when, and the exchange that follows."""

from __future__ import annotations

from functools import partial

from gateway.smtp.events import AuthRequested, CommandRefused, Event, Reply
from gateway.smtp.sasl import MECHANISMS, Exchange
from gateway.smtp.session import TLS_FIRST, Session


def on_auth(session: Session, argument: bytes) -> Event | None:
    _check_auth(session)
    mechanism, _, initial = argument.partition(b" ")
    begin = MECHANISMS.get(mechanism.upper())
    if begin is None:
        raise CommandRefused(504, "5.5.4", "Use AUTH PLAIN or AUTH LOGIN")
    exchange = begin()
    challenge = next(exchange)
    if initial:
        return _go_on(session, exchange, initial)
    _challenge(session, exchange, challenge)
    return None


def _check_auth(session: Session) -> None:
    if not session.policy.requires_auth:
        raise CommandRefused(502, "5.5.1", "AUTH is not offered")
    if not session.takes_auth_now:
        raise CommandRefused(530, "5.7.0", TLS_FIRST)
    if not session.hello or session.is_authenticated or session.transaction:
        raise CommandRefused(503, "5.5.1", "AUTH comes once, after EHLO and before MAIL")


def _challenge(session: Session, exchange: Exchange, challenge: str) -> None:
    session.say(334, challenge)
    session.act = partial(_go_on, session, exchange)


def _go_on(session: Session, exchange: Exchange, response: bytes) -> Event | None:
    try:
        challenge = exchange.send(response)
    except StopIteration as end:
        request: AuthRequested = end.value
        session.settle = partial(_settle, session)
        return request
    _challenge(session, exchange, challenge)
    return None


def _settle(session: Session, reply: Reply | None) -> None:
    if reply is not None and not reply.is_positive:
        session.refuse(reply)
        return
    session.is_authenticated = True
    session.agree(reply, 235, "Authentication successful")
