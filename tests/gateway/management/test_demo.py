"""The demo as a newcomer starts it: a process of its own, everything delivered, exit code 0; and otherwise not 0."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from gateway.management.demo import watch
from gateway.management.demo.doors import DOORS
from gateway.management.demo.watch import wait_for_rows
from gateway.management.plan import PORTS
from gateway.models import Recipient
from tests.support.cast import Tenant
from tests.support.factories import make_message
from tests.support.installation import MANAGE, production_settings
from tests.support.services import free_port
from tests.support.sink import running_sink

KEYS = {"door", "message_id", "recipient", "state", "dkim", "seconds"}


def manage(data: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command over folder `data`, on ports of its own."""
    listeners = {name: f"127.0.0.1:{free_port()}" for name in PORTS}
    embedded = {"DATABASE_URL": "", "REDIS_URL": "", "GATEPOST_DATA": str(data)}
    return subprocess.run(
        [*MANAGE, *arguments],
        env=os.environ | listeners | embedded | changes,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def check_all_arrived(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["door"] for row in rows] == list(DOORS)
    for row in rows:
        assert set(row) == KEYS
        assert (row["state"], row["dkim"]) == ("delivered", "pass"), row
        assert row["seconds"] > 0
    for event in ("opened", "clicked", "unsubscribed", "bounced"):
        assert event in done.stderr
    assert done.stderr.count("verified") == len(DOORS) + 1  # each told by a webhook call that was rightly signed
    return rows


def test_it_works_where_one_failed(tmp_path: Path) -> None:
    with running_sink(["rcpt:550"]) as refusing:
        failed = manage(tmp_path, "demo", "--once", GATEPOST_RELAY=f"127.0.0.1:{refusing.port}")
    assert failed.returncode == 1
    assert failed.stdout.count("bounced") == len(DOORS)
    assert "Not everything arrived" in failed.stderr
    assert "Traceback" not in failed.stderr
    rows = check_all_arrived(manage(tmp_path, "demo", "--once", "--json"))
    assert not any(row["message_id"] in failed.stdout for row in rows)


def test_it_works_on_postgresql_and_redis(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    base, _, _ = postgres_url.rpartition("/")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier("demo")))
    production = production_settings(tmp_path, f"{base}/demo", redis_url)
    behind = manage(tmp_path, "demo", "--once", **production)
    assert behind.returncode == 1
    assert "run `manage.py migrate` first" in behind.stderr
    assert manage(tmp_path, "migrate", **production).returncode == 0
    check_all_arrived(manage(tmp_path, "demo", "--once", "--json", **production))


def test_a_door_that_refuses_makes_it_fail(tmp_path: Path) -> None:
    done = manage(tmp_path, "demo", "--once", GATEPOST_MAX_SIZE="10")
    assert done.returncode == 1
    assert "/v1.0/messages/sendMail answered" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_that_cannot_work_are_said(tmp_path: Path) -> None:
    done = manage(tmp_path, "demo", "--once", GATEPOST_MAX_BODY="10")
    assert done.returncode == 1
    assert "gateway.E001" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_does_not_come_is_missing(acme: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WAIT", 0.0)
    make_message(acme.account, state=Recipient.State.DEFERRED, subject="late")
    subjects = {"smtp": "late", "octeth": "never sent"}
    late, never = wait_for_rows(acme.account.pk, subjects, tmp_path, tell=list)
    assert (late.state, late.seconds, late.is_right) == ("deferred", None, False)
    assert (never.state, never.seconds, never.is_right) == ("missing", None, False)
