"""The same key answers the same; another message under it is refused; keys are an account's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import IdempotencyKey
from gateway.base.errors import IdempotencyConflict, RecipientMissing
from gateway.engine.accept import accept
from gateway.engine.idempotency import purge
from gateway.engine.submission import Accepted, Mailbox
from gateway.models import Message
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant


def test_it_works(make: Make) -> None:
    (first,) = accept([make(idempotency_key="k")])
    (again,) = accept([make(idempotency_key="k", client="192.0.2.9")])
    assert again == first
    assert Message.objects.count() == 1


def test_twice_in_one_group(make: Make) -> None:
    first, again, other = accept([make(idempotency_key="k"), make(idempotency_key="k"), make(idempotency_key="k2")])
    assert first == again != other
    assert Message.objects.count() == 2


def test_another_message_under_the_key_is_refused(make: Make) -> None:
    accept([make(idempotency_key="k")])
    (refusal,) = accept([make(idempotency_key="k", subject="Other")])
    assert isinstance(refusal, IdempotencyConflict)
    assert Message.objects.count() == 1


def test_a_refusal_keeps_no_key(make: Make) -> None:
    (refusal,) = accept([make(idempotency_key="k", recipients=())])
    assert isinstance(refusal, RecipientMissing)
    (answer,) = accept([make(idempotency_key="k")])
    assert isinstance(answer, Accepted)


def test_a_key_ends(make: Make) -> None:
    accept([make(idempotency_key="k")])
    IdempotencyKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    accept([make(idempotency_key="k", subject="Other")])
    assert Message.objects.count() == 2


def test_keys_that_ended_are_dropped_an_hour_later(make: Make) -> None:
    accept([make(idempotency_key="old"), make(idempotency_key="new")])
    now = timezone.now()
    IdempotencyKey.objects.filter(key="old").update(expires_at=now - timedelta(minutes=61))
    IdempotencyKey.objects.filter(key="new").update(expires_at=now - timedelta(minutes=59))
    assert purge(now) == 1
    assert IdempotencyKey.objects.get().key == "new"


def test_the_same_key_of_another_tenant_is_unrelated(make: Make, globex: Tenant) -> None:
    theirs = make(
        idempotency_key="k",
        account_id=globex.account.pk,
        smtp_user_id=globex.smtp_user.pk,
        sender=Mailbox(email="g@globex.example"),
    )
    mine, other = accept([make(idempotency_key="k"), theirs])
    assert isinstance(mine, Accepted)
    assert isinstance(other, Accepted)
    assert mine != other


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_no_key_behind(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.engine.rows.events.record", _fail)
    with pytest.raises(ZeroDivisionError):
        accept([make(idempotency_key="k")])
    assert not IdempotencyKey.objects.exists()
    assert not Message.objects.exists()


def _fail(*_: object) -> None:
    raise ZeroDivisionError
