"""`manage.py submission` that takes AUTH without TLS, as it does on loopback in embedded mode: to compare without TLS."""

from __future__ import annotations

from dataclasses import replace

import django
from django.core.management import call_command

from gateway.smtp.policy import Auth, Policy


def main() -> None:
    django.setup()
    from gateway.listeners import submission  # noqa: PLC0415 - needs Django

    make_policy = submission.make_policy

    def make_plain_policy() -> Policy:
        return replace(make_policy(), auth=Auth.ALWAYS)

    submission.make_policy = make_plain_policy
    call_command("submission")


if __name__ == "__main__":
    main()
