"""`manage.py demo`: the product at work, with a receiving server that catches all its mail."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from gateway.base.ids import make_name
from gateway.management.demo.doors import DOORS, Letter
from gateway.management.demo.surroundings import (
    INSIDE,
    find_surroundings,
    lay_out_afresh,
    make_environment,
    make_name_server,
    receiver,
)
from gateway.management.demo.watch import Row, wait_for_rows
from gateway.management.plan import installation
from gateway.management.processes import ProcessTree
from gateway.management.starter import make_first_account
from gateway.management.startup import make_ready

SENDER_DOMAIN = "acme.example"
WIDTH = 120  # columns where there is no terminal to ask


class Command(BaseCommand):
    help = "Run everything with a local receiving server, send one message through every door, show what became of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop after the table; exit code 1 if anything is missing")
        parser.add_argument("--json", action="store_true", help="print the table as a JSON list")

    def handle(self, **options: Any) -> None:
        if INSIDE not in os.environ:  # the settings of this process are not the demo's
            lay_out_afresh()
            sys.stdout.flush()
            os.execve(sys.executable, [sys.executable, *sys.argv], make_environment())  # noqa: S606 - ourselves
        # With --json the table alone is on standard output.
        self.screen = Console(stderr=options["json"], highlight=False)
        if not self.screen.is_terminal:
            self.screen.width = WIDTH
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        around = find_surroundings()
        around.inbox.mkdir(parents=True)
        self._say_hello()
        make_ready()
        with make_name_server(around), (settings.GATEPOST_DATA / "demo.log").open("wb") as log:
            tree = ProcessTree([receiver(around), *installation()], output=log)
            try:
                self._run(tree, is_once=options["once"], is_json=options["json"])
            except KeyboardInterrupt:
                self.screen.print("\nStopping.")
            finally:
                tree.stop()

    def _say_hello(self) -> None:
        self.screen.print(f"[bold]{settings.GATEPOST_BRAND} demo[/bold]: everything stays on this machine.")

    def _run(self, tree: ProcessTree, *, is_once: bool, is_json: bool) -> None:
        given, rows = self._send_through_all_doors(tree)
        if is_json:
            self._print_json(rows)
        self._print_table(rows)
        if not all(row.is_right for row in rows):
            raise CommandError(f"Not everything arrived; see {settings.GATEPOST_DATA / 'demo.log'}.")
        if not is_once:
            self._say_where(given)
            while True:
                tree.tend()
                time.sleep(0.5)

    def _send_through_all_doors(self, tree: ProcessTree) -> tuple[dict[str, Any], list[Row]]:
        columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.screen, transient=True) as progress:
            task = progress.add_task("starting web, SMTP, returns, worker and beat", total=2 + 2 * len(DOORS))
            tree.start()
            progress.update(task, advance=1, description="making an account, a domain and its keys")
            given = make_first_account(SENDER_DOMAIN, is_trusted=True)
            progress.update(task, advance=1)
            subjects = {}
            for door, send in DOORS.items():
                letter = _letter(door)
                progress.update(task, description=f"sending by {door}")
                send(letter, given)
                subjects[door] = letter.subject
                progress.update(task, advance=1)
            progress.update(task, description="waiting for delivery")

            def tell(rows: Sequence[Row]) -> None:
                arrived = sum(row.seconds is not None for row in rows)
                progress.update(task, completed=2 + len(DOORS) + arrived)

            inbox = find_surroundings().inbox
            return given, wait_for_rows(given["account"]["id"], subjects, inbox, tell=tell)

    def _print_json(self, rows: Sequence[Row]) -> None:
        self.stdout.write(json.dumps([asdict(row) for row in rows], indent=2))

    def _print_table(self, rows: Sequence[Row]) -> None:
        table = Table(*(Column(name, no_wrap=True) for name in ("door", "message id", "recipient", "state", "DKIM", "seconds")))
        for row in rows:
            mark = "green" if row.is_right else "red"
            seconds = "" if row.seconds is None else f"{row.seconds:.3f}"
            table.add_row(row.door, row.message_id, row.recipient, f"[{mark}]{row.state}", f"[{mark}]{row.dkim}", seconds)
        self.screen.print(table)

    def _say_where(self, given: dict[str, Any]) -> None:
        console, user = given["console"], given["smtp_user"]
        self.screen.print(f"Inbox    {settings.GATEPOST_URL}/inbox/   what the local receiving server caught")
        self.screen.print(f"Console  {settings.GATEPOST_URL}/console/   {console['email']}  {console['password']}")
        self.screen.print(f"SMTP     {settings.GATEPOST_SMTP} (STARTTLS), {settings.GATEPOST_SMTPS} (TLS)")
        self.screen.print(f"         {user['name']}  {user['password']}")
        self.screen.print("\nSend one yourself, to any address: it lands in the inbox.\n")
        self.screen.print(_curl(given), soft_wrap=True)
        self.screen.print("\n[dim]Ctrl-C stops it.[/dim]")


def _letter(door: str) -> Letter:
    mark = make_name(6)
    return Letter(
        door=door,
        sender=f"hello@{SENDER_DOMAIN}",
        recipient=f"{door}-{mark}@inbox.example",
        subject=f"Hello by {door} ({mark})",
    )


def _curl(given: dict[str, Any]) -> str:
    body = {
        "Subject": "Hello",
        "ContentType": "plain",
        "PlainContent": "Hello by curl.",
        "From": {"email": f"me@{SENDER_DOMAIN}", "name": "Me"},
        "To": [{"email": "you@inbox.example", "name": "You"}],
    }
    return (
        f"curl {settings.GATEPOST_URL}/api/v1/email -H 'Content-Type: application/json' \\\n"
        f"  -H 'Authorization: Bearer {given['domain']['api_key']}' \\\n"
        f"  -d '{json.dumps(body)}'"
    )
