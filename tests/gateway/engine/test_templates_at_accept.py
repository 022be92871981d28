"""Mail from a stored template: copied when it is accepted, filled in for each recipient when it is sent."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default

import pytest

from domains.verdicts import judge
from gateway.base import errors
from gateway.engine import queue
from gateway.engine.accept import accept
from gateway.engine.compose import compose
from gateway.engine.submission import Accepted, Addressee, Submission
from gateway.models import Message, Recipient
from templates_app import queries
from templates_app.actions import add_template, delete_template, save_version
from templates_app.models import Template
from templates_app.texts import Texts
from tests.gateway.engine.conftest import Make
from tests.gateway.engine.test_drain import keys, world
from tests.support.cast import Tenant
from tracking.models import Event

__all__ = ["keys", "world"]

TEXTS = Texts(
    subject="{{ NAME }}, your {{ THING | default: 'order' }}",
    html="<p>Dear {{ NAME }}{% if VIP == 'yes' %}, our best customer{% endif %}</p>",
    text="Dear {{ NAME }}: {{ THING }}",
)


@pytest.fixture
def template(acme: Tenant) -> Template:
    return add_template(acme.account.pk, invoke_name="order", name="Order", texts=TEXTS)


def from_template(make: Make, template_id: int, **changes: object) -> Submission:
    return make(**{"text": "", "subject": "", "template_id": template_id, **changes})


def accept_one(submission: Submission) -> Message:
    (answer,) = accept([submission])
    assert isinstance(answer, Accepted), answer
    return Message.objects.get(pk=answer.message_id)


def refuse_one(submission: Submission) -> errors.Refused:
    (answer,) = accept([submission])
    assert isinstance(answer, errors.Refused), answer
    assert not Message.objects.exists()
    return answer


def outgoing() -> dict[str, Mail]:
    """Return what is due as its recipients would get it, by address."""
    return {copy.email: message_from_bytes(compose(copy, ()).wire, policy=default) for copy in queue.claim(10)}


def words_of(mail: Mail, kind: str) -> str:
    (part,) = (part for part in mail.walk() if part.get_content_type() == f"text/{kind}")
    return str(part.get_content()).strip()  # type: ignore[attr-defined]


def test_it_works(make: Make, template: Template) -> None:
    message = accept_one(from_template(make, template.pk, variables={"NAME": "Bob & Co", "THING": "bread", "VIP": "yes"}))
    assert (message.content.html, message.content.text) == (TEXTS.html, TEXTS.text)
    assert message.template_version_id == template.versions.get().pk
    mail = outgoing()["bob@inbox.example"]
    assert mail["Subject"] == "Bob & Co, your bread"
    assert words_of(mail, "html") == "<p>Dear Bob &amp; Co, our best customer</p>"
    assert words_of(mail, "plain") == "Dear Bob & Co: bread"


def test_each_recipient_has_values_of_their_own_beside_those_of_the_message(make: Make, template: Template) -> None:
    people = tuple(Addressee(email=f"{name.lower()}@inbox.example", variables={"NAME": name}) for name in ("Ann", "Ben"))
    accept_one(from_template(make, template.pk, recipients=people, variables={"THING": "milk", "NAME": "Somebody"}))
    assert {email: (mail["Subject"], words_of(mail, "plain")) for email, mail in outgoing().items()} == {
        "ann@inbox.example": ("Ann, your milk", "Dear Ann: milk"),
        "ben@inbox.example": ("Ben, your milk", "Dear Ben: milk"),
    }


def test_a_template_acts_without_any_values(make: Make, template: Template) -> None:
    accept_one(from_template(make, template.pk))
    assert words_of(outgoing()["bob@inbox.example"], "html") == "<p>Dear </p>"


def test_the_subject_of_the_call_beats_the_templates_and_is_filled_in_too(make: Make, template: Template) -> None:
    accept_one(from_template(make, template.pk, subject="For {{ NAME }}", variables={"NAME": "Bob"}))
    assert outgoing()["bob@inbox.example"]["Subject"] == "For Bob"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"subject": "50% {{ off"}, "subject"), ({"headers": (("X-Tag", "{% tag %}"),)}, "headers.X-Tag")],
)
def test_what_the_call_adds_must_be_liquid_as_well(make: Make, template: Template, changes: dict, field: str) -> None:
    refused = refuse_one(from_template(make, template.pk, **changes))
    assert isinstance(refused, errors.FieldInvalid)
    assert refused.field == field


def test_another_tenants_template_is_missing_exactly_as_one_that_is_not_there(make: Make, globex: Tenant) -> None:
    theirs = add_template(globex.account.pk, invoke_name="order", name="Order", texts=TEXTS)
    foreign = refuse_one(from_template(make, theirs.pk))
    unknown = refuse_one(from_template(make, theirs.pk + 1_000))
    assert type(foreign) is type(unknown) is errors.TemplateMissing
    assert (foreign.message, foreign.field) == (unknown.message, unknown.field)


def test_a_later_change_does_not_reach_mail_under_way(make: Make, template: Template) -> None:
    before = accept_one(from_template(make, template.pk, variables={"NAME": "Bob"}))
    save_version(template, Texts(subject="Changed", text="Changed"))
    queries.forget()
    after = accept_one(from_template(make, template.pk, recipients=(Addressee(email="eve@inbox.example"),)))
    assert before.template_version_id != after.template_version_id
    mails = outgoing()
    assert mails["bob@inbox.example"]["Subject"] == "Bob, your order"
    assert mails["eve@inbox.example"]["Subject"] == "Changed"


def test_deleting_the_template_loses_no_mail(make: Make, template: Template) -> None:
    accept_one(from_template(make, template.pk, variables={"NAME": "Bob"}))
    delete_template(template)
    assert outgoing()["bob@inbox.example"]["Subject"] == "Bob, your order"


def test_a_value_is_text_wherever_it_stands(make: Make, template: Template) -> None:
    trick = "{{ THING }}{% if %}\r\nBcc: eve@evil.example"
    accept_one(from_template(make, template.pk, variables={"NAME": trick, "THING": "secret"}))
    mail = outgoing()["bob@inbox.example"]
    assert mail["Subject"] == "{{ THING }}{% if %} Bcc: eve@evil.example, your secret"
    assert mail["Bcc"] is None
    assert words_of(mail, "html").startswith("<p>Dear {{ THING }}{% if %}")


def test_a_text_that_comes_out_empty_is_sent_as_that(make: Make, acme: Tenant) -> None:
    texts = Texts(subject="Hi", text="{% if NEVER %}x{% endif %}")
    accept_one(from_template(make, add_template(acme.account.pk, invoke_name="e", name="E", texts=texts).pk))
    assert words_of(outgoing()["bob@inbox.example"], "plain") == ""


@pytest.mark.django_db(transaction=True)
def test_values_that_a_template_cannot_take_fail_their_own_copy_with_a_sentence(world, make: Make, acme: Tenant) -> None:
    texts = Texts(subject="Half", text="{{ 6 | divided_by: N }}")
    template = add_template(acme.account.pk, invoke_name="half", name="Half", texts=texts)
    people = tuple(Addressee(email=f"n{number}@inbox.example", variables={"N": str(number)}) for number in (0, 2))
    here = world()
    accept_one(from_template(make, template.pk, recipients=people))
    here.run()
    assert dict(Recipient.objects.values_list("email", "state")) == {
        "n0@inbox.example": "failed",
        "n2@inbox.example": "delivered",
    }
    reply = Event.objects.get(type="failed").reply
    assert reply == "The message cannot be composed: Line 1: divided_by: can't divide by 0."


@pytest.mark.django_db(transaction=True)
def test_templates_arrive_filled_in_and_signed(world, make: Make, template: Template) -> None:
    here = world()
    people = tuple(Addressee(email=f"{name.lower()}@inbox.example", variables={"NAME": name}) for name in ("Ann", "Ben"))
    accept_one(from_template(make, template.pk, recipients=people, variables={"THING": "milk"}))
    here.run()
    assert set(Recipient.objects.values_list("state", flat=True)) == {"delivered"}
    mails = [message_from_bytes(caught.content or b"", policy=default) for caught in here.sink.messages]
    assert sorted(mail["Subject"] for mail in mails) == ["Ann, your milk", "Ben, your milk"]
    assert {judge(caught.content or b"") for caught in here.sink.messages} == {"pass"}
