"""What commands look at before they start: the database, its schema, the ports."""

from __future__ import annotations

import socket

from django.core.management import CommandError

from gateway.base.broker import make_broker
from gateway.base.environment import Endpoint
from gateway.base.schema import NotReadyError, check_schema, make_schema


def check_ready() -> None:
    """Raise CommandError when the database is unreachable or its schema is behind."""
    try:
        check_schema()
    except NotReadyError as error:
        raise CommandError(str(error)) from None


def make_ready() -> None:
    """As check_ready, but bring the schema up to date first where the database is the embedded one."""
    try:
        make_schema()
        make_broker()
    except NotReadyError as error:
        raise CommandError(str(error)) from None


def check_port(setting: str, endpoint: Endpoint) -> None:
    """Raise CommandError when nothing can listen at `endpoint`; the sentence names the setting to change."""
    if not is_free(endpoint):
        raise CommandError(f"Port {endpoint.port} on {endpoint.host} is taken; set {setting} to another host:port.")


def is_free(endpoint: Endpoint) -> bool:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(endpoint)
        except OSError:
            return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
