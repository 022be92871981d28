"""Typed readers of the environment, used by settings.py alone.

Every value may also come from the file that `NAME_FILE` names, so that secrets need not stand in the environment.
"""

from __future__ import annotations

import os
import re
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NamedTuple

import environ
from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")


class Endpoint(NamedTuple):
    """A host and a port, as `host:port` in the environment; IPv6 hosts in brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


env = environ.FileAwareEnv()


def read_endpoint(name: str, default: str) -> Endpoint:
    """Return the endpoint in variable `name`; raise ImproperlyConfigured when it is not `host:port`."""
    return parse_endpoint(name, env.str(name, default) or default)


def read_endpoints(name: str, default_port: int) -> tuple[Endpoint, ...]:
    """Return the endpoints in the comma-separated variable `name`; a port may be left out."""
    items = [item.strip() for item in env.str(name, "").split(",") if item.strip()]
    return tuple(parse_endpoint(name, item, default_port) for item in items)


def parse_endpoint(name: str, text: str, default_port: int | None = None) -> Endpoint:
    """Return `text` as an Endpoint; the error names the setting `name`."""
    host, colon, port = text.rpartition(":")
    if default_port is not None and (not colon or (":" in host and not host.startswith("["))):
        host, port = text, str(default_port)
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ImproperlyConfigured(f"{name} is {text!r}; it must be host:port, such as 127.0.0.1:2525.")
    return Endpoint(host.strip("[]"), int(port))


def read_networks(name: str) -> tuple[Network, ...]:
    """Return the networks in the comma-separated variable `name`, such as `127.0.0.0/8,10.1.0.0/16`."""
    try:
        return tuple(ip_network(item.strip()) for item in env.str(name, "").split(",") if item.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Give networks such as 127.0.0.0/8, separated by commas.") from None


def read_rates(name: str, default: str) -> tuple[tuple[int, int], ...]:
    """Return the rates in the comma-separated variable `name`, such as `60/minute,3600/hour`, as numbers and seconds.

    The shortest time comes first; `0` alone is no rate at all.
    """
    text = env.str(name, default) or default
    found = [_RATE.fullmatch(item.strip()) for item in text.split(",")] if text.strip() != "0" else []
    if None in found:
        raise ImproperlyConfigured(f"{name} is {text!r}; give rates such as 60/minute,3600/hour,50000/day, or 0 for none.")
    rates = [(int(rate[1]), _SECONDS[rate[2]]) for rate in found if rate is not None]
    return tuple(sorted(rates, key=lambda rate: rate[1]))


def read_or_make_secret(name: str, kept_in: Path | None) -> str:
    """Return the secret in variable `name`; where it is empty, make one and keep it in folder `kept_in`.

    With `kept_in` None (production) a missing secret is an error.
    """
    value = str(env.str(name, ""))
    if value:
        return value
    if kept_in is None:
        raise ImproperlyConfigured(
            f"{name} is not set. In production it is required (or {name}_FILE, the path of a file with it)."
        )
    return _keep(kept_in / name.lower())


def _keep(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    made.touch(mode=0o600)
    made.write_text(secrets.token_urlsafe(48))
    try:
        os.link(made, path)  # two processes that start at once agree on the first one's secret
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return path.read_text()
