"""Gives the tests surroundings of their own before Django's settings are read.

`GATEPOST_TEST_ON=postgresql` runs on PostgreSQL and Redis, started here once for all workers; otherwise the tests run on a
SQLite file without Redis, and servers are started only for tests that ask for them (`postgres_url`, `redis_url`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings

from tests.support import postgres, redis
from tests.support.services import CannotStart, Server

TESTS = Path(__file__).resolve().parents[1]
ON = "GATEPOST_TEST_ON"
IS_CI = "CI" in os.environ
POSTGRES = "GATEPOST_TEST_POSTGRES"  # the address of a server, for the workers of one run
REDIS = "GATEPOST_TEST_REDIS"
# Programs from outside, each with its Debian package and a command that tells whether it is there. Without it the tests that
# use the fixture of its name, or are marked `needs("its name")`, are left out and this is said; in CI they fail.
OUTSIDE = {
    "mail_dkim": ("libmail-dkim-perl", ("perl", "-MMail::DKIM", "-e1")),
    "curl": ("curl", ("curl", "--version")),
    "swaks": ("swaks", ("swaks", "--version")),
    "msmtp": ("msmtp", ("msmtp", "--version")),
    "nodemailer": ("node-nodemailer", ("node", "-e", "require('/usr/share/nodejs/nodemailer')")),
}
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
# Folders and files of tests that are about what goes through the doors, at great length: they are not run again on the other
# database, where the tests of each call and each query are.
ONE_DATABASE_WILL_DO = {
    *("openapi", "wire"),
    *("test_bootstrap.py", "test_clients.py", "test_idempotency.py", "test_strangers.py", "test_table.py"),
}
# What runs whole installations, the longest first: no worker is to be left waiting at the end while another does one of these.
LONG = (
    *("gateway/management/test_demo.py", "faults/test_experiments.py", "test_readme.py", "bench/test_pipeline.py"),
    *("bench/test_list.py", "faults/test_lists.py", "deploy", "faults/test_hits.py"),
    *("gateway/api/test_idempotency.py", "gateway/api/openapi/test_schemathesis.py"),
)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment; this wrapper runs before pytest-django reads the settings."""
    folder = Path(tempfile.mkdtemp(prefix="gatepost-test-"))
    early_config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    _forget_environment()
    os.environ |= {"GATEPOST_DATA": str(folder), "SECRET_KEY": "of the tests", "GATEPOST_SECRET_KEYS": "of the tests"}
    if os.environ.get(ON, "sqlite") == "postgresql":
        _use_servers(early_config)
    elif os.environ.get(ON, "sqlite") != "sqlite":
        raise pytest.UsageError(f"{ON} is {os.environ[ON]!r}; it must be 'postgresql' or 'sqlite'.")
    hypothesis_settings.register_profile("gatepost", deadline=None, derandomize=IS_CI)
    hypothesis_settings.register_profile("long", deadline=None, max_examples=2000, print_blob=True)
    hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gatepost"))
    yield


def pytest_configure(config: pytest.Config) -> None:
    """Adapt the settings that no environment variable reaches."""
    config.addinivalue_line("markers", "needs(name): the test runs this program from outside")
    settings.WHITENOISE_AUTOREFRESH = True  # finds a file when it is asked for; else every test client looks all of them up
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    database = settings.DATABASES["default"]
    if settings.EMBEDDED:
        database.setdefault("TEST", {})["NAME"] = str(settings.GATEPOST_DATA / "test.sqlite3")
    else:
        database["CONN_MAX_AGE"] = 0  # the threads of servers come and go with the tests, and take no connection with them


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="run only the tests that use the database")


def pytest_report_header() -> str:
    return f"running on: {os.environ.get(ON, 'sqlite')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    dropped = [item for item in items if _is_dropped(config, item)]
    kept = [item for item in items if not _is_dropped(config, item)]
    items[:] = _share_out(kept, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    if dropped:
        config.hook.pytest_deselected(items=dropped)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for package in _missing_packages(item):
        pytest.fail(f"This test needs the Debian package {package}: apt-get install {package}", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, (package, command) in OUTSIDE.items():
        if not IS_CI and not _is_there(command):
            terminalreporter.write_line(f"Tests that use {name} were left out. To run them: apt-get install {package}")


def _is_dropped(config: pytest.Config, item: pytest.Item) -> bool:
    is_for_other_run = config.getoption("--only-database") and not _uses_database(item)
    return is_for_other_run or (not IS_CI and bool(_missing_packages(item)))


def _uses_database(item: pytest.Item) -> bool:
    if not ONE_DATABASE_WILL_DO.isdisjoint(item.path.parts):
        return False
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(fixtures)


def _share_out(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Order the items so that each worker's share, as xdist cuts them, begins with some of the long ones."""
    places: dict[str, list[pytest.Item]] = {place: [] for place in LONG}
    short: list[pytest.Item] = []
    for item in items:
        places.get(_place(item.path), short).append(item)
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        share = [item for place in LONG[worker::workers] for item in places[place]]
        room = max(0, (len(items) - len(ordered)) // (workers - worker) - len(share))
        ordered += share + short[:room]
        del short[:room]
    return ordered


@cache
def _place(path: Path) -> str:
    """Return where among LONG a file is, or an empty text."""
    return next((place for place in LONG if path.is_relative_to(TESTS / place)), "")


def _missing_packages(item: pytest.Item) -> list[str]:
    fixtures: list[str] = getattr(item, "fixturenames", [])
    marked = [name for mark in item.iter_markers("needs") for name in mark.args]
    outside = [OUTSIDE[name] for name in (*fixtures, *marked) if name in OUTSIDE]
    return [package for package, command in outside if not _is_there(command)]


@cache
def _is_there(command: tuple[str, ...]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    except FileNotFoundError:
        return False


def _forget_environment() -> None:
    """What is set for a running Gatepost must not reach the tests, nor the tests its data."""
    ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "GATEPOST_")
    for name in [name for name in os.environ if name.startswith(ours) and not name.startswith("GATEPOST_TEST_")]:
        del os.environ[name]


def _use_servers(config: pytest.Config) -> None:
    if POSTGRES not in os.environ:
        _start_servers(config)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["DATABASE_URL"] = os.environ[POSTGRES]
    os.environ["REDIS_URL"] = f"{os.environ[REDIS]}/{worker % redis.DATABASES}"


def _start_servers(config: pytest.Config) -> None:
    try:
        server, postgres_at = postgres.start_postgres()
        _stop_with(config, server, POSTGRES)
        os.environ[POSTGRES] = postgres_at.make_database("gatepost").url
        server, redis_at = redis.start_redis()
        _stop_with(config, server, REDIS)
        os.environ[REDIS] = redis_at.url
    except CannotStart as error:
        raise pytest.UsageError(str(error)) from None


def _stop_with(config: pytest.Config, server: Server, variable: str) -> None:
    def stop() -> None:
        os.environ.pop(variable, None)
        server.stop()

    config.add_cleanup(stop)
