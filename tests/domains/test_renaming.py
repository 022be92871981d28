"""A domain gets another name: beside looks at DNS that are under way, and only where it was never used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from domains import verification
from domains.actions import add_domain
from domains.models import SenderDomain
from domains.renaming import rename_domain
from domains.verification import check_domain
from gateway.base.errors import FieldInvalid, Unsupported
from tests.domains.zones import publish, use
from tests.support.cast import Tenant
from tests.support.dns import serve


def test_a_look_under_way_does_not_verify_the_new_name(acme: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    domain, look = add_domain(acme.account, "old.example"), verification.examine

    def rename_meanwhile(plans: Any) -> Any:
        found = look(plans)
        rename_domain(SenderDomain.objects.get(pk=domain.pk), "new.example")
        return found

    monkeypatch.setattr(verification, "examine", rename_meanwhile)
    with serve({}) as server:
        use(server, settings)
        publish(server, domain)
        findings = check_domain(domain)
    assert all(finding.is_ok for finding in findings)  # of the old name
    stored = SenderDomain.objects.get(pk=domain.pk)
    assert (stored.name, stored.verified_at, stored.check_results) == ("new.example", None, [])
    assert not stored.dkim_keys.filter(published_at__isnull=False).exists()
    assert stored.next_check_at is not None


@pytest.mark.parametrize("changes", [{}, {"verified_at": None, "is_trusted": True}])
def test_a_domain_that_may_be_sent_from_keeps_its_name(acme: Tenant, changes: dict[str, Any]) -> None:
    SenderDomain.objects.filter(pk=acme.domain.pk).update(**changes)
    with pytest.raises(Unsupported):
        rename_domain(acme.domain, "new.example")
    acme.domain.refresh_from_db()
    assert acme.domain.name == "acme.example"


@pytest.mark.parametrize("name", ["acme.example", "ACME.Example.", "com", "no domain"])
def test_a_name_that_it_cannot_have_is_refused(acme: Tenant, name: str) -> None:
    fresh = SenderDomain.objects.create(account=acme.account, name="fresh.example", verification_token="token")
    with pytest.raises(FieldInvalid):
        rename_domain(fresh, name)
    fresh.refresh_from_db()
    assert (fresh.name, fresh.verification_token) == ("fresh.example", "token")


@pytest.mark.django_db(transaction=True)
def test_of_several_that_want_a_name_at_once_one_has_it(acme: Tenant) -> None:
    domains = [add_domain(acme.account, f"old{number}.example") for number in range(4)]
    together = Barrier(len(domains))

    def rename(domain: SenderDomain) -> bool:
        together.wait(5)
        try:
            rename_domain(domain, "new.example")
        except FieldInvalid:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(domains)) as threads:
        assert sorted(threads.map(rename, domains)) == [False, False, False, True]
