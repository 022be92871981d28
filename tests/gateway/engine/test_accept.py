"""accept: what is stored, what is refused, and that one never touches the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.base import errors, wake
from gateway.engine.accept import accept
from gateway.engine.submission import Accepted, Addressee, FilePart, Kind, Mailbox
from gateway.models import Attachment, Content, Message, Recipient, parse_inbound_id
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tracking.models import Event, Suppression

RAW = b"From: Ann <ann@acme.example>\r\nTo: bob@inbox.example\r\nSubject: Raw\r\nX-Unique-Id: u-1\r\n\r\nHello.\r\n"


def accept_one(submission) -> Accepted:
    (answer,) = accept([submission])
    assert isinstance(answer, Accepted), answer
    return answer


def refuse_one(submission) -> errors.Refused:
    (answer,) = accept([submission])
    assert isinstance(answer, errors.Refused), answer
    assert not Message.objects.exists()
    assert not Recipient.objects.exists()
    assert not Event.objects.exists()
    return answer


def test_it_works(make: Make, acme: Tenant) -> None:
    answer = accept_one(make())
    message = Message.objects.get()
    assert str(message.public_id) == answer.public_id
    assert (message.account_id, message.domain_id, message.smtp_user_id) == (
        acme.account.pk,
        acme.domain.pk,
        acme.smtp_user.pk,
    )
    assert message.content.text == "Hello, Bob."
    recipient = message.recipients.get()
    assert (recipient.email, recipient.domain, recipient.state) == ("bob@inbox.example", "inbox.example", "queued")
    event = Event.objects.get()
    assert (event.type, event.recipient_id, event.sequence) == ("accepted", recipient.pk, 1)
    assert event.public_id == message.public_id


def test_the_inbound_id_names_the_message(make: Make) -> None:
    answer = accept_one(make())
    assert parse_inbound_id(answer.inbound_id) == answer.message_id
    assert parse_inbound_id(f"{answer.inbound_id}0$bob@inbox.example") == answer.message_id
    assert parse_inbound_id("nonsense") is None


@pytest.mark.parametrize("number", [1, 19, 20, 130])
def test_many_are_one_commit(make: Make, number: int) -> None:
    answers = accept([make(subject=f"number {place}") for place in range(number)])
    assert len({answer.message_id for answer in answers}) == number
    subjects = {message.pk: message.subject for message in Message.objects.all()}
    assert [subjects[answer.message_id] for answer in answers] == [f"number {place}" for place in range(number)]
    assert Content.objects.count() == Recipient.objects.count() == Event.objects.count() == number


def test_ids_of_one_call_may_span_blocks(make: Make) -> None:
    people = tuple(Addressee(email=f"p{number}@inbox.example") for number in range(1000))
    for _ in range(2):
        accept_one(make(recipients=people))
    assert Recipient.objects.count() == 2000


def test_positions_count_over_to_cc_bcc_and_duplicates_keep_the_first(make: Make) -> None:
    people = (
        Addressee(email="c@inbox.example", kind=Kind.BCC),
        Addressee(email="b@inbox.example", kind=Kind.CC),
        Addressee(email="a@inbox.example", kind=Kind.TO),
        Addressee(email="A@Inbox.example", kind=Kind.CC),
    )
    answer = accept_one(make(recipients=people))
    assert answer.emails == ("a@inbox.example", "b@inbox.example", "c@inbox.example")
    rows = Recipient.objects.order_by("position").values_list("position", "kind", "email")
    assert list(rows) == [(0, "to", "a@inbox.example"), (1, "cc", "b@inbox.example"), (2, "bcc", "c@inbox.example")]


def test_raw_mail_is_kept_to_the_byte(make: Make) -> None:
    accept_one(make(raw=RAW, sender=None, text="", subject=""))
    message = Message.objects.get()
    assert bytes(message.content.raw) == RAW
    assert (message.subject, message.sender, message.unique_id) == ("Raw", "ann@acme.example", "u-1")


def test_files_are_kept(make: Make) -> None:
    file = FilePart(filename="a.txt", content_type="text/plain", content=b"\x00\xff")
    accept_one(make(files=(file,)))
    kept = Attachment.objects.get()
    assert (kept.filename, kept.content_type, bytes(kept.content)) == ("a.txt", "text/plain", b"\x00\xff")


def test_mail_for_later_waits(make: Make) -> None:
    later = timezone.now() + timedelta(hours=1)
    accept_one(make(send_at=later))
    recipient = Recipient.objects.get()
    assert (recipient.state, recipient.next_attempt_at) == ("deferred", later)


def test_a_refusal_touches_its_own_submission_only(make: Make) -> None:
    answers = accept([make(), make(recipients=()), make(subject="third")])
    assert [type(answer).__name__ for answer in answers] == ["Accepted", "RecipientMissing", "Accepted"]
    assert Message.objects.count() == 2


def test_a_suppressed_address_is_marked_and_told(make: Make, acme: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="bob@inbox.example")
    accept_one(make(recipients=(Addressee(email="Bob@inbox.example"), Addressee(email="eve@inbox.example"))))
    assert dict(Recipient.objects.values_list("email", "state")) == {
        "Bob@inbox.example": "suppressed",
        "eve@inbox.example": "queued",
    }
    assert list(Event.objects.filter(recipient="Bob@inbox.example").order_by("sequence").values_list("type", flat=True)) == [
        "accepted",
        "suppressed",
    ]


def test_the_platform_suppresses_for_everybody(make: Make) -> None:
    Suppression.objects.create(account=None, email="bob@inbox.example")
    accept_one(make())
    assert Recipient.objects.get().state == "suppressed"


def test_another_tenants_suppression_is_its_own(make: Make, globex: Tenant) -> None:
    Suppression.objects.create(account=globex.account, email="bob@inbox.example")
    accept_one(make())
    assert Recipient.objects.get().state == "queued"


def test_a_suppressed_address_can_refuse_the_call(make: Make, acme: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="bob@inbox.example")
    assert isinstance(refuse_one(make(refuse_suppressed=True)), errors.RecipientSuppressed)


REFUSALS = {
    "no sender": ({"sender": None}, errors.SenderMissing),
    "a sender that is no address": ({"sender": Mailbox(email="ann")}, errors.SenderInvalid),
    "a domain that nobody added": ({"sender": Mailbox(email="ann@other.example")}, errors.SenderNotAllowed),
    "a subdomain of ours": ({"sender": Mailbox(email="ann@sub.acme.example")}, errors.SenderNotAllowed),
    "no recipient": ({"recipients": ()}, errors.RecipientMissing),
    "a recipient that is no address": ({"recipients": (Addressee(email="bob@"),)}, errors.RecipientInvalid),
    "a line break in an address": (
        {"recipients": (Addressee(email="b@x.example\r\nRCPT TO:<e@x.example>"),)},
        errors.RecipientInvalid,
    ),
    "1,001 recipients": (
        {"recipients": tuple(Addressee(email=f"p{number}@inbox.example") for number in range(1001))},
        errors.TooManyRecipients,
    ),
    "neither HTML nor text": ({"text": ""}, errors.ContentMissing),
    "a control character in the subject": ({"subject": "a\x07b"}, errors.SubjectInvalid),
    "a line break in a header name": ({"headers": (("X-Tag: v\r\nEvil", "x"),)}, errors.HeaderInvalid),
    "a line break in a header value": ({"headers": (("X-Tag", "v\r\nBcc: e@x.example"),)}, errors.HeaderInvalid),
    "more headers than fit": ({"headers": (("X-Tag", "v"),) * 201}, errors.HeaderInvalid),
    "headers that are too long together": ({"headers": (("X-Tag", "v" * 9_000),) * 40}, errors.HeaderInvalid),
    "an id of the customer's that is too long": ({"unique_id": "x" * 256}, errors.HeaderInvalid),
    "one in raw mail": ({"raw": RAW.replace(b"u-1", b"x" * 256)}, errors.HeaderInvalid),
    "a header that only we may set": ({"headers": (("DKIM-Signature", "v=1"),)}, errors.HeaderReserved),
    "a NUL in the text": ({"text": "a\0b"}, errors.FieldInvalid),
    "half a surrogate pair in the text": ({"text": "a\ud800b"}, errors.FieldInvalid),
    "a bare line feed in raw mail": ({"raw": RAW.replace(b"Hello.\r\n", b"Hello.\n")}, errors.MessageMalformed),
    "raw mail without From": ({"raw": RAW.split(b"\r\n", 1)[1]}, errors.SenderMissing),
    "raw mail from another domain": ({"raw": RAW.replace(b"acme", b"globex")}, errors.SenderNotAllowed),
    "raw mail with a second From": ({"raw": b"From: x@globex.example\r\n" + RAW}, errors.Refused),
}


@pytest.mark.parametrize(("changes", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_it_refuses_and_stores_nothing(make: Make, changes: dict, refusal: type[errors.Refused]) -> None:
    assert isinstance(refuse_one(make(**changes)), refusal)


def test_it_refuses_what_is_too_large(make: Make, settings) -> None:
    settings.GATEPOST_MAX_SIZE = 1000
    assert isinstance(refuse_one(make(text="x" * 1001)), errors.MessageTooLarge)


def test_it_refuses_another_tenants_domain(make: Make, globex: Tenant) -> None:
    refusal = refuse_one(make(sender=Mailbox(email=f"ann@{globex.domain.name}")))
    assert isinstance(refusal, errors.SenderNotAllowed)


def test_it_refuses_a_domain_that_is_not_verified(make: Make, acme: Tenant) -> None:
    type(acme.domain).objects.update(verified_at=None)
    assert isinstance(refuse_one(make()), errors.DomainNotVerified)


@pytest.mark.parametrize(
    ("senders", "is_allowed"),
    [("", True), ("ann@acme.example", True), ("bob@acme.example", False), ("acme.example", True), ("*@acme.example", True)],
)
def test_an_smtp_user_sends_from_its_senders_only(make: Make, acme: Tenant, senders: str, is_allowed: bool) -> None:
    type(acme.smtp_user).objects.update(senders=senders)
    if is_allowed:
        accept_one(make())
    else:
        assert isinstance(refuse_one(make()), errors.SenderNotAllowed)


def test_a_domain_key_sends_from_its_domain_only(make: Make, acme: Tenant) -> None:
    other = type(acme.domain).objects.create(account=acme.account, name="acme2.example", verified_at=timezone.now())
    assert isinstance(refuse_one(make(domain_id=other.pk)), errors.SenderNotAllowed)
    accept_one(make(domain_id=acme.domain.pk))


def test_another_domain_of_the_account_may_sign(make: Make, acme: Tenant) -> None:
    other = type(acme.domain).objects.create(account=acme.account, name="acme2.example", verified_at=timezone.now())
    accept_one(make(signing_domain="acme2.example"))
    assert Message.objects.get().options["signing_domain_id"] == other.pk


@pytest.mark.parametrize("name", ["globex.example", "unknown.example"])
def test_nobody_elses_domain_signs(make: Make, globex: Tenant, name: str) -> None:
    refusal = refuse_one(make(signing_domain=name))
    assert isinstance(refusal, errors.SenderNotAllowed)
    assert refusal.field == "signing_domain"


def test_a_domain_that_is_not_verified_does_not_sign(make: Make, acme: Tenant) -> None:
    type(acme.domain).objects.create(account=acme.account, name="acme2.example")
    assert isinstance(refuse_one(make(signing_domain="acme2.example")), errors.DomainNotVerified)


def test_a_key_of_one_domain_signs_by_no_other(make: Make, acme: Tenant) -> None:
    type(acme.domain).objects.create(account=acme.account, name="acme2.example", verified_at=timezone.now())
    refusal = refuse_one(make(signing_domain="acme2.example", domain_id=acme.domain.pk))
    assert isinstance(refusal, errors.SenderNotAllowed)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [("suspended", errors.AccountSuspended), ("deleted", errors.AccountDeleted), ("purged", errors.AccountPurged)],
)
def test_an_account_that_is_not_enabled_sends_nothing(
    make: Make, acme: Tenant, status: str, refusal: type[errors.Refused]
) -> None:
    type(acme.account).objects.update(status=status)
    assert isinstance(refuse_one(make()), refusal)


def test_it_wakes_a_sender_after_an_acceptance_only(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    woken = []
    monkeypatch.setattr(wake, "wake_sender", lambda: woken.append(Message.objects.count()))
    accept([make(recipients=())])
    assert woken == []
    accept([make(), make()])
    assert woken == [2]


def test_an_smtp_user_whose_row_is_gone_sends_nothing(make: Make, acme: Tenant) -> None:
    asked = make()
    type(acme.smtp_user).objects.filter(pk=acme.smtp_user.pk).delete()
    assert isinstance(refuse_one(asked), errors.CredentialRevoked)
