"""A key sends one mail, by every call that sends: for 24 hours the same answer comes again, and another mail is refused.

Which calls send is seen in the code: they hand in a Submission. The last test is on two web servers as they are run, on
PostgreSQL and Redis, with a hundred connections at once.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from psycopg import sql

from accounts.models import IdempotencyKey
from gateway.api.base import DialectView, UnknownPath
from gateway.api.octeth.views.smtp_relay import SMTPRelay
from gateway.base import clock
from gateway.base.environment import Endpoint
from gateway.management.processes import Spec
from gateway.models import Message
from tests.gateway.api.customers import ADMIN, COMMANDS, RIGHT, SENDCLOUD, Customer, is_done
from tests.support.installation import MANAGE, Installation, install, production_settings
from tests.support.services import free_port

AT_ONCE = 100
WEBS = ("first web", "second web")
OCTETH = {"POST /api/v1/email", "EmailGateway.SendEmail", "EmailGateway.SMTPRelay"}
KEY = {"Idempotency-Key": "order 7"}


def views(patterns: list[URLPattern | URLResolver]) -> Iterator[type]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns)
        else:
            yield getattr(pattern.callback, "view_class", object)


def sends(view: type) -> bool:
    """Tell whether a call hands in a Submission: by what all such calls do, or by an `act` that goes on to that."""
    if not issubclass(view, DialectView) or issubclass(view, UnknownPath) or view.parse is DialectView.parse:
        return False
    return view.act is DialectView.act or "__class__" in view.act.__code__.co_freevars


def names() -> list[str]:
    """Return all calls that send, by their vendors' names; one that is a command as well, by both; and a command alone."""
    kinds = dict.fromkeys(view for view in views(get_resolver().url_patterns) if sends(view))
    found = [re.split(r":|\n", (kind.__doc__ or "").strip(), maxsplit=1)[0] for kind in kinds]
    return [*found, *(COMMANDS[name] for name in found if name in COMMANDS), SMTPRelay.name]


SENDS = names()


def another(call: dict[str, Any]) -> dict[str, Any]:
    """Return the call with another subject; the name of a template stays."""
    changed: dict[str, Any] = json.loads(re.sub(r'(?<!ame": ")\bhello\b', "other", json.dumps(call), flags=re.IGNORECASE))
    assert changed != call
    return changed


def test_they_are_all_known() -> None:
    sendclean = {f"messages/{name}" for name in ("sendMail", "sendTemplate", "sendTemplateHTTPGet", "sendRaw")}
    assert {*SENDS} == sendclean | {*SENDCLOUD} | {"SendMessage", "SendTemplate"} | OCTETH
    assert {*SENDS} <= {*RIGHT}


@pytest.mark.parametrize("name", SENDS)
def test_a_key_sends_once(ours: Customer, theirs: Customer, name: str) -> None:
    call = ours.right(name)
    first, again = (ours.ask(name, call, **KEY) for _ in range(2))
    assert is_done(first)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert Message.objects.count() == 1
    assert not is_done(ours.ask(name, another(call), **KEY))
    assert Message.objects.count() == 1
    assert is_done(theirs.ask(name, theirs.right(name), **KEY))  # whose keys are others
    assert is_done(ours.ask(name, call))
    assert Message.objects.count() == 3


@pytest.mark.parametrize("name", SENDS)
def test_a_key_lives_for_a_day(ours: Customer, name: str) -> None:
    ours.ask(name, ours.right(name), **KEY)
    key = IdempotencyKey.objects.get()
    assert abs(key.expires_at - clock.now() - timedelta(hours=24)) < timedelta(minutes=1)
    IdempotencyKey.objects.update(expires_at=clock.now() + timedelta(minutes=1))
    assert not is_done(ours.ask(name, another(ours.right(name)), **KEY))
    IdempotencyKey.objects.update(expires_at=clock.now())
    assert is_done(ours.ask(name, another(ours.right(name)), **KEY))
    assert Message.objects.count() == 2


# On sockets -----------------------------------------------------------------------------------------------------------


class Recorder(Client):
    """Sends nothing, and keeps the request as it would stand on the wire."""

    def request(self, **request: Any) -> Any:
        body = request["wsgi.input"].read() if "wsgi.input" in request else b""
        query = f"?{request['QUERY_STRING']}" if request.get("QUERY_STRING") else ""
        fields = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body))}
        fields |= {"Content-Type": request["CONTENT_TYPE"]} if body else {}
        fields |= {key[5:].replace("_", "-"): value for key, value in request.items() if key.startswith("HTTP_")}
        head = [f"{request['REQUEST_METHOD']} {request['PATH_INFO']}{query} HTTP/1.1", *map(": ".join, fields.items())]
        self.wire = "\r\n".join([*head, "", ""]).encode() + body
        return HttpResponse()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    installation: Installation
    database_url: str
    customer: Customer

    def count(self) -> int:
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM gateway_message").fetchone()
        assert row is not None
        return int(row[0])

    async def answers(self, wire: bytes) -> list[tuple[bytes, bytes]]:
        """Return the status line and the body of each answer to requests that are made at once."""
        at = [listens for name in WEBS for listens in self.installation.specs[name].listens]
        lines = await asyncio.gather(*(asyncio.open_connection(*at[place % len(at)]) for place in range(AT_ONCE)))
        for _, writer in lines:
            writer.write(wire)
        whole = await asyncio.gather(*(reader.read() for reader, _ in lines))
        for _, writer in lines:
            writer.close()
        parts = [one.partition(b"\r\n\r\n") for one in whole]
        return [(head.partition(b"\r\n")[0], body) for head, _, body in parts]


def web_at(endpoint: Endpoint, name: str) -> Spec:
    """Return a web server of its own: the calls of one are stored by one thread, those of two meet in the database."""
    return Spec(name=name, command=["env", f"GATEPOST_HTTP={endpoint}", *MANAGE, "web"], listens=(endpoint,))


@pytest.fixture(scope="module")
def server(postgres_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two web servers as an operator would run them, and a customer whose requests are written down."""
    folder: Path = tmp_path_factory.mktemp("sends")
    base, _, _ = postgres_url.rpartition("/")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier("sends")))
    settings = production_settings(folder / "settings", f"{base}/sends", redis_url) | {"GATEPOST_ADMIN_KEY": ADMIN}
    with install(folder / "data", **settings) as installation:
        given = installation.bootstrap("--no-limits")
        installation.specs |= {name: web_at(Endpoint("127.0.0.1", free_port()), name) for name in WEBS}
        installation.start(*WEBS)
        yield Server(installation=installation, database_url=f"{base}/sends", customer=Customer(client=Recorder(), given=given))


@pytest.mark.parametrize("name", SENDS)
def test_a_hundred_at_once_send_one(server: Server, name: str) -> None:
    customer, before = server.customer, server.count()
    customer.ask(name, customer.right(name), **{"Idempotency-Key": f"at once by {name}"})
    answers = asyncio.run(server.answers(customer.client.wire))
    assert len(answers) == AT_ONCE
    assert {*answers} == {answers[0]}, server.installation.log[-2000:]
    assert answers[0][0] == b"HTTP/1.1 200 OK"
    assert server.count() == before + 1
