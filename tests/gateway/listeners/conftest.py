from __future__ import annotations

import ssl
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from gateway.base.environment import Endpoint
from gateway.listeners.listener import Caps, Patience
from gateway.listeners.submission import Doors
from gateway.listeners.tls import keep_self_signed, make_context
from tests.support.sink import running

OpenDoor = Callable[..., AbstractContextManager[int]]


@pytest.fixture(autouse=True)
def _on_a_laptop(settings: Settings) -> None:
    """A self-signed certificate, and AUTH without TLS on loopback, whatever database the tests run on."""
    settings.EMBEDDED = True


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keep_self_signed(tmp_path_factory.mktemp("tls") / "tls.pem", "mx.example")


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    """What a client needs to trust our certificate."""
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def open_door(certificate: Path) -> OpenDoor:
    """Run a submission listener on a port that is yielded; as if it were on `host`, the policy of which it has."""

    @contextmanager
    def run(
        *,
        host: str = "127.0.0.1",
        is_tls: bool = False,
        is_plain: bool = False,
        caps: Caps | None = None,
        patience: Patience | None = None,
    ) -> Generator[int]:
        doors = Doors(make_context(certificate), caps=caps, patience=patience)
        endpoint = Endpoint(host, 0)
        with running(doors.open_plain(endpoint) if is_plain else doors.open(endpoint, is_tls=is_tls)) as port:
            yield port

    return run


@pytest.fixture
def door(open_door: OpenDoor) -> Generator[int]:
    with open_door() as port:
        yield port
