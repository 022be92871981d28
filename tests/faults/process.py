"""`python -m tests.faults.process NAME`: a process of the installation, as `manage.py up` runs it, that can be told to die."""

from __future__ import annotations

import os
import sys

import django

APPLICATION = "gateway.wsgi:application"


def main(name: str) -> None:
    """Take the place of the process of that name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    django.setup()

    from celery.__main__ import main as celery  # noqa: PLC0415 - these need Django's settings
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from gateway.management.plan import installation  # noqa: PLC0415
    from tests.faults import points  # noqa: PLC0415

    (command,) = (list(spec.command) for spec in installation() if spec.name == name)
    if APPLICATION in command:  # granian's worker is another process: it wraps for itself
        command[command.index(APPLICATION)] = "tests.faults.wsgi:application"
        os.execv(command[0], command)
    points.install(name)
    points.hasten()
    settings.CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = points.SWEEP
    if command[1:3] == ["-m", "celery"]:
        sys.argv = command[2:]
        celery()
    else:
        execute_from_command_line(command[1:])


if __name__ == "__main__":
    main(sys.argv[1])
