"""Keys of sender domains: two of each domain's own, sealed, and used only once they are published."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pytest_django import DjangoAssertNumQueries, Settings

from domains.dkim import hash_body, sign
from domains.keys import add_keys, open_private_key, signers_for, write_public_key, write_record
from domains.models import DKIMKey
from gateway.base import clock
from gateway.base.sealing import CannotOpen
from tests.support.cast import Tenant


@pytest.fixture(autouse=True)
def _november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 21, tzinfo=UTC))


def publish(*keys: DKIMKey) -> None:
    for key in keys:
        key.published_at = clock.now()
        key.save()


def selectors(tenant: Tenant) -> list[str]:
    return [signer.selector for signer in signers_for(tenant.domain.pk)]


def test_it_works(acme: Tenant) -> None:
    publish(*add_keys(acme.domain))
    signers = signers_for(acme.domain.pk)
    assert [str(signer) for signer in signers] == ["acme.example/gp2611r", "acme.example/gp2611e"]
    assert [signer.algorithm for signer in signers] == ["rsa-sha256", "ed25519-sha256"]
    assert sign(b"From: a@acme.example\r\n", hash_body(b""), signers, when=0).count(b"DKIM-Signature: ") == 2


def test_each_key_is_of_the_size_and_record_that_receivers_want(acme: Tenant) -> None:
    rsa, ed25519 = add_keys(acme.domain)
    rsa_key, ed25519_key = open_private_key(rsa), open_private_key(ed25519)
    assert isinstance(rsa_key, RSAPrivateKey)
    assert rsa_key.key_size == 2048
    assert isinstance(ed25519_key, Ed25519PrivateKey)
    assert write_record(rsa) == f"v=DKIM1; k=rsa; p={write_public_key(rsa_key)}"
    public = base64.b64encode(ed25519_key.public_key().public_bytes_raw()).decode()
    assert write_record(ed25519) == f"v=DKIM1; k=ed25519; p={public}"


def test_keys_made_in_the_same_month_have_selectors_of_their_own(acme: Tenant, globex: Tenant) -> None:
    made = [key.selector for _ in range(3) for key in add_keys(acme.domain)]
    assert made == ["gp2611r", "gp2611e", "gp2611r2", "gp2611e2", "gp2611r3", "gp2611e3"]
    assert add_keys(globex.domain)[0].selector == "gp2611r"


def test_a_private_key_opens_in_its_own_place_only(acme: Tenant, globex: Tenant) -> None:
    stolen, _ = add_keys(acme.domain)
    assert b"PRIVATE" not in stolen.sealed_private_key
    stolen.domain = globex.domain
    with pytest.raises(CannotOpen):
        open_private_key(stolen)


def test_keys_sign_on_while_the_secret_keys_are_changed(acme: Tenant, settings: Settings) -> None:
    publish(*add_keys(acme.domain))
    settings.GATEPOST_SECRET_KEYS = ("new", *settings.GATEPOST_SECRET_KEYS)
    assert selectors(acme) == ["gp2611r", "gp2611e"]


def test_a_key_that_does_not_open_keeps_no_other_from_signing(acme: Tenant, settings: Settings) -> None:
    publish(*add_keys(acme.domain))
    settings.GATEPOST_SECRET_KEYS = ("new",)
    with pytest.raises(CannotOpen, match="was GATEPOST_SECRET_KEYS changed"):
        selectors(acme)
    fresh, _ = add_keys(acme.domain)
    publish(fresh)
    assert selectors(acme) == ["gp2611r2"]


def test_keys_that_are_not_published_do_not_sign(acme: Tenant) -> None:
    rsa, _ = add_keys(acme.domain)
    publish(rsa)
    assert selectors(acme) == ["gp2611r"]


def test_without_a_published_key_there_are_no_signers(acme: Tenant) -> None:
    add_keys(acme.domain)
    assert signers_for(acme.domain.pk) == ()


def test_keys_that_are_not_active_do_not_sign(acme: Tenant) -> None:
    rsa, ed25519 = add_keys(acme.domain)
    rsa.is_active = False
    publish(rsa, ed25519)
    assert selectors(acme) == ["gp2611e"]


def test_a_trusted_domain_signs_with_all_active_keys(acme: Tenant) -> None:
    acme.domain.is_trusted = True
    acme.domain.save()
    rsa, _ = add_keys(acme.domain)
    DKIMKey.objects.filter(pk=rsa.pk).update(is_active=False)
    assert selectors(acme) == ["gp2611e"]


def test_a_domain_never_signs_with_anothers_keys(acme: Tenant, globex: Tenant) -> None:
    publish(*add_keys(acme.domain))
    assert signers_for(globex.domain.pk) == ()
    assert signers_for(0) == ()


def test_signers_are_looked_up_once_for_a_batch(acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    publish(*add_keys(acme.domain))
    signers_for(acme.domain.pk)
    with django_assert_num_queries(0):
        assert len(signers_for(acme.domain.pk)) == 2
