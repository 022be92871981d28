"""What /api/v1/email sends beside plain mail: templates, to lists, about a member of one; and the same call at /api.php."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from gateway.base import clock
from gateway.engine import lists, queue
from gateway.engine.compose import compose
from gateway.models import ListTask, Message, Recipient
from templates_app.actions import add_template
from templates_app.models import AddressList, Member, Template
from templates_app.texts import Texts
from tests.gateway.api.mails import make_octeth
from tests.gateway.api.octeth.test_calls import error, send
from tests.support.cast import Tenant
from tests.support.lists import make_list
from tracking.models import Event, Suppression

BARE = {"HtmlContent": None}


def make_template(tenant: Tenant, syntax: str, html: str, subject: str = "From the template") -> Template:
    texts = Texts(subject=subject, html=html, text="")
    return add_template(tenant.account.pk, invoke_name="t", name="T", texts=texts, syntax=syntax)


def wires() -> dict[str, bytes]:
    """Return the bytes of every copy that is due, by the recipient's address."""
    return {copy.email: compose(copy, ()).wire for copy in queue.claim(300)}


def send_as(client: Client, tenant: Tenant, **call: Any) -> HttpResponse:
    return send(client, make_octeth(**call), tenant.domain_secret)


def test_a_template_needs_no_bodies(client: Client, live_acme: Tenant, acme_keys: Any) -> None:
    template = make_template(live_acme, "octeth", "<p>Dear %Subscriber:Name%, {{ Subscriber:EmailAddress }}</p>")
    assert send_as(client, live_acme, TemplateID=template.pk, Subject="Hi {{ Subscriber:Name }}", **BARE).status_code == 200
    mail = wires()["rita@example.com"]
    assert b"<p>Dear Rita, rita@example.com</p>" in mail
    assert b"Subject: Hi Rita\r\n" in mail
    assert Message.objects.get().template_version == template.versions.get()


def test_templates_of_other_syntaxes_know_the_recipient_too(client: Client, live_acme: Tenant, acme_keys: Any) -> None:
    template = make_template(live_acme, "liquid", "<p>Hello {{ NAME }}</p>")
    send_as(client, live_acme, TemplateID=str(template.pk), To=[{"email": "rita@example.com", "name": "R & B"}], **BARE)
    assert b"<p>Hello R &amp; B</p>" in wires()["rita@example.com"]


def test_a_strangers_template_is_like_one_that_is_not_there(client: Client, live_acme: Tenant, globex: Tenant) -> None:
    theirs = make_template(globex, "octeth", "<p>Secret</p>")
    answers = [send_as(client, live_acme, TemplateID=key) for key in (theirs.pk, theirs.pk + 1000)]
    assert [answer.json() for answer in answers] == [error(15)] * 2
    assert {answer.status_code for answer in answers} == {200}


def test_fields_in_the_calls_own_text_are_the_recipients(client: Client, live_acme: Tenant, acme_keys: Any) -> None:
    people = [{"email": "rita@example.com", "name": "Rita"}, {"email": "rob@example.com", "name": "<Rob>"}]
    send_as(client, live_acme, HtmlContent="<p>%Subscriber:Name%|{{ NAME }}|%Subscriber:Age%</p>", To=people)
    mails = wires()
    assert b"<p>Rita|{{ NAME }}|%Subscriber:Age%</p>" in mails["rita@example.com"]
    assert b"<p>&lt;Rob&gt;|{{ NAME }}|" in mails["rob@example.com"]


def test_a_mail_without_fields_keeps_no_values(client: Client, live_acme: Tenant) -> None:
    send_as(client, live_acme)
    assert Recipient.objects.get().variables is None


# Mail about a member of a list ----------------------------------------------------------------------------------------
def member_of(one: AddressList) -> Member:
    return Member.objects.filter(address_list=one).order_by("-pk")[0]


def test_a_mail_is_about_a_member(client: Client, live_acme: Tenant, acme_keys: Any) -> None:
    news = make_list(live_acme.account.pk, 3)
    numbers = {"ListID": news.pk, "SubscriberID": str(member_of(news).pk), "JourneyID": 7, "ActionID": "8"}
    send_as(client, live_acme, HtmlContent="<p>No. %Subscriber:N% {{ Subscriber:email }}</p>", **numbers)
    assert b"<p>No. 2 p2@inbox.example</p>" in wires()["rita@example.com"]
    assert Event.objects.get().headers == {name: str(number) for name, number in numbers.items()}


def test_its_values_fill_a_template(client: Client, live_acme: Tenant, acme_keys: Any) -> None:
    news = make_list(live_acme.account.pk, 1)
    template = make_template(live_acme, "liquid", "<p>{{ N }}, {{ email }}</p>")
    send_as(client, live_acme, TemplateID=template.pk, SubscriberID=member_of(news).pk, **BARE)
    assert b"<p>0, p0@inbox.example</p>" in wires()["rita@example.com"]


