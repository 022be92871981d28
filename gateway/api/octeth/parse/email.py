"""Octeth's parameters to a Submission (seed, Send Email; contracts.md 4.3).

Names have no case, so that the seed's `HtmlContent` and the newer `HTMLContent` are one. With a TemplateID the template's
bodies stand instead of the call's, and none need be given. TargetListID stands instead of To, CC and BCC: a list shows nobody
the others. Fields `%Subscriber:NAME%` and `{{ Subscriber:NAME }}` are filled in from the member that SubscriberID names, or
each member of the list, or else the recipient's name and address. Journeys are the vendor's own: their numbers come back with
events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import Fault, FieldsRefused, check_each, examine, fold, guess_type
from gateway.api.octeth.parse.base import spell
from gateway.api.octeth.parse.email_fields import ATTACHMENT, FIELDS, MAILBOXES, NUMBERS
from gateway.engine.submission import Addressee, Clicks, FilePart, Kind, Mailbox, Submission, Syntax
from gateway.smtp.addresses import AddressError, parse_address

FIRST_OF_LIST = 250  # members of a list, unless the installation sends to whole ones

_INLINE = frozenset(("", "inline"))  # what is neither is an attachment (RFC 2183 2.8)

KINDS: Mapping[str, Kind] = {"To": Kind.TO, "CC": Kind.CC, "BCC": Kind.BCC}


def parse_email(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a call to /api/v1/email; raise FieldsRefused with everything that is wrong, by code."""
    found, faults = examine_email(payload.values)
    if faults:
        raise FieldsRefused(*faults)
    list_id = found["TargetListID"]
    return Submission(
        account_id=credential.account_id,
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        door="octeth",
        sender=_mailboxes(found["From"])[0],
        recipients=_addressees(found),
        list_ids=() if list_id is None else (list_id,),
        list_limit=None if list_id is None or settings.GATEPOST_OCTETH_FULL_LIST else FIRST_OF_LIST,
        refuse_empty_lists=list_id is not None,
        one_by_one=list_id is not None,
        bulk=list_id is not None,
        subject=found["Subject"],
        template_id=found["TemplateID"],
        html="" if found["ContentType"] == "plain" else found["HtmlContent"],
        text=found["PlainContent"],
        syntax=Syntax.OCTETH if _has_fields(found) else Syntax.NONE,
        member_list_id=found["ListID"],
        member_id=found["SubscriberID"],
        reply_to=_mailboxes(found["ReplyTo"]),
        headers=found["Headers"],
        unique_id=next((value.strip() for name, value in found["Headers"] if name.lower() == "x-unique-id"), ""),
        files=_read_files(found["Attachments"]),
        track_opens=found["TrackOpens"],
        track_clicks=None if found["TrackLinks"] is None else Clicks.BOTH if found["TrackLinks"] else Clicks.NONE,
        tags=found["Tags"],
        event_headers={name: str(found[name]) for name in NUMBERS if found[name] is not None},
        send_at=found["SendAt"],
        refuse_suppressed=True,
        idempotency_key=payload.idempotency_key,
        client=payload.client,
    )


def examine_email(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the fields of a call and every fault in the order of the vendor's codes; ours, which have none, come last."""
    found, faults = examine(FIELDS, spell(FIELDS, fold(values)))
    for name in MAILBOXES:
        faults += _examine_mailboxes(name, found[name] or ())
    at_fault = {fault.field for fault in faults}
    if not found["From"] and "From" not in at_fault:
        faults.append(Fault(field="From", error=3))
    if not found["To"] and found["TargetListID"] is None and not at_fault & {"To", "TargetListID"}:
        faults.append(Fault(field="To", error=20))
    faults += _examine_list(found)
    faults += _examine_bodies(found)
    return found, sorted(faults, key=lambda fault: fault.error or 1000)


def _examine_list(found: Mapping[str, Any]) -> Iterator[Fault]:
    for name in KINDS if found["TargetListID"] is not None else ():
        if found[name]:
            yield Fault(field=name, message=f"{name} cannot be given with TargetListID, which says who gets the mail.")


def _examine_mailboxes(name: str, given: Sequence[Any]) -> Iterator[Fault]:
    codes = MAILBOXES[name]
    if codes.limit and len(given) > codes.limit:
        yield Fault(field=name, error=codes.too_many)
    for item in given:
        mailbox = fold(item) if isinstance(item, dict) else {}
        email, shown = mailbox.get("email"), mailbox.get("name")
        if not isinstance(email, str) or not email or not isinstance(shown, str):
            yield Fault(field=name, error=codes.missing)
        elif not _is_address(email):
            yield Fault(field=name, error=codes.invalid, value=email)


def _examine_bodies(found: Mapping[str, Any]) -> Iterator[Fault]:
    wanted = found["ContentType"] if found["TemplateID"] is None else ""
    if wanted in {"html", "both"} and found["HtmlContent"] == "":
        yield Fault(field="HtmlContent", error=10)
    if wanted in {"plain", "both"} and found["PlainContent"] == "":
        yield Fault(field="PlainContent", error=11)


def _is_address(email: str) -> bool:
    try:
        parse_address(email)
    except AddressError:
        return False
    return True


def _has_fields(found: Mapping[str, Any]) -> bool:
    """Tell whether a text of the call may have fields: a mail without them needs no look at each of its copies."""
    texts = (found["Subject"], found["HtmlContent"], found["PlainContent"], *(value for _, value in found["Headers"]))
    return any("Subscriber:" in each for each in texts)


def _addressees(found: Mapping[str, Any]) -> tuple[Addressee, ...]:
    is_about_them = found["SubscriberID"] is None and (found["TemplateID"] is not None or _has_fields(found))
    return tuple(
        Addressee(
            email=mailbox.email,
            name=mailbox.name,
            kind=kind,
            variables=_values_of(mailbox) if is_about_them else {},
        )
        for name, kind in KINDS.items()
        for mailbox in _mailboxes(found[name])
    )


def _values_of(mailbox: Mailbox) -> dict[str, str]:
    """Return a recipient's values under the names that a list's members have them by, and in the spellings of templates."""
    names = dict.fromkeys(("name", "Name", "NAME"), mailbox.name)
    return {"email": mailbox.email, "EmailAddress": mailbox.email, **names}


def _mailboxes(given: Sequence[dict[str, Any]]) -> tuple[Mailbox, ...]:
    folded = (fold(item) for item in given)
    return tuple(Mailbox(email=item["email"], name=item["name"]) for item in folded)


def _read_files(given: Sequence[dict[str, Any]]) -> tuple[FilePart, ...]:
    found = check_each(ATTACHMENT, [fold(item) for item in given], within="Attachments")
    return tuple(
        FilePart(
            filename=one["filename"],
            content_type=one["type"] or guess_type(one["filename"]),
            content=one["content"],
            content_id=one["contentid"] if one["disposition"].strip().lower() in _INLINE else "",
        )
        for one in found
    )
