"""Commands say what keeps them from starting."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from gateway.base.environment import Endpoint
from gateway.management.startup import check_port, check_ready, is_free
from tests.support.installation import MANAGE


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MANAGE, *arguments], env=os.environ | changes, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_taken_port_is_named_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(Endpoint("127.0.0.1", port))
        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 is taken; set GATEPOST_SMTP"):
            check_port("GATEPOST_SMTP", Endpoint("127.0.0.1", port))


def test_a_schema_that_is_behind_is_said(tmp_path: Path) -> None:
    done = run("web", DATABASE_URL="", REDIS_URL="", GATEPOST_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "run `manage.py migrate` first" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_a_schema_between_two_releases_is_said() -> None:
    MigrationRecorder(connection).migration_qs.filter(app="gateway").exclude(name="0001_initial").delete()
    with pytest.raises(CommandError, match=r"The tables of gateway are of a release too old to go on from; run .* in between"):
        check_ready()


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    url = "postgres://nobody@127.0.0.1:1/none"
    done = run("web", DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1", GATEPOST_DATA=str(tmp_path))
    assert done.returncode == 1
    assert "The database is unreachable" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "GATEPOST_SECRET_KEYS"])
def test_a_secret_that_production_lacks_is_named(tmp_path: Path, name: str) -> None:
    done = run("check", DATABASE_URL="postgres://a@127.0.0.1:1/b", GATEPOST_DATA=str(tmp_path), **{name: ""})
    assert done.returncode == 1
    assert f"{name} is not set" in done.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = run("check", GATEPOST_SMTP="2525", DATABASE_URL="", GATEPOST_DATA=str(tmp_path))
    assert "GATEPOST_SMTP is '2525'; it must be host:port" in done.stderr
