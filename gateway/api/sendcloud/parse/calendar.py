"""What a mail/sendcalendar asks for: a mail with its own content, and a meeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import check, fault_in
from gateway.api.sendcloud.parse import drop_empty
from gateway.api.sendcloud.parse.mail import SendCall, read_send
from gateway.api.sendcloud.parse.mail_fields import MAX_COPIES, SEND_CALENDAR
from gateway.engine.meetings import Meeting, write_meeting
from gateway.engine.submission import Kind, Mailbox, Submission


def parse_calendar(payload: Payload, credential: Credential) -> SendCall:
    """Return what a mail/sendcalendar asks for."""
    found = check(SEND_CALENDAR, drop_empty(payload.values))
    if found["endTime"] <= found["startTime"]:
        raise fault_in("endTime", 40835, "endTime is not after startTime.")
    people = _read_people(found)
    call = read_send(payload, credential, found)
    meeting = Meeting(
        uid=found["uid"] or _make_uid(found, credential.account_id),
        starts_at=found["startTime"],
        ends_at=found["endTime"],
        title=found["title"],
        location=found["location"],
        description=found["description"],
        organizer=Mailbox(email=found["organizerEmail"], name=found["organizerName"]),
        participants=people or _shown(call.submission),
        is_changed=found["isUpdate"],
        is_cancelled=found["isCancel"],
        alarm_minutes=found["valarmTime"],
    )
    return replace(call, submission=replace(call.submission, files=(*call.submission.files, write_meeting(meeting))))


def _read_people(found: Mapping[str, Any]) -> Sequence[Mailbox]:
    """Return whom the call names as participants, none where it names nobody."""
    names, emails = found["participatorNames"], found["participatorEmails"]
    for field, error, values in (("participatorNames", 40846, names), ("participatorEmails", 40848, emails)):
        if values == ():
            raise fault_in(field, error, f"{field} names nobody.")
    names, emails = names or (), emails or ()
    if len(names) != len(emails):
        message = f"There are {len(names)} participatorNames and {len(emails)} participatorEmails."
        raise fault_in("participatorNames", 40850, message)
    if len(emails) > MAX_COPIES:
        message = f"participatorEmails has more than {MAX_COPIES} addresses."
        raise fault_in("participatorEmails", 40849, message)
    return [Mailbox(email=email, name=name) for email, name in zip(emails, names, strict=True)]


def _shown(submission: Submission) -> Sequence[Mailbox]:
    """Return those whom every copy of the mail shows: they are asked to the meeting where the call names nobody else."""
    if submission.one_by_one:
        return ()
    return [Mailbox(email=one.email, name=one.name) for one in submission.recipients if one.kind is not Kind.BCC]


def _make_uid(found: Mapping[str, Any], account_id: int) -> str:
    """Return what names a meeting that has no uid: the same for the same organizer, title and start."""
    words = f"{account_id} {found['organizerEmail'].lower()} {found['startTime']} {found['title']}"
    return f"{uuid5(NAMESPACE_URL, words)}@{found['organizerEmail'].rpartition('@')[2]}"
