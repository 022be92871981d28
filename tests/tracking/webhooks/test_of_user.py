"""Webhooks that SendCloud's customers know by URL and SMTP user, of which there is one each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from gateway.base.errors import FieldInvalid
from tests.support.cast import Tenant
from tests.tracking.webhooks.conftest import World
from tracking.models import Webhook
from tracking.webhooks import actions, of_user

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., World]


def test_of_two_that_move_to_a_url_at_once_one_does(world: Make, acme: Tenant) -> None:
    here = world({"/new": 0.5})  # both are looked at before either is stored
    hooks = [of_user.add_webhook(acme.account, f"{here.endpoint.url}/{number}", None, ()) for number in range(2)]

    def move(webhook: Webhook) -> bool:
        try:
            of_user.move(webhook, f"{here.endpoint.url}/new")
        except FieldInvalid:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(hooks)) as threads:
        assert sorted(threads.map(move, hooks)) == [False, True]
    assert here.endpoint.most_at_once["/new"] == 2
    assert Webhook.objects.filter(url__endswith="/new").count() == 1


def test_what_changed_meanwhile_counts(world: Make, acme: Tenant) -> None:
    here = world()
    url = f"{here.endpoint.url}/a"
    of_user.add_webhook(acme.account, url, acme.smtp_user, ())
    stale = of_user.add_webhook(acme.account, f"{here.endpoint.url}/b", None, ())
    of_user.tell_of(Webhook.objects.get(pk=stale.pk), acme.smtp_user)
    with pytest.raises(FieldInvalid):
        of_user.move(stale, url)  # as it was read, it is of nobody's mail in particular, and the URL is free


def test_one_that_was_deleted_meanwhile_is_not_there(world: Make, acme: Tenant) -> None:
    here = world()
    stale = of_user.add_webhook(acme.account, f"{here.endpoint.url}/a", None, ())
    actions.delete(Webhook.objects.get(pk=stale.pk))
    for change in (lambda: of_user.move(stale, f"{here.endpoint.url}/b"), lambda: of_user.tell_of(stale, acme.smtp_user)):
        with pytest.raises(FieldInvalid) as refused:
            change()
        assert refused.value.field == "webhook_id"
    assert not Webhook.objects.exists()
