"""CHUNKING (RFC 3030) on the receiving side: a message in chunks of stated sizes.

BINARYMIME is not offered: lines end with CRLF. The octets of a chunk are never read as commands, whatever becomes of it: one
that is refused is read to its end and thrown away before its reply. A BDAT that does not say how long its chunk is ends the
session.
"""

from __future__ import annotations

import re
from functools import partial

from gateway.smtp.events import CommandRefused, DataRequested, Event, Reply
from gateway.smtp.mailing import check_recipients, receive_message
from gateway.smtp.session import Session, Transaction

_read_size = re.compile(rb"([0-9]{1,20})( LAST)? *", re.IGNORECASE).fullmatch


def on_bdat(session: Session, argument: bytes) -> Event | None:
    found = _read_size(argument)
    if found is None:
        raise CommandRefused(501, "5.5.4", "BDAT size, or BDAT size LAST, is required", is_final=True)
    size, is_last = int(found[1]), found[2] is not None
    try:
        transaction = _check_chunk(session, size)
    except CommandRefused as error:
        _discard(session, size, error.reply)
        return None
    settle = partial(_settle, session, transaction, size, is_last)
    if transaction.chunks is None:
        return session.ask(settle, DataRequested)
    settle(None)
    return None


def _check_chunk(session: Session, size: int) -> Transaction:
    if "CHUNKING" not in session.policy.extensions:
        raise CommandRefused(502, "5.5.1", "BDAT is not offered")
    transaction = session.get_transaction("BDAT comes after MAIL and RCPT")
    check_recipients(session, transaction)
    if len(transaction.chunks or b"") + size > session.policy.limits.size:
        raise _too_large(session)
    return transaction


def _discard(session: Session, size: int, reply: Reply) -> None:
    """Refuse a chunk once it was read; nothing comes of its transaction (RFC 3030 2)."""
    session.transaction = None
    session.reader.begin_chunk(size, is_kept=False)
    session.act = partial(_refuse, session, reply)


def _refuse(session: Session, reply: Reply, _: bytes) -> None:
    session.refuse(reply)


def _settle(session: Session, transaction: Transaction, size: int, is_last: bool, reply: Reply | None) -> None:
    if reply is None or reply.is_positive:
        transaction.chunks = transaction.chunks or bytearray()
        session.reader.begin_chunk(size)
        session.act = partial(_on_chunk, session, transaction, is_last)
    elif reply.code == 421:
        session.send(reply)  # the session ends with it
    else:
        _discard(session, size, reply)


def _on_chunk(session: Session, transaction: Transaction, is_last: bool, chunk: bytes) -> Event | None:
    if not is_last:
        _keep(transaction, chunk)
        session.say(250, f"{len(chunk)} octets received")
        return None
    content = bytes(transaction.chunks) + chunk if transaction.chunks else chunk
    session.transaction = None  # it ends with its message, whatever comes of that
    content = _end_line(content)
    if len(content) > session.policy.limits.size:
        raise _too_large(session)
    return receive_message(session, transaction, content)


def _keep(transaction: Transaction, chunk: bytes) -> None:
    if transaction.chunks is not None:
        transaction.chunks += chunk


def _end_line(content: bytes) -> bytes:
    """Return a message as DATA would have brought it: with an end of its last line."""
    return content if not content or content.endswith(b"\r\n") else content + b"\r\n"


def _too_large(session: Session) -> CommandRefused:
    return CommandRefused(552, "5.3.4", f"The message is larger than {session.policy.limits.size} bytes")
