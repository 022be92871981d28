"""Every call of the document, asked with what its schema allows and with what it does not: no fault of ours, and answers as
they are described.

A few requests for each call; HYPOTHESIS_PROFILE=long makes a hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpcore
import pytest
import schemathesis
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from domains.keys import add_keys
from gateway import wsgi
from gateway.api.openapi.access import TAGS
from gateway.api.openapi.schema import Document
from gateway.base import guarded
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.domains.zones import use
from tests.support.cast import Tenant, make_tenant
from tests.support.dns import serve
from tests.support.doors import accept_inline
from tests.wire.trials import is_long
from tracking.models import Webhook

pytestmark = pytest.mark.django_db

REQUESTS = 100 if is_long() else 4  # of each call
ADMIN = "key-of-the-installation"
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
# What the examples have in place of the caller's own.
DOMAINS = ("example.com", "ifaxin.com", "mailup.it", "yourdomain.com")
TEMPLATES = {'"Template Id"': '"hello"', ': "template_id"': ': "hello"'}

DOCUMENT = schemathesis.openapi.from_dict(Document().get_schema(public=True))
DOCUMENT.app = wsgi.application
OPERATIONS = [found.ok() for found in DOCUMENT.get_all_operations()]


@pytest.fixture(autouse=True)
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing beyond this process: no name has an address, no address answers, and mail is stored where it is handed in."""

    async def connect(*_: Any, **__: Any) -> Any:
        raise httpcore.ConnectError("The tests call nobody.")

    monkeypatch.setattr(guarded._Guard, "_connect", connect)
    monkeypatch.setattr(wsgi, "close_old_connections", lambda: None)  # the test's own, with what it is about to roll back
    accept_inline(monkeypatch)
    settings.GATEPOST_ADMIN_KEY = ADMIN
    settings.GATEPOST_SENDCLEAN_RATES = ()
    with serve({}) as server:
        use(server, settings)
        yield


@pytest.mark.parametrize("tag", TAGS)
def test_no_call_fails(tag: str) -> None:
    asked = [operation for operation in OPERATIONS if operation.tags == [tag]]
    assert asked
    for place, operation in enumerate(asked):
        ask_all(operation, make_caller(f"t{place}"))


def make_caller(name: str) -> Tenant:
    """Return a tenant that may send, with a webhook, and no limit of requests."""
    tenant = make_tenant(name)
    type(tenant.account).objects.filter(pk=tenant.account.pk).update(requests_per_minute=0)
    add_keys(tenant.domain)
    tenant.domain.dkim_keys.update(published_at=timezone.now())
    add_template(tenant.account.pk, invoke_name="hello", name="Hello", texts=Texts(subject="Hello", text="{{ NAME }}"))
    return tenant


def ask_all(operation: Any, tenant: Tenant) -> None:
    known, own = example_of(operation, tenant), own_of(tenant)
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
    names = st.just(set(known)) | st.sets(st.sampled_from(sorted(known) or [""]))

    @settings(max_examples=REQUESTS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases, kept=names)
    def ask(case: Any, kept: set[str]) -> None:
        for place in ("body", "query"):
            values = getattr(case, place)
            if isinstance(values, dict) and values:
                values |= {name: known[name] for name in kept & known.keys()}
                values |= {name: value for name, value in own.items() if name in values}
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {tenant.domain_secret}"}
        judge(case, case.call())

    ask()


def judge(case: Any, answer: Any) -> None:
    assert answer.status_code < 500 or is_no_host_of_ours(case, answer), (case.path, case.body, case.query, answer.text)
    case.validate_response(answer, checks=CHECKS)


def is_no_host_of_ours(case: Any, answer: Any) -> bool:
    """Tell whether an answer is the one that the vendor documents with HTTP status 500."""
    return "inbound-relay-domain-check" in case.path.lower() and "RelayDomain" not in answer.json()


def example_of(operation: Any, tenant: Tenant) -> dict[str, Any]:
    """Return the document's example of a call, as the tenant would send it."""
    raw = operation.definition.raw
    if "requestBody" in raw:
        example = next(iter(raw["requestBody"]["content"].values()))["example"]
    else:
        example = {one["name"]: one["example"] for one in raw["parameters"] if "example" in one}
    text = json.dumps(example)
    for theirs, ours in {**dict.fromkeys(DOMAINS, tenant.domain.name), **TEMPLATES}.items():
        text = text.replace(theirs, ours)
    return dict(json.loads(text))


def own_of(tenant: Tenant) -> dict[str, Any]:
    """Return what is the tenant's, by every name that a dialect has for it."""
    formats = Webhook.Format
    of_account = Webhook.objects.create(account=tenant.account, format=formats.SENDCLEAN)
    of_domain = Webhook.objects.create(account=tenant.account, domain=tenant.domain, format=formats.OCTETH)
    user = {"Username": tenant.smtp_user.name, "Secret": tenant.smtp_secret}
    return {
        "owner_id": tenant.account.owner_id,
        "token": tenant.api_secret,
        "smtp_user_name": tenant.smtp_user.name,
        "apiUser": tenant.smtp_user.name,
        "apiKey": tenant.smtp_secret,
        "User": user,
        "SMTPUsername": tenant.smtp_user.name,
        "SMTPPassword": tenant.smtp_secret,
        "APIKey": tenant.api_secret,
        "AdminAPIKey": ADMIN,
        "SenderAPIKey": tenant.domain_secret,
        "DomainID": tenant.domain.pk,
        "ApiKeyId": tenant.domain_key.pk,
        "smtpid": tenant.smtp_user.pk,
        "webhook_id": of_account.pk,
        "WebhookID": of_domain.pk,
    }
