"""End to end: a bounce that comes by SMTP becomes an event, a suppression, a number, and a line on the message's page."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gateway.engine import queue
from gateway.engine.accept import accept
from gateway.engine.outcome import Outcome, Result
from gateway.engine.returned import Taker
from gateway.engine.returns import make_return_path
from gateway.engine.submission import Addressee, Mailbox, Submission
from gateway.listeners.returns import open_returns, returns_folder
from gateway.models import Recipient
from tests.gateway.engine.test_bounces import arf, dsn
from tests.support.cast import Tenant
from tests.support.sink import running
from tracking.models import Event, HourlyStatistic, Suppression

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob(acme: Tenant) -> Recipient:
    """A copy that was accepted and delivered the way the product does it."""
    asked = Submission(
        account_id=acme.account.pk,
        smtp_user_id=acme.smtp_user.pk,
        door="smtp",
        sender=Mailbox(email="ann@acme.example"),
        recipients=(Addressee(email="bob@inbox.example"),),
        subject="Hello",
        text="Hello, Bob.",
    )
    accept([asked])
    (copy,) = queue.claim(1)
    sent = Outcome(result=Result.DELIVERED, code=250, reply="ok", host="mx.inbox.example")
    queue.settle([queue.Settlement(copy=copy, outcome=sent, tried_at=timezone.now())])
    return Recipient.objects.get()


def wait_for(is_so: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def bring_back(recipient: Recipient, *mails: bytes, told: str) -> None:
    with Taker(returns_folder()) as taker, running(open_returns(taker.poke)) as port:
        for mail in mails:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                client.sendmail("", [make_return_path(recipient.pk)], mail.replace(b"\n", b"\r\n"))
        wait_for(lambda: Event.objects.filter(recipient_id=recipient.pk, type=told).exists())


def read_page(acme: Tenant, recipient: Recipient) -> str:
    client = Client()
    client.force_login(acme.user)
    page = client.get(reverse("admin:gateway_message_change", args=(recipient.message.public_id,)))
    assert page.status_code == 200
    return re.sub(r"\s+", " ", page.content.decode())


def test_a_bounce_that_comes_by_mail(settings, tmp_path, acme, bob):
    settings.GATEPOST_DATA = tmp_path
    bring_back(bob, dsn(), dsn(), dsn(), told="bounced")
    event = Event.objects.get(recipient_id=bob.pk, type="bounced")
    assert (event.is_first, event.sequence, event.code, event.category) == (True, 3, 550, "recipient")
    assert Recipient.objects.get().state == "bounced"
    assert Suppression.objects.for_account(acme.account).get().email == "bob@inbox.example"
    assert sum(HourlyStatistic.objects.filter(tag="").values_list("bounced_hard", flat=True)) == 1
    page = read_page(acme, bob)
    assert "550 5.1.1 &lt;bob@inbox.example&gt;: User unknown" in page
    assert "250 ok</span>" not in page
    assert "The bounce came back by mail, after the delivery." in page


def test_a_complaint_that_comes_by_mail(settings, tmp_path, acme, bob):
    settings.GATEPOST_DATA = tmp_path
    bring_back(bob, arf("abuse"), told="complained")
    assert Recipient.objects.get().state == "delivered"
    assert Suppression.objects.get().cause == "complained"
    page = read_page(acme, bob)
    assert "complained" in page
    assert "The recipient reported the message as spam." in page
    assert "came back by mail" not in page
