"""People at the console: test clients that are logged in."""

from __future__ import annotations

from django.test import Client

from accounts.models import User


def log_in(user: User, *, checks_csrf: bool = False) -> Client:
    """Return the browser of a person who has logged in."""
    client = Client(enforce_csrf_checks=checks_csrf)
    client.force_login(user)
    return client
