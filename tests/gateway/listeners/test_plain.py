"""The listener that needs no TLS: for this machine, and for those who are named."""

from __future__ import annotations

import smtplib
import ssl

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from gateway.models import Message
from tests.gateway.listeners.conftest import OpenDoor
from tests.gateway.listeners.test_submission import MAIL
from tests.support.cast import Tenant


@pytest.fixture(autouse=True)
def _in_production(_on_a_laptop: None, settings: Settings) -> None:
    settings.EMBEDDED = False


@pytest.mark.django_db(transaction=True)
def test_it_works(open_door: OpenDoor, acme: Tenant) -> None:
    with open_door(is_plain=True) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.login(acme.smtp_user.name, acme.smtp_secret)
        client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert Message.objects.count() == 1


def test_tls_may_be_had_all_the_same(open_door: OpenDoor, trust: ssl.SSLContext) -> None:
    with open_door(is_plain=True) as port, smtplib.SMTP("localhost", port, timeout=10) as client:
        client.starttls(context=trust)
        client.ehlo()
        assert client.has_extn("auth")


def test_beyond_loopback_somebody_must_be_named(open_door: OpenDoor) -> None:
    with pytest.raises(ImproperlyConfigured, match="GATEPOST_SMTP_PLAIN_ALLOW"), open_door(host="0.0.0.0", is_plain=True):
        pass
