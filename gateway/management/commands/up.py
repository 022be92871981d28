"""`manage.py up`: everything in one process tree."""

from __future__ import annotations

import signal
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from gateway.management.plan import endpoints, installation
from gateway.management.processes import ProcessTree
from gateway.management.startup import check_port, make_ready


class Command(BaseCommand):
    help = "Run everything: web, SMTP, returns, worker and beat. Ctrl-C stops it cleanly."
    requires_system_checks = ["__all__"]

    def handle(self, **_: Any) -> None:
        make_ready()
        for name, endpoint in endpoints().items():
            check_port(name, endpoint)
        tree = ProcessTree(installation())
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            tree.start()
            self._say_where()
            while True:
                tree.tend()
                time.sleep(0.5)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping: no new mail is taken, what is being sent is finished.")
        finally:
            tree.stop()

    def _say_where(self) -> None:
        mode = "embedded mode, SQLite" if settings.EMBEDDED else "production mode, PostgreSQL"
        self.stdout.write(self.style.SUCCESS(f"{settings.GATEPOST_BRAND} is up ({mode}). Ctrl-C stops it."))
        for what, where in (
            ("console", f"{settings.GATEPOST_URL}/console/"),
            ("APIs", settings.GATEPOST_URL),
            ("SMTP, STARTTLS", settings.GATEPOST_SMTP),
            ("SMTP, TLS", settings.GATEPOST_SMTPS),
            ("SMTP, plain", settings.GATEPOST_SMTP_PLAIN),
            ("returns", settings.GATEPOST_RETURNS),
        ):
            if where is not None:
                self.stdout.write(f"  {what:<15} {where}")
        self.stdout.write("A first account with all credentials: manage.py bootstrap")
