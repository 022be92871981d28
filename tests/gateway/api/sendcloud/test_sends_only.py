"""An API user that is kept from managing: it sends, and every call about what the account has is refused."""

from __future__ import annotations

import pytest
from django.test import Client

from domains.credentials import forget
from domains.models import SMTPUser
from gateway.api.sendcloud.urls import urlpatterns
from gateway.api.sendcloud.views.base import ModuleView
from gateway.base.errors import CredentialSendsOnly
from tests.gateway.api.sendcloud.conftest import Send
from tests.support.cast import Tenant

pytestmark = pytest.mark.django_db

PATHS = [f"/{pattern.name}" for pattern in urlpatterns if issubclass(pattern.callback.view_class, ModuleView)]


@pytest.fixture
def kept(acme: Tenant) -> Tenant:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(may_manage=False)
    forget()
    return acme


def test_it_sends(send: Send, kept: Tenant) -> None:
    assert send()["result"] is True


def test_it_manages_nothing(client: Client, kept: Tenant) -> None:
    name, secret = kept.smtp_user.name, kept.smtp_secret
    both = {"apiUser": name, "apiKey": secret, "api_user": name, "api_key": secret}
    assert len(PATHS) > 60
    for path in PATHS:
        answer = client.post(path, both)
        said = answer.content.decode()
        assert CredentialSendsOnly.message in said, path
        assert '"statusCode":6001' in said or path.startswith("/webapi/"), path
