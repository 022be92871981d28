"""Labels: names that mail is counted under. A label's name is the tag of the mail; its number is what calls know it by.

Mail keeps the name that it was sent with: a label that is renamed or deleted takes nothing from what is counted already.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from gateway.base import clock
from gateway.base.cache import TimedCache
from gateway.base.errors import FieldInvalid, FieldMissing, QuotaExceeded
from tracking.models import Label

MOST_LABELS = 1000  # of an account
LONGEST = 255  # characters of a name
_MOST_DIGITS = 18  # of a number

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_Key = tuple[int, str]  # account, name

_ids: TimedCache[_Key, int | None] = TimedCache(seconds=30)
_noted: TimedCache[_Key, int | None] = TimedCache(seconds=30)
_names: TimedCache[tuple[int, int], str] = TimedCache(seconds=30)  # by account and number; "" for none


def note_label(account_id: int, name: str) -> int | None:
    """Return the number of the label that a mail is sent with, made where there is none; None where there are MOST_LABELS.

    What was found is known for 30 seconds, so that a send need not look; a label that is deleted comes back with the first mail
    after that. To be called outside of a transaction. Raises FieldInvalid and FieldMissing for what cannot be a name.
    """
    return _noted.get((account_id, name), _note)


def add_label(account_id: int, name: str) -> Label:
    """Make a label; raise FieldInvalid for `name`, also where it is taken, FieldMissing for none, QuotaExceeded at the most."""
    label = Label(account_id=account_id, name=check_name(name))
    if Label.objects.for_account(account_id).count() >= MOST_LABELS:
        raise QuotaExceeded(f"The account has {MOST_LABELS:,} labels, which is the most; delete some first.")
    with _unique(label):
        label.save()
    return label


def rename_label(label: Label, name: str) -> None:
    """Give a label another name; raise as add_label does, and FieldInvalid where it was deleted meanwhile."""
    label.name, label.updated_at = check_name(name), clock.now()
    with _unique(label):
        rows = Label.objects.for_account(label.account_id).filter(pk=label.pk)
        if not rows.update(name=label.name, updated_at=label.updated_at):
            raise FieldInvalid("name", "The label was deleted meanwhile.", value=label.name)


def delete_label(label: Label) -> None:
    """Delete a label. What was counted under its name stays."""
    label.delete()
    transaction.on_commit(forget)


def labels_of(account_id: int, query: str = "") -> QuerySet[Label]:
    """Return an account's labels, or those whose names have `query` in them, in the order that they were made."""
    labels = Label.objects.for_account(account_id).order_by("pk")
    return labels.filter(name__icontains=query) if query else labels


def find_label(account_id: int, label_id: int) -> Label | None:
    """Return an account's label by its number, None when it has none of that."""
    return Label.objects.for_account(account_id).filter(pk=label_id).first()


def find_names(account_id: int, label_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of those of the numbers that are labels of the account."""
    return dict(Label.objects.for_account(account_id).filter(pk__in=list(label_ids)).values_list("pk", "name"))


def find_ids(account_id: int, names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those of the names that are labels of the account; each is known for 30 seconds."""

    def load(wanted: Collection[_Key]) -> dict[_Key, int | None]:
        rows = Label.objects.for_account(account_id).filter(name__in=[name for _, name in wanted])
        known = dict(rows.values_list("name", "pk"))
        return {key: known.get(key[1]) for key in wanted}

    found = _ids.get_all({(account_id, name) for name in names}, load)
    return {name: number for (_, name), number in found.items() if number is not None}


def name_meant(account_id: int, given: str) -> str:
    """Return the name of the account's label whose number is given, else what is given; a number is known for 30 seconds."""
    number = _number_in(given)
    return (number and _names.get((account_id, number), _find_name)) or given


def recall_name_meant(account_id: int, given: str) -> str | None:
    """Return as `name_meant` what was looked up a moment ago, else None. Asks no database."""
    number = _number_in(given)
    name = _names.peek((account_id, number)) if number else ""
    return name or given if name is not None else None


def check_name(name: str) -> str:
    """Return a name that a label can have; raise FieldMissing or FieldInvalid for `name`."""
    if not name.strip():
        raise FieldMissing("name", "The label has no name.")
    if len(name) > LONGEST or _UNFIT.search(name):
        raise FieldInvalid("name", f"The name of a label must be 1 to {LONGEST} characters in one line.", value=name)
    return name


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _ids.clear()
    _noted.clear()
    _names.clear()


def _note(key: _Key) -> int | None:
    account_id, name = key
    check_name(name)
    found = _find_id(key)
    if found is not None:
        return found
    try:
        return add_label(account_id, name).pk
    except QuotaExceeded:
        return None
    except FieldInvalid:
        found = _find_id(key)  # another process was faster
        if found is None:
            raise
        return found


def _number_in(text: str) -> int:
    """Return the number that a text of digits alone is, 0 for any other text and for what no label can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def _find_name(key: tuple[int, int]) -> str:
    account_id, number = key
    return find_names(account_id, [number]).get(number, "")


def _find_id(key: _Key) -> int | None:
    account_id, name = key
    found: int | None = Label.objects.for_account(account_id).filter(name=name).values_list("pk", flat=True).first()
    return found


@contextmanager
def _unique(label: Label) -> Iterator[None]:
    """Write a label; raise FieldInvalid where its name is another one's."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise FieldInvalid("name", f"There is a label {label.name} already.", value=label.name) from None
    transaction.on_commit(forget)
