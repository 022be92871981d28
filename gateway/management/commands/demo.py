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

from accounts.models import Account
from domains.models import SenderDomain
from gateway.base.ids import make_name
from gateway.management.demo.doors import DOORS, Letter, send_by_octeth
from gateway.management.demo.listener import HookListener
from gateway.management.demo.story import BOUNCED, Scene, find_scene, play, wait_for_scenes
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
from tracking.webhooks.actions import add_webhook

SENDER_DOMAIN = "acme.example"
WIDTH = 120  # columns where there is no terminal to ask
STOP_WITHIN = 1.0  # seconds; unlike that of `up`, the mail in hand goes nowhere


class Command(BaseCommand):
    help = "Run everything with a local receiving server, send one message through every door, show what became of it."
    requires_system_checks = ()  # those of the demo's own settings are made below

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
        self.check()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        around = find_surroundings()
        around.inbox.mkdir(parents=True)
        self._say_hello()
        make_ready()
        with make_name_server(around), HookListener() as hooks, (settings.GATEPOST_DATA / "demo.log").open("wb") as log:
            tree = ProcessTree([receiver(around), *installation()], output=log)
            try:
                self._run(tree, hooks, is_once=options["once"], is_json=options["json"])
            except KeyboardInterrupt:
                self.screen.print("\nStopping.")
            finally:
                tree.stop(within=STOP_WITHIN)

    def _say_hello(self) -> None:
        self.screen.print(f"[bold]{settings.GATEPOST_BRAND} demo[/bold]: everything stays on this machine.")

    def _run(self, tree: ProcessTree, hooks: HookListener, *, is_once: bool, is_json: bool) -> None:
        given, rows = self._send_through_all_doors(tree, hooks)
        if is_json:
            self._print_json(rows)
        self._print_table(rows)
        if not all(row.is_right for row in rows):
            raise CommandError(f"Not everything arrived; see {settings.GATEPOST_DATA / 'demo.log'}.")
        scenes = self._play(given, rows, hooks)
        self._print_scenes(scenes)
        if not all(scene.is_right for scene in scenes):
            raise CommandError(f"Not everything was told; see {settings.GATEPOST_DATA / 'demo.log'}.")
        if not is_once:
            self._say_where(given)
            while True:
                tree.tend()
                time.sleep(0.5)

    def _send_through_all_doors(self, tree: ProcessTree, hooks: HookListener) -> tuple[dict[str, Any], list[Row]]:
        columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.screen, transient=True) as progress:
            task = progress.add_task("starting web, SMTP, returns, worker and beat", total=2 + 2 * len(DOORS))
            tree.start()
            progress.update(task, advance=1, description="making an account, a domain and its keys")
            given = _make_account(hooks)
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

    def _play(self, given: dict[str, Any], rows: Sequence[Row], hooks: HookListener) -> list[Scene]:
        """Have the mail read, and one that bounces; return what was told of it all."""
        with self.screen.status("reading the mail: an open, a click, an unsubscribe, and one that bounces"):
            lost = _letter("nobody")
            send_by_octeth(lost, given)
            inbox, account_id = find_surroundings().inbox, given["account"]["id"]
            scenes = [*play(rows, inbox), find_scene(account_id, lost.subject, BOUNCED)]
            return wait_for_scenes(account_id, scenes, hooks, tell=lambda _: None)

    def _print_scenes(self, scenes: Sequence[Scene]) -> None:
        table = Table(*(Column(name, no_wrap=True) for name in ("event", "message id", "recipient", "webhook", "seconds")))
        for scene in scenes:
            mark = "green" if scene.is_right else "red"
            seconds = "" if scene.seconds is None else f"{scene.seconds:.3f}"
            call = "verified" if scene.is_verified else "missing"
            table.add_row(f"[{mark}]{scene.event}", scene.message_id, scene.recipient, f"[{mark}]{call}", seconds)
        self.screen.print(table)

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


def _make_account(hooks: HookListener) -> dict[str, Any]:
    """Make an account whose mail is tracked and may be unsubscribed from, and that hears of everything by webhook."""
    given = make_first_account(SENDER_DOMAIN, is_trusted=True)
    account = Account.objects.get(pk=given["account"]["id"])
    switches = {"track_opens": True, "track_clicks": True, "unsubscribe_link": True}
    SenderDomain.objects.for_account(account).update(**switches)
    _, hooks.secret = add_webhook(account, hooks.url, description="The demo's own listener")
    return given


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
