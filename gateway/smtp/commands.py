"""The commands of the receiving side that are about the session itself: greeting, TLS, and what is left."""

from __future__ import annotations

from functools import partial

from gateway.smtp.arguments import check_no_argument, read_name
from gateway.smtp.events import CommandRefused, Event, HelloReceived, Reply, ResetRequested, TLSRequested
from gateway.smtp.policy import write_welcome
from gateway.smtp.session import Session


def on_ehlo(session: Session, argument: bytes) -> Event | None:
    return _on_hello(session, argument, is_extended=True)


def on_helo(session: Session, argument: bytes) -> Event | None:
    return _on_hello(session, argument, is_extended=False)


def _on_hello(session: Session, argument: bytes, *, is_extended: bool) -> Event | None:
    name = read_name(argument)
    return session.ask(partial(_settle_hello, session, name, is_extended=is_extended), HelloReceived, name, is_extended)


def _settle_hello(session: Session, name: str, reply: Reply | None, *, is_extended: bool) -> None:
    session.forget_transaction()
    if reply is None or reply.is_positive:
        session.hello = name
    if reply is None:
        session.write(write_welcome(session.policy, is_extended=is_extended, is_tls=session.is_tls))
    else:
        session.send(reply)


def on_starttls(session: Session, argument: bytes) -> Event | None:
    check_no_argument(argument)
    if session.is_tls or not session.policy.offers_tls:
        raise CommandRefused(503, "5.5.1", "TLS is on already" if session.is_tls else "TLS is not offered")
    session.say(220, "Ready to start TLS")
    session.reader.clear()  # what came with it is no part of the session that begins
    session.starts_tls = True
    return TLSRequested()


def on_rset(session: Session, argument: bytes) -> Event | None:
    check_no_argument(argument)
    return session.ask(partial(_settle_rset, session), ResetRequested)


def _settle_rset(session: Session, reply: Reply | None) -> None:
    session.forget_transaction()
    session.agree(reply, 250, "OK")


def on_noop(session: Session, _: bytes) -> None:
    session.say(250, "OK")


def on_vrfy(session: Session, _: bytes) -> None:
    session.say(252, "Not verified, but mail to it can be tried")


def on_help(session: Session, _: bytes) -> None:
    session.say(214, "See RFC 5321")


def on_quit(session: Session, argument: bytes) -> None:
    check_no_argument(argument)
    session.close(Reply(221, session.policy.words.goodbye))
