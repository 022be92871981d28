"""`manage.py statistics`: prove that the hourly statistics equal what the events add up to, and mend them where not."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from tracking.recount import Differences, find_differences, find_edges, mend, steps
from tracking.statistics import COUNTERS, KEYS

MOST_SHOWN = 20  # rows that are named one by one


class Command(BaseCommand):
    help = (
        "Count the hourly statistics anew from the events, and compare. Ends with 1 where they differ. Safe beside running "
        "writers; hours older than the oldest event that is kept are left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="ID", help="one account alone, by its number or its owner id")
        parser.add_argument("--from", dest="since", type=_day, metavar="DATE", help="from this day on (YYYY-MM-DD, UTC)")
        parser.add_argument("--to", dest="until", type=_day, metavar="DATE", help="up to and including this day")
        parser.add_argument("--rebuild", action="store_true", help="mend what differs")

    def handle(self, **options: Any) -> None:
        account_id = _find_account(options["account"])
        edges = find_edges(account_id)
        if edges is None:
            self.stdout.write("There are no events to count.")
            return
        since = max(edges[0], options["since"] or edges[0])
        until = min(edges[1], options["until"] + timedelta(days=1) if options["until"] else edges[1])
        wrong = self._compare(since, until, account_id, mends=options["rebuild"])
        span = f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        if not wrong:
            self.stdout.write(f"Equal: {span}.")
        elif options["rebuild"]:
            self.stdout.write(f"Mended: {wrong:,} rows, {span}.")
        else:
            raise CommandError(f"{wrong:,} rows differ, {span}. Mend them with --rebuild.", returncode=1)

    def _compare(self, since: datetime, until: datetime, account_id: int | None, *, mends: bool) -> int:
        """Compare span by span; return how many rows differ, after mending those that still do."""
        wrong = 0
        for first, last in steps(since, until):
            self._progress(f"{first:%Y-%m-%d %H:%M}  {(first - since) / (until - since):4.0%}")
            found = find_differences(first, last, account_id)
            self._show(found, already=wrong)
            wrong += len(found)
            if found and mends:
                mend(first, last, account_id)
        self._progress("")
        return wrong

    def _show(self, found: Differences, *, already: int) -> None:
        for key, numbers in list(found.items())[: max(0, MOST_SHOWN - already)]:
            named = " ".join(f"{name}={value!s}" for name, value in zip(KEYS, key, strict=True) if value)
            changes = " ".join(f"{name}{number:+d}" for name, number in zip(COUNTERS, numbers, strict=True) if number)
            self.stdout.write(f"{named}: {changes}")

    def _progress(self, text: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{text}", ending="")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date; write it as 2026-01-31.") from None


def _find_account(name: str | None) -> int | None:
    if name is None:
        return None
    accounts = Account.objects.filter(pk=name) if name.isdecimal() else Account.objects.filter(owner_id=name)
    account_id = accounts.values_list("pk", flat=True).first()
    if account_id is None:
        raise CommandError(f"There is no account {name!r}; the console's room of accounts lists numbers and owner ids.")
    return account_id
