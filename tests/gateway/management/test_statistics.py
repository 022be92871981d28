"""The command that proves the statistics."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.support.cast import Tenant
from tests.tracking.facts import make_random_facts, tell, tell_one
from tracking.models import HourlyStatistic

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("statistics", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_works() -> None:
    tell(make_random_facts(50, 1))
    assert re.fullmatch(r"Equal: 2026-03-10 \d\d:00 to 2026-03-13 \d\d:00 UTC.\n", run())


def test_nothing_to_count() -> None:
    assert "no events" in run()


def test_a_wrong_row_is_named_and_mended() -> None:
    tell_one(41, tags=["a"])
    HourlyStatistic.objects.filter(tag="a").update(accepted=3, opened=1)
    out = StringIO()
    with pytest.raises(CommandError, match="1 rows differ") as stopped:
        call_command("statistics", stdout=out)
    assert stopped.value.returncode == 1
    assert out.getvalue() == "account_id=41 hour=2026-03-10 12:00:00+00:00 tag=a: accepted-2 opened-1\n"
    assert "Mended: 1 rows" in run("--rebuild")
    assert "Equal" in run()


def test_few_rows_are_named_of_many() -> None:
    tell(make_random_facts(300, 2))
    HourlyStatistic.objects.all().delete()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("statistics", stdout=out)
    assert len(out.getvalue().splitlines()) == 20


def test_one_account_and_some_days(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        tell_one(tenant.account.pk)
    HourlyStatistic.objects.filter(account_id=globex.account.pk).update(accepted=2)
    assert "Equal" in run("--account", "acme")
    assert "Equal" in run("--account", str(acme.account.pk))
    assert "Equal" in run("--to", "2026-03-09")
    assert "Equal" in run("--from", "2026-03-11")
    with pytest.raises(CommandError):
        run("--account", "globex", "--from", "2026-03-10", "--to", "2026-03-10")


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--account", "nobody"], "no account 'nobody'"), (["--from", "soon"], "no date")]
)
def test_what_is_asked_wrongly_is_said(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(*arguments)
