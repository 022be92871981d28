"""From a Submission to the bytes that its first recipient would get, without a database."""

from __future__ import annotations

from gateway.base import clock
from gateway.engine.checks import check
from gateway.engine.compose import compose
from gateway.engine.letter import Copy, Letter
from gateway.engine.submission import Kind, Mailbox, Submission


def write_wire(submission: Submission) -> bytes:
    """Return the mail that a submission becomes, unsigned; raise the refusal of `accept`."""
    draft = check(submission)
    shown = {
        kind: tuple(Mailbox(email=address.text, name=one.name) for one, address in draft.recipients if one.kind is kind)
        for kind in Kind
    }
    letter = Letter(
        message_id=1,
        public_id="01890000-0000-7000-8000-000000000000",
        account_id=submission.account_id,
        domain_id=draft.domain.id,
        smtp_user_id=submission.smtp_user_id,
        door=submission.door,
        accepted_at=clock.now(),
        subject=draft.subject,
        sender=draft.sender,
        reply_to=draft.reply_to,
        headers=submission.headers,
        to=shown[Kind.TO],
        cc=shown[Kind.CC],
        text=submission.text,
        html=submission.html,
        files=submission.files,
        raw=submission.raw,
        charset=submission.charset,
        one_by_one=submission.one_by_one,
        syntax=submission.syntax,
        variables=submission.variables,
    )
    addressee, address = draft.recipients[0]
    copy = Copy(
        recipient_id=1,
        letter=letter,
        position=0,
        kind=addressee.kind,
        email=address.text,
        name=addressee.name,
        domain=address.domain,
        variables=addressee.variables,
    )
    return compose(copy, ()).wire


def list_headers(octets: bytes) -> list[bytes]:
    """Return the names of the fields of a mail's header, sorted, in lower case. Reads bytes as a strict receiver does."""
    head = octets.partition(b"\r\n\r\n")[0]
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert b"\r" not in head.replace(b"\r\n", b"")
    return sorted(line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t")
