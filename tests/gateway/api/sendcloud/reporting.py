"""What the tests of SendCloud's reports have in common: facts on one day, and what every report refuses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.urls import urlpatterns
from tests.gateway.api.sendcloud.asking import Ask, refusal_of
from tests.support.cast import Tenant
from tests.tracking.facts import tell_one
from tracking.events import Fact
from tracking.models import Suppression

Refused = tuple[int, dict[str, Any]]

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)  # as China has it
DAY = {"startDate": "2026-03-10", "endDate": "2026-03-10"}
ELSEWHERE = {"startDate": "2026-03-11", "endDate": "2026-03-12"}
MIDNIGHT = datetime(2026, 3, 9, 16, tzinfo=UTC)  # when the day begins in China

OF_DAYS: list[Refused] = [
    (40006, {}),
    (40006, {"days": "0"}),
    (40006, {"days": "-1"}),
    (40006, {"days": "ten"}),
    (40006, {"days": "1.5"}),
    (40006, {"days": "1000"}),
    (40007, {"startDate": "2026-3-32", "endDate": "2026-03-10"}),
    (40007, {"startDate": "yesterday", "endDate": "2026-03-10"}),
    (40007, {"endDate": "2026-03-10"}),
    (40008, {"startDate": "2026-03-10"}),
    (40008, {"startDate": "2026-03-10", "endDate": "10.03.2026"}),
    (40008, {"startDate": "2026-03-10", "endDate": "2026-03-09"}),
    (40008, {"startDate": "2026-03-10", "endDate": "2027-03-10"}),
]
OF_EMAIL: list[Refused] = [(40011, {"email": ""}), (40012, {"email": "nobody"}), (40012, {"email": "a@b.example;c@d.example"})]
OF_PAGE: list[Refused] = [
    (40001, DAY | {"start": ""}),
    (40002, DAY | {"start": "-1"}),
    (40002, DAY | {"start": "first"}),
    (40003, DAY | {"limit": ""}),
    (40004, DAY | {"limit": "-1"}),
    (40004, DAY | {"limit": "100000"}),
    (40004, DAY | {"limit": "all"}),
]
OF_USERS: list[Refused] = [(40010, DAY | {"apiUserList": ""}), (40016, DAY | {"apiUserList": ";"})]
OF_LABELS: list[Refused] = [
    (40009, DAY | {"labelIdList": ""}),
    (40015, DAY | {"labelIdList": "spring"}),
    (40015, DAY | {"labelIdList": "1;x"}),
]


def told(tenant: Tenant, kind: str, **fields: Any) -> Fact:
    """Tell a fact of mail of a tenant's API user, at noon unless `at` says when."""
    return tell_one(tenant.account.pk, kind, **{"at": NOON, "smtp_user_id": tenant.smtp_user.pk} | fields)


def suppress(tenant: Tenant, email: str, cause: str, *, at: datetime = NOON, source: str = "") -> Suppression:
    """Put an address on a tenant's list."""
    row: Suppression = Suppression.objects.create(account=tenant.account, email=email, cause=cause, source=source)
    Suppression.objects.filter(pk=row.pk).update(created_at=at)
    return row


def later(**much: float) -> datetime:
    return NOON + timedelta(**much)


def check_refused(ask: Ask, call: str, rows: Iterable[Refused]) -> None:
    """Check that a call is refused as each row says, with the vendor's words for the code; half of them in JSON."""
    for (code, parameters), way in zip(rows, cycle(("form", "json")), strict=False):
        assert refusal_of(ask(call, way=way, **parameters)) == (code, CODES[code]), (way, parameters)


def codes_of(*calls: str) -> set[int]:
    """Return the codes of the calls' fields, and those of their own."""
    kinds = [pattern.callback.view_class for pattern in urlpatterns if str(pattern.name).removeprefix("apiv2/") in calls]
    assert len(kinds) == len(calls)
    fields = [field for kind in kinds for field in kind.fields]
    listed = {code for field in fields for code in (field.missing, field.invalid)}
    return {code for code in listed if code is not None} | {code for kind in kinds for code in kind.codes}
