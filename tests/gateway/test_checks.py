"""System checks say what would let mail fail later."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.core.checks import run_checks

from gateway.base.environment import Endpoint
from gateway.checks import check_settings

PRODUCTION = {
    "EMBEDDED": False,
    "GATEPOST_HOSTNAME": "mail.example.com",
    "GATEPOST_RETURN_DOMAIN": "returns.example.com",
    "GATEPOST_URL": "https://mail.example.com",
    "REDIS_URL": "redis://127.0.0.1",
}


def ids(settings, **changes: object) -> list[str]:
    for name, value in (PRODUCTION | changes).items():
        setattr(settings, name, value)
    return [str(message.id) for message in check_settings()]


def test_it_works(settings) -> None:
    assert ids(settings) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"GATEPOST_MAX_SIZE": 2, "GATEPOST_MAX_BODY": 1}, "gateway.E001"),
        ({"GATEPOST_SMTP_PLAIN": Endpoint("0.0.0.0", 2587)}, "gateway.E003"),
        ({"GATEPOST_SMTP_PLAIN": Endpoint("mail.example.com", 2587)}, "gateway.E003"),
        ({"GATEPOST_HOSTNAME": "localhost"}, "gateway.W001"),
        ({"GATEPOST_RETURN_DOMAIN": "returns.localhost"}, "gateway.W002"),
        ({"GATEPOST_URL": "http://mail.example.com"}, "gateway.W003"),
        ({"REDIS_URL": ""}, "gateway.W004"),
    ],
)
def test_each_is_said(settings, changes: dict[str, object], expected: str) -> None:
    assert ids(settings, **changes) == [expected]


def test_a_plain_listener_may_be_on_loopback_or_for_those_who_are_named(settings) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert ids(settings, GATEPOST_SMTP_PLAIN=Endpoint(host, 2587)) == []
    allowed = (ip_network("10.0.0.0/8"),)
    assert ids(settings, GATEPOST_SMTP_PLAIN=Endpoint("0.0.0.0", 2587), GATEPOST_SMTP_PLAIN_ALLOW=allowed) == []


def test_the_embedded_mode_may_be_local(settings) -> None:
    assert ids(settings, EMBEDDED=True, GATEPOST_HOSTNAME="localhost", REDIS_URL="") == []


def test_django_runs_them(settings) -> None:
    settings.GATEPOST_MAX_SIZE = settings.GATEPOST_MAX_BODY + 1
    assert "gateway.E001" in [message.id for message in run_checks()]
