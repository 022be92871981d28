"""Keys of webhooks: their own, or in Octeth's format their domain's."""

from __future__ import annotations

import pytest

from domains.models import SenderDomain
from gateway.base.errors import FieldInvalid, Unsupported
from tests.support.cast import Tenant
from tracking.models import Webhook
from tracking.webhooks import actions, keys
from tracking.webhooks.calls import open_key

URL = "https://hooks.example.com/"


def add(tenant: Tenant, *, domain: SenderDomain | None, format_name: str = "octeth") -> tuple[Webhook, str]:
    return actions.add_webhook(tenant.account, URL, format_name=format_name, domain=domain)


@pytest.fixture
def other(acme: Tenant) -> SenderDomain:
    return SenderDomain.objects.create(account=acme.account, name="other.example", verification_token="t")


def test_all_webhooks_of_a_domain_have_its_key(acme: Tenant, globex: Tenant, other: SenderDomain) -> None:
    (first, key), (second, same), (_, others), (_, theirs) = (
        add(acme, domain=acme.domain),
        add(acme, domain=acme.domain),
        add(acme, domain=other),
        add(globex, domain=globex.domain),
    )
    assert key == same == open_key(first) == open_key(second) == keys.find_domain_key(acme.domain)
    assert len({key, others, theirs}) == 3


def test_a_reset_is_one_for_all_of_them(acme: Tenant, globex: Tenant) -> None:
    first, _ = add(acme, domain=acme.domain)
    add(acme, domain=acme.domain)
    theirs, _ = add(globex, domain=globex.domain)
    before = open_key(theirs)
    key = actions.reset_key(first)
    acme.domain.refresh_from_db()
    assert {open_key(one) for one in acme.account.webhooks.all()} == {key} == {keys.find_domain_key(acme.domain)}
    assert open_key(Webhook.objects.get(pk=theirs.pk)) == before


def test_a_key_outlives_the_webhooks(acme: Tenant) -> None:
    webhook, key = add(acme, domain=acme.domain)
    actions.delete(webhook)
    assert add(acme, domain=acme.domain)[1] == key


def test_others_have_a_key_of_their_own(acme: Tenant) -> None:
    domain = acme.domain
    own = [
        add(acme, domain=None),
        add(acme, domain=None),
        add(acme, domain=domain, format_name="standard"),
        add(acme, domain=domain, format_name="standard"),
    ]
    assert len({key for _, key in own} | {keys.find_domain_key(domain)}) == 5
    actions.reset_key(own[0][0])
    assert open_key(own[1][0]) == own[1][1]


def test_a_webhook_that_moves_takes_up_the_other_key(acme: Tenant, other: SenderDomain) -> None:
    webhook, key = add(acme, domain=acme.domain)
    webhook.domain = other
    webhook.save()
    actions.follow_domain(webhook)
    assert open_key(webhook) == keys.find_domain_key(other) != key


def test_a_key_that_does_not_open_is_said(acme: Tenant) -> None:
    SenderDomain.objects.update(sealed_signing_key=b"sealed elsewhere")
    acme.domain.refresh_from_db()
    with pytest.raises(Unsupported, match="Regenerate it"):
        keys.find_domain_key(acme.domain)
    with pytest.raises(Unsupported, match="Regenerate it"):
        add(acme, domain=acme.domain)
    key = keys.reset_domain_key(acme.domain)
    acme.domain.refresh_from_db()
    assert keys.find_domain_key(acme.domain) == key


def test_a_domain_that_goes_meanwhile(acme: Tenant, other: SenderDomain) -> None:
    key = other.pk
    other.delete()
    with pytest.raises(FieldInvalid, match="deleted"):
        keys.hold_domain_key(key)