def test_a_strangers_list_and_member_are_like_those_that_are_not_there(
    client: Client, live_acme: Tenant, globex: Tenant
) -> None:
    news, theirs = make_list(live_acme.account.pk, 1), make_list(globex.account.pk, 1)
    for list_id in (theirs.pk, 987654):
        assert send_as(client, live_acme, ListID=list_id).json() == error(35)
        assert send_as(client, live_acme, TargetListID=list_id, To=None).json() == error(16)
    for member_id in (member_of(theirs).pk, 987654):
        assert send_as(client, live_acme, SubscriberID=member_id).json() == error(36)
        assert send_as(client, live_acme, SubscriberID=member_id, ListID=news.pk).json() == error(36)
    assert not Message.objects.exists()


# To a list ------------------------------------------------------------------------------------------------------------
def test_a_list_is_sent_to_one_by_one(client: Client, live_acme: Tenant, acme_keys: Any) -> None:
    news = make_list(live_acme.account.pk, 3)
    Suppression.objects.create(account=live_acme.account, email="p1@inbox.example")
    answer = send_as(client, live_acme, TargetListID=news.pk, To=None, HtmlContent="<p>No. %Subscriber:N%</p>")
    assert answer.json() == {"MessageID": [str(Message.objects.get().public_id)]}
    lists.expand(5)
    mails = wires()
    assert set(mails) == {"p0@inbox.example", "p2@inbox.example"}
    assert b"<p>No. 2</p>" in mails["p2@inbox.example"]
    assert b"To: p2@inbox.example\r\n" in mails["p2@inbox.example"]


def test_the_first_250_are_reached(client: Client, live_acme: Tenant, settings: Any) -> None:
    news = make_list(live_acme.account.pk, [f"p{number:03}@inbox.example" for number in reversed(range(260))])
    send_as(client, live_acme, TargetListID=news.pk, To=None)
    lists.expand(10)
    assert set(Recipient.objects.values_list("email", flat=True)) == {f"p{number:03}@inbox.example" for number in range(250)}
    settings.GATEPOST_OCTETH_FULL_LIST = True
    send_as(client, live_acme, TargetListID=news.pk, To=None)
    lists.expand(10)
    assert Recipient.objects.filter(message=Message.objects.latest("pk")).count() == 260


def test_a_list_without_members_is_refused(client: Client, live_acme: Tenant) -> None:
    answer = send_as(client, live_acme, TargetListID=make_list(live_acme.account.pk, 0).pk, To=None)
    assert (answer.status_code, answer.json()) == (502, error(39))
    assert not ListTask.objects.exists()


def test_a_list_and_people_do_not_go_together(client: Client, live_acme: Tenant) -> None:
    answer = send_as(client, live_acme, TargetListID=make_list(live_acme.account.pk, 1).pk)
    assert answer.status_code == 400
    assert "To cannot be given with TargetListID" in answer.json()["Errors"][0]["Message"]


def test_a_list_send_is_replayed(client: Client, live_acme: Tenant) -> None:
    call = make_octeth(TargetListID=make_list(live_acme.account.pk, 1).pk, To=None)
    answers = [send(client, call, live_acme.domain_secret, **{"Idempotency-Key": "k"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert ListTask.objects.count() == 1


# Later ----------------------------------------------------------------------------------------------------------------
def test_a_mail_waits_until_its_time(client: Client, live_acme: Tenant) -> None:
    at = clock.now() + timedelta(hours=2)
    send_as(client, live_acme, SendAt=int(at.timestamp()))
    one = Recipient.objects.get()
    assert (one.state, one.next_attempt_at) == ("deferred", at.replace(microsecond=0))


# /api.php -------------------------------------------------------------------------------------------------------------
def command(client: Client, **call: Any) -> HttpResponse:
    return client.post("/api.php", {"Command": "EmailGateway.SendEmail"} | call, "application/json")


def test_the_command_sends(client: Client, live_acme: Tenant) -> None:
    answer = command(client, **make_octeth(SenderAPIKey=live_acme.domain_secret))
    assert answer.json() == {"MessageID": str(Message.objects.get().public_id)}


def test_the_command_says_what_is_wrong_as_the_call_does(client: Client, live_acme: Tenant) -> None:
    assert command(client, **make_octeth(SenderAPIKey="x")).json() == error(13)
    assert command(client, **make_octeth(SenderAPIKey=live_acme.domain_secret, Subject=None)).json() == error(8)
    assert [entry["Code"] for entry in command(client).json()["Errors"]] == [1, 3, 8, 9, 20]


def test_the_command_counts_with_the_call(client: Client, live_acme: Tenant) -> None:
    live_acme.account.requests_per_minute = 1
    live_acme.account.save()
    command(client, SenderAPIKey=live_acme.domain_secret)
    answer = command(client, SenderAPIKey=live_acme.domain_secret)
    assert answer.status_code == 429
    assert "Wait for" in answer.json()["Errors"][0]["Message"]
    assert int(answer.headers["Retry-After"]) > 0
