"""manage.py returns: the SMTP door that bounces and complaints come back through."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from gateway.engine.returned import Taker
from gateway.listeners.returns import open_returns, returns_folder
from gateway.listeners.serving import CannotListen, Place, serve


class Command(BaseCommand):
    help = "Take returned mail by SMTP on GATEPOST_RETURNS, for addresses of GATEPOST_RETURN_DOMAIN, and tell what it says."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Taker(returns_folder()) as taker:
                place = Place(
                    listener=open_returns(taker.poke),
                    endpoint=settings.GATEPOST_RETURNS,
                    setting="GATEPOST_RETURNS",
                    title="Returns",
                )
                serve([place], self._say)
        except (CannotListen, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
