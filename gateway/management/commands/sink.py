"""manage.py sink: a receiving mail server for tests, the demo and benchmarks."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.base.environment import Endpoint
from gateway.listeners.journal import Journal
from gateway.listeners.serving import CannotListen, Place, serve
from gateway.listeners.sink import GRAMMAR, Rule, make_sink, parse_rule
from gateway.listeners.tls import keep_self_signed, make_context


class Command(BaseCommand):
    help = "Take all mail on a port and journal every transaction as a JSON line; refuse by rules."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = GRAMMAR
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=_port, required=True, help="0: any; the first line of output says which")
        parser.add_argument(
            "--reply", action="append", default=[], type=_rule, metavar="RULE", help="see below; may be repeated"
        )
        parser.add_argument("--tls", action="store_true", help="offer STARTTLS with a certificate of its own")
        parser.add_argument("--without", action="append", default=[], metavar="EXTENSION", help="lack one, such as 8BITMIME")
        parser.add_argument("--size", type=int, default=64 * 1024 * 1024, help="the largest message taken, in bytes")
        parser.add_argument("--journal", metavar="FILE", help="where the lines go; without it and --save to the output")
        parser.add_argument(
            "--save", metavar="DIR", help="keep each message as DIR/<n>.eml, and the lines in DIR/journal.jsonl"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with ExitStack() as stack:
            journal = stack.enter_context(_open_journal(options["save"], options["journal"]))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            listener = make_sink(
                journal.record,
                rules=options["reply"],
                tls=make_context(keep_self_signed(folder / "tls.pem", "localhost")) if options["tls"] else None,
                without=[name.upper() for name in options["without"]],
                size=options["size"],
            )
            place = Place(listener=listener, endpoint=Endpoint(options["host"], options["port"]), setting="--port")
            try:
                serve([place], self._say, grace=1)
            except CannotListen as error:
                raise CommandError(str(error)) from None

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _rule(text: str) -> Rule:
    try:
        return parse_rule(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


@contextmanager
def _open_journal(save: str | None, journal: str | None) -> Generator[Journal]:
    folder = Path(save) if save else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    path = Path(journal) if journal else folder / "journal.jsonl" if folder else None
    with path.open("ab") if path else _stdout() as lines:
        opened = Journal(lines, folder)
        try:
            yield opened
        finally:
            opened.flush()


@contextmanager
def _stdout() -> Generator[BinaryIO]:
    yield sys.stdout.buffer
