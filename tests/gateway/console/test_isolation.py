"""No room tells a stranger anything: what is another account's is as if it were not there (promises T14, T30)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.acts import ActingAdmin
from accounts.models import AuditEntry, Membership, User
from accounts.scoped import ScopedAdmin
from gateway.models import Message
from tests.gateway.console.everything import make_everything
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_operator, make_person
from tests.support.rooms import ROOMS

MODELS = sorted(ROOMS, key=lambda model: model._meta.label)
OURS = "canary-of-acme"
THEIRS = "canary-of-globex"
MISSING = 987_654_321

Rows = dict[type[Model], Any]
in_every_room = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@pytest.fixture
def ours(acme: Tenant) -> Rows:
    return make_everything(acme, OURS)


@pytest.fixture
def theirs(globex: Tenant) -> Rows:
    return make_everything(globex, THEIRS)


def path_of(model: type[Model], page: str, *key: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=key)


def key_of(row: Any) -> Any:
    return row.public_id if isinstance(row, Message) else row.pk


def missing_key(model: type[Model]) -> Any:
    return uuid4() if model is Message else MISSING


def pages_of(model: type[Model], key: object) -> Iterator[str]:
    """Yield the path of every page about one row."""
    room = ROOMS[model]
    for page in ("change", "delete", "history"):
        yield path_of(model, page, key)
    for act in room.acts if isinstance(room, ActingAdmin) else ():
        yield path_of(model, act.name, key)


def answer_of(response: Any, key: object) -> tuple[int, str, list[str], str]:
    """Return all that a browser can tell two answers apart by, without the key that it asked with."""
    said = [str(message).replace(f"“{key}”", "KEY") for message in get_messages(response.wsgi_request)]
    return response.status_code, response.headers.get("Location", ""), said, response.content.decode()


def test_it_works(insider: Client, ours: Rows) -> None:
    for model in set(ROOMS) - {User}:
        assert OURS in insider.get(path_of(model, "changelist")).content.decode(), model


def test_every_room_is_scoped_and_walked(ours: Rows) -> None:
    assert all(isinstance(room, ScopedAdmin) for room in ROOMS.values())
    assert set(ROOMS) == set(ours)


@in_every_room
def test_lists_and_searches_show_a_stranger_nothing(model: type[Model], outsider: Client, ours: Rows, theirs: Rows) -> None:
    for query in ("", "?q=canary-of", "?q=canary-of-&all=", "?o=1", "?p=1"):
        assert OURS not in outsider.get(path_of(model, "changelist") + query, follow=True).content.decode()


@in_every_room
def test_filters_offer_a_stranger_nothing_and_find_nothing(
    model: type[Model], outsider: Client, ours: Rows, theirs: Rows
) -> None:
    for field in [field for field in model._meta.fields if field.is_relation]:
        foreign = ours.get(field.related_model)
        for lookup in (f"{field.name}__id__exact={foreign.pk if foreign else 1}", f"{field.name}__name__startswith={OURS}"):
            page = outsider.get(path_of(model, "changelist") + f"?{lookup}", follow=True)
            assert OURS not in page.content.decode().replace(f"startswith={OURS}", "")


@in_every_room
def test_a_foreign_row_answers_like_a_missing_one(model: type[Model], outsider: Client, ours: Rows, theirs: Rows) -> None:
    missing = missing_key(model)
    for foreign_page, missing_page in zip(pages_of(model, key_of(ours[model])), pages_of(model, missing), strict=True):
        for method in ("get", "post"):
            foreign = answer_of(getattr(outsider, method)(foreign_page), key_of(ours[model]))
            outsider.get("/console/")  # shows the messages of the answer before
            assert foreign == answer_of(getattr(outsider, method)(missing_page), missing)
            assert OURS not in str(foreign)
            outsider.get("/console/")


@in_every_room
def test_a_stranger_changes_nothing(model: type[Model], outsider: Client, ours: Rows, theirs: Rows) -> None:
    before = model._default_manager.filter(pk=ours[model].pk).values().get()
    for page in pages_of(model, key_of(ours[model])):
        outsider.post(page, {"post": "yes", "name": "taken", "email": "taken@globex.example", "is_active": ""})
    outsider.post(
        path_of(model, "changelist"), {"action": "delete_selected", "_selected_action": [ours[model].pk], "post": "yes"}
    )
    assert model._default_manager.filter(pk=ours[model].pk).values().get() == before


@in_every_room
def test_add_forms_offer_a_stranger_nothing(model: type[Model], outsider: Client, ours: Rows, theirs: Rows) -> None:
    assert OURS not in outsider.get(path_of(model, "add")).content.decode()


def test_forms_refuse_another_accounts_rows(outsider: Client, ours: Rows, theirs: Rows, globex: Tenant, acme: Tenant) -> None:
    hook = next(row for model, row in theirs.items() if model.__name__ == "Webhook")
    form = {"url": hook.url, "format": "standard", "domain": acme.domain.pk}
    page = outsider.post(path_of(type(hook), "change", hook.pk), form).content.decode()
    hook.refresh_from_db()
    assert hook.domain_id is None
    assert "Select a valid choice" in page


def test_rows_of_two_accounts_are_not_joined_by_who_is_in_both(acme: Tenant, globex: Tenant) -> None:
    Membership.objects.create(account=globex.account, user=acme.user, role=Membership.Role.OWNER)
    form = {"account": acme.account.pk, "description": "joined", "domain": globex.domain.pk}
    page = log_in(acme.user).post(reverse("admin:domains_apikey_add"), form)
    assert "belongs to another account" in page.content.decode()
    assert not acme.account.api_keys.filter(description="joined").exists()


def test_a_foreign_account_cannot_be_chosen(acme: Tenant, globex: Tenant) -> None:
    outsider = log_in(globex.user)
    outsider.post(reverse("admin:domains_apikey_add"), {"account": acme.account.pk, "description": "mine"})
    assert globex.account.api_keys.filter(description="mine").exists()  # the only account of theirs, whatever they say
    assert not acme.account.api_keys.filter(description="mine").exists()


def test_autocomplete_offers_a_stranger_nothing(outsider: Client, ours: Rows, theirs: Rows) -> None:
    asked = {"app_label": "domains", "model_name": "apikey", "field_name": "account", "term": "canary"}
    answer = outsider.get(reverse("admin:autocomplete"), asked)
    assert OURS not in answer.content.decode()
    assert THEIRS in answer.content.decode()


def test_downloads_are_not_there_for_a_stranger(outsider: Client, insider: Client, ours: Rows, theirs: Rows) -> None:
    path = reverse("admin:gateway_message_file", args=(ours[Message].public_id, 0))
    assert insider.get(path).status_code == 200
    assert outsider.get(path).status_code == 404


def test_the_home_page_counts_only_ones_own(outsider: Client, globex: Tenant, acme: Tenant, ours: Rows) -> None:
    globex.account.smtp_users.update(is_deleted=True)
    done = {step.url: step.is_done for step in outsider.get("/console/").context["steps"]}
    assert not done[reverse("admin:gateway_message_changelist")]
    assert not done[reverse("admin:domains_smtpuser_changelist")]


@in_every_room
def test_a_viewer_only_looks(model: type[Model], acme: Tenant, ours: Rows) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    before = list(model._default_manager.order_by("pk").values())
    for path in [*pages_of(model, key_of(ours[model])), path_of(model, "add")]:
        answer = viewer.post(path, {"post": "yes", "name": "x", "description": "x"})
        assert answer.status_code in {302, 403} or path.endswith("/history/"), path
    viewer.post(
        path_of(model, "changelist"), {"action": "delete_selected", "_selected_action": [ours[model].pk], "post": "yes"}
    )
    assert list(model._default_manager.order_by("pk").values()) == before
    assert AuditEntry.objects.filter(actor__startswith="viewer").count() == 0
    assert LogEntry.objects.count() == 0


def test_an_operator_sees_every_account(ours: Rows, theirs: Rows) -> None:
    operator = log_in(make_operator())
    for model in MODELS:
        page = operator.get(path_of(model, "changelist")).content.decode()
        assert OURS in page, model
        assert THEIRS in page, model


def test_no_page_of_a_domain_holds_a_private_key(insider: Client, ours: Rows, acme: Tenant) -> None:
    page = insider.get(path_of(type(acme.domain), "change", acme.domain.pk)).content.decode()
    assert f"{OURS}+key" in page
    assert "sealed-private" not in page
