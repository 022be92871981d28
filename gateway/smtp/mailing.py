"""A transaction on the receiving side: MAIL, RCPT and DATA (RFC 5321 3.3). `chunking` has BDAT."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gateway.smtp.addresses import Address
from gateway.smtp.arguments import MAIL_PARAMETERS, check_no_argument, read_path
from gateway.smtp.events import (
    CommandRefused,
    DataRequested,
    Event,
    MailRequested,
    MessageReceived,
    RecipientRequested,
    Reply,
)
from gateway.smtp.reader import find_stray
from gateway.smtp.session import Session, Transaction


def on_mail(session: Session, argument: bytes) -> Event | None:
    session.check_authenticated()
    if not session.hello or session.transaction:
        raise CommandRefused(503, "5.5.1", "MAIL comes after EHLO, once in a transaction")
    path = read_path(b"FROM:", argument, "5.1.7")
    _check_parameters(session, path.parameters)
    transaction = Transaction(path.address, is_utf8="SMTPUTF8" in path.parameters)
    transaction.check(path.address)
    return session.ask(partial(_settle_mail, session, transaction), MailRequested, path.address, path.parameters)


def _check_parameters(session: Session, parameters: Mapping[str, str]) -> None:
    policy = session.policy
    for keyword, value in parameters.items():
        extension, is_valid = MAIL_PARAMETERS.get(keyword, ("", None))
        has_extension = session.is_authenticated if extension == "AUTH" else extension in policy.extensions
        if is_valid is None or not has_extension:
            raise CommandRefused(555, "5.5.4", f"The parameter {keyword} is not known here")
        if not is_valid(value):
            raise CommandRefused(501, "5.5.4", f"The value of {keyword} is not valid")
    if int(parameters.get("SIZE", "0")) > policy.limits.size:
        raise CommandRefused(552, "5.3.4", f"A message may have {policy.limits.size} bytes")


def _settle_mail(session: Session, transaction: Transaction, reply: Reply | None) -> None:
    if reply is None or reply.is_positive:
        session.transaction, session.is_utf8 = transaction, transaction.is_utf8
    session.agree(reply, 250, f"sender <{transaction.sender or ''}> OK")


def on_rcpt(session: Session, argument: bytes) -> Event | None:
    transaction = session.get_transaction("RCPT comes after MAIL")
    if transaction.chunks is not None:
        raise CommandRefused(503, "5.5.1", "RCPT comes before the message")
    path = read_path(b"TO:", argument, "5.1.3")
    if path.address is None:
        raise CommandRefused(553, "5.1.3", "<> is no recipient")
    if path.parameters:
        raise CommandRefused(555, "5.5.4", f"The parameter {next(iter(path.parameters))} is not known here")
    transaction.check(path.address)
    most = session.policy.limits.recipients
    if len(transaction.recipients) >= most:
        transaction.has_too_many = True
        raise CommandRefused(452, "4.5.3", f"A message may have {most} recipients")
    return session.ask(partial(_settle_rcpt, session, transaction, path.address), RecipientRequested, path.address)


def _settle_rcpt(session: Session, transaction: Transaction, recipient: Address, reply: Reply | None) -> None:
    if reply is None or reply.is_positive:
        transaction.recipients.append(recipient)
    session.agree(reply, 250, f"recipient <{recipient}> OK")


def on_data(session: Session, argument: bytes) -> Event | None:
    check_no_argument(argument)
    transaction = session.get_transaction("DATA comes after MAIL and RCPT")
    if transaction.chunks is not None:
        session.transaction = None  # RFC 3030 2: what comes of it is indeterminate, so nothing does
        raise CommandRefused(503, "5.5.1", "DATA and BDAT do not mix in a transaction; nothing was sent")
    check_recipients(session, transaction)
    return session.ask(partial(_settle_data, session, transaction), DataRequested)


def check_recipients(session: Session, transaction: Transaction) -> None:
    """Refuse a message that nobody gets, or not all who should."""
    if not transaction.recipients:
        raise CommandRefused(554, "5.5.1", "No valid recipients")
    if transaction.has_too_many:
        # A client that overlooks the 452 would believe that all of them get the message.
        most = session.policy.limits.recipients
        raise CommandRefused(550, "5.5.3", f"More than {most} recipients; nothing was sent")


def _settle_data(session: Session, transaction: Transaction, reply: Reply | None) -> None:
    if reply is None or reply.is_positive:
        session.transaction = None  # it ends with its message, whatever comes of that
        session.act = partial(receive_message, session, transaction)
        session.reader.begin_content()
    session.send(reply or session.policy.go_ahead)


def receive_message(session: Session, transaction: Transaction, content: bytes) -> Event:
    """Return the event of a whole message, the transaction of which has ended; refuse one that others could read as two."""
    stray = "" if session.policy.takes_bare_newlines else find_stray(content)
    if stray:
        raise CommandRefused(550, "5.6.0", f"The message has {stray} in it; end all lines with CRLF and leave NUL out")
    session.settle = partial(_settle_message, session)
    return MessageReceived(transaction.sender, tuple(transaction.recipients), content, transaction.is_utf8)


def _settle_message(session: Session, reply: Reply | None) -> None:
    session.errors = 0
    session.agree(reply, 250, "Queued")
