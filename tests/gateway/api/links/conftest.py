"""Readers at the door, as a WSGI server hands them over; what they did is read back from the disk."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from gateway.engine import hits
from gateway.wsgi import application
from tracking import spool
from tracking.links import Link, Purpose, make_url
from tracking.spool import Hit

BASE = "https://track.acme.example"
HOST = "track.acme.example"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Answer]


def path_of(purpose: Purpose, *, account: int = 1, recipient: int = 2, page: int = 0, target: str = "") -> str:
    """Return the path of a link of ours under BASE."""
    link = Link(account_id=account, recipient_id=recipient, page_id=page, target=target)
    return make_url(BASE, purpose, link).removeprefix(BASE)


@pytest.fixture
def ask() -> Ask:
    """Ask the application as a server does; keywords are WSGI's variables."""

    def ask_for(path: str, method: str = "GET", body: bytes = b"", **environ: Any) -> Answer:
        given = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "HTTP_HOST": HOST,
            "SERVER_NAME": "x",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.44",
            "HTTP_USER_AGENT": "Mozilla/5.0 (test)",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "https",
        }
        started: list[Any] = []
        answer = b"".join(application(given | environ, lambda status, headers: started.extend([status, dict(headers)])))
        return Answer(int(started[0][:3]), started[1], answer)

    return ask_for


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where hits go; no thread writes them to a database meanwhile."""
    settings.GATEPOST_DATA = tmp_path
    monkeypatch.setattr(hits.Writer, "_run", lambda writer: writer._is_over.wait())
    yield hits.folder()
    hits.close_hits()


@pytest.fixture
def counted(folder: Path) -> Callable[[], list[Hit]]:
    """Return the hits on disk."""

    def read() -> list[Hit]:
        hits.close_hits()
        found: list[Hit] = []
        for path in spool.waiting(folder):
            with spool.claim(path) as claimed:
                assert claimed is not None
                found += claimed[1]
        return found

    return read


Counted = Callable[[], list[Hit]]
