"""`manage.py web`: the APIs, the console and the tracked links, by granian."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from gateway.management.plan import web_command
from gateway.management.startup import check_port, check_ready


class Command(BaseCommand):
    help = "Serve the APIs and the console. Any WSGI server can do that, with gateway.wsgi:application; this one looks first."

    def handle(self, **_: Any) -> None:
        check_ready()
        check_port("GATEPOST_HTTP", settings.GATEPOST_HTTP)
        self.stdout.write(f"web listens at {settings.GATEPOST_HTTP}")
        self.stdout.flush()
        os.execv(sys.executable, web_command())  # noqa: S606 - granian takes the place of this process
