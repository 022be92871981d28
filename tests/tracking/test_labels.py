"""Labels: made by name, found by number, each account's its own."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from gateway.base.errors import FieldInvalid, FieldMissing, QuotaExceeded
from tests.support.cast import Tenant
from tracking import labels
from tracking.models import Label


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    labels.forget()


def test_it_works(acme: Tenant) -> None:
    number = labels.note_label(acme.account.pk, "spring")
    assert number is not None
    assert labels.find_names(acme.account.pk, [number]) == {number: "spring"}
    assert labels.find_ids(acme.account.pk, ["spring", "autumn"]) == {"spring": number}


def test_a_label_of_mail_is_made_once_and_then_known(acme: Tenant) -> None:
    first = labels.note_label(acme.account.pk, "spring")
    with CaptureQueriesContext(connection) as queries:
        assert labels.note_label(acme.account.pk, "spring") == first
    assert len(queries) == 0
    labels.forget()
    assert labels.note_label(acme.account.pk, "spring") == first
    assert Label.objects.count() == 1


def test_the_numbers_of_many_are_looked_up_at_once(acme: Tenant) -> None:
    names = [f"label {number}" for number in range(20)]
    known = {name: labels.add_label(acme.account.pk, name).pk for name in names}
    labels.forget()
    with CaptureQueriesContext(connection) as queries:
        assert labels.find_ids(acme.account.pk, [*names, "nobody's"]) == known
        assert labels.find_ids(acme.account.pk, [*names[:3], "nobody's"]) == {name: known[name] for name in names[:3]}
    assert len(queries) == 1


def test_a_label_that_was_deleted_meanwhile_does_not_come_back(acme: Tenant) -> None:
    stale = labels.add_label(acme.account.pk, "spring")
    labels.delete_label(Label.objects.get())
    with pytest.raises(FieldInvalid):
        labels.rename_label(stale, "autumn")
    assert not Label.objects.exists()


def test_names_are_unique_in_an_account_alone(acme: Tenant, globex: Tenant) -> None:
    ours = labels.add_label(acme.account.pk, "spring")
    theirs = labels.add_label(globex.account.pk, "spring")
    assert labels.find_label(acme.account.pk, theirs.pk) is None
    assert labels.find_names(acme.account.pk, [ours.pk, theirs.pk]) == {ours.pk: "spring"}
    with pytest.raises(FieldInvalid):
        labels.add_label(acme.account.pk, "spring")
    with pytest.raises(FieldInvalid):
        labels.rename_label(labels.add_label(acme.account.pk, "autumn"), "spring")


@pytest.mark.parametrize("name", ["a" * 256, "a\nb", "\x7f", "a\ud800"])
def test_what_cannot_be_a_name_is_refused(acme: Tenant, name: str) -> None:
    with pytest.raises(FieldInvalid):
        labels.note_label(acme.account.pk, name)
    with pytest.raises(FieldMissing):
        labels.add_label(acme.account.pk, " ")


def test_an_account_has_so_many_and_mail_goes_on(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_LABELS", 1)
    labels.add_label(acme.account.pk, "spring")
    with pytest.raises(QuotaExceeded):
        labels.add_label(acme.account.pk, "autumn")
    assert labels.note_label(acme.account.pk, "autumn") is None
    assert labels.note_label(acme.account.pk, "spring") is not None


def test_a_search_is_in_any_case(acme: Tenant) -> None:
    for name in ("Spring 50%", "spring", "autumn"):
        labels.add_label(acme.account.pk, name)
    assert [label.name for label in labels.labels_of(acme.account.pk, "SPRING")] == ["Spring 50%", "spring"]
    assert [label.name for label in labels.labels_of(acme.account.pk, "%")] == ["Spring 50%"]


def test_a_deleted_label_is_forgotten(acme: Tenant) -> None:
    labels.note_label(acme.account.pk, "spring")
    with TestCase.captureOnCommitCallbacks(execute=True):
        labels.delete_label(Label.objects.get())
    assert labels.find_ids(acme.account.pk, ["spring"]) == {}
