"""`manage.py bootstrap`: a first account with one of everything."""

from __future__ import annotations

import json
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from gateway.management.starter import make_first_account
from gateway.management.startup import make_ready
from gateway.smtp.addresses import AddressError, parse_domain


class Command(BaseCommand):
    help = "Make an account with one of everything, and print its credentials. They are shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--domain", default="demo.example", metavar="NAME", help="its sender domain (%(default)s)")
        parser.add_argument("--trust-domain", action="store_true", help="let the domain send without looking at DNS, for good")
        parser.add_argument("--no-limits", action="store_true", help="no limits of the APIs' request rates")

    def handle(self, **options: Any) -> None:
        try:
            domain = parse_domain(options["domain"])
        except AddressError as error:
            raise CommandError(f"--domain: {error}") from None
        make_ready()
        made = make_first_account(domain, is_trusted=options["trust_domain"], has_limits=not options["no_limits"])
        if options["json"]:
            self.stdout.write(json.dumps(made))
        else:
            for line in _lines(made):
                self.stdout.write(line)


def _lines(made: dict[str, Any]) -> list[str]:
    """Return what was made as lines `name  value`, nested names joined by a space."""
    pairs = []
    for name, value in made.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        pairs += [(f"{name} {key}".strip(), str(text)) for key, text in inner]
    width = max(len(name) for name, _ in pairs)
    return [f"{name:<{width}}  {text}" for name, text in pairs]
