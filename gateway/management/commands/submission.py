"""manage.py submission: the SMTP door for customers, with STARTTLS, over TLS, and plain where that is set, in one process."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from gateway.base.garbage import relax_collector
from gateway.engine.intake import close_intake
from gateway.listeners.serving import CannotListen, Place, serve
from gateway.listeners.submission import Doors
from gateway.listeners.tls import get_context
from gateway.management.startup import check_ready


class Command(BaseCommand):
    help = "Take customers' mail by SMTP, on GATEPOST_SMTP (STARTTLS), GATEPOST_SMTPS (TLS) and GATEPOST_SMTP_PLAIN."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        check_ready()
        relax_collector()
        try:
            serve(_places(), self._say)
        except (CannotListen, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        finally:
            close_intake()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _places() -> list[Place]:
    doors = Doors(get_context())
    starttls, tls, plain = settings.GATEPOST_SMTP, settings.GATEPOST_SMTPS, settings.GATEPOST_SMTP_PLAIN
    places = [
        Place(listener=doors.open(starttls), endpoint=starttls, setting="GATEPOST_SMTP", title="Submission (STARTTLS)"),
        Place(listener=doors.open(tls, is_tls=True), endpoint=tls, setting="GATEPOST_SMTPS", title="Submission (TLS)"),
    ]
    if plain is not None:
        listener = doors.open_plain(plain)
        places.append(Place(listener=listener, endpoint=plain, setting="GATEPOST_SMTP_PLAIN", title="Submission (plain)"))
    return places
