"""The running server that the library's own examples are tried on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import PowerEmail
from tests.support import plugin
from tests.support.installation import Installation, install, production_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Where the server is, and what `bootstrap` gave a customer of it."""

    installation: Installation
    url: str
    made: dict[str, Any]

    def client(self, **options: Any) -> PowerEmail.PowerEmail:
        account = self.made["account"]
        return PowerEmail.PowerEmail(account["owner_id"], account["token"], self.url, **options)


@pytest.fixture(scope="package")
def customer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customer]:
    """A customer of a whole installation: on PostgreSQL and Redis where the tests are."""
    folder = tmp_path_factory.mktemp("poweremail")
    settings = {}
    if os.environ.get(plugin.ON) == "postgresql":
        urls = (request.getfixturevalue("postgres_url"), request.getfixturevalue("redis_url"))
        settings = production_settings(folder / "settings", *urls)
    with install(folder / "data", **settings) as installation:
        made = installation.bootstrap("--domain", "example.com", "--no-limits")
        installation.start("receiver", "web", "worker")
        yield Customer(installation=installation, url=f"http://{installation.endpoint('GATEPOST_HTTP')}", made=made)
