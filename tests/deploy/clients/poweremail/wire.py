"""Calls of the library to a server of the tests' own (tests/support/web.py), which says exactly what a test wants."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import PowerEmail
from tests.support.web import Behave, Web, answer, serve_web

Result = TypeVar("Result")

TOKEN = "the-token-of-acme"
OK = {"status": "success", "message": "message have been Queued ... "}


def http(body: Any, status: int = 200, **headers: str) -> bytes:
    """Return an answer with this JSON, or these octets."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def meet(
    behave: Behave | bytes, use: Callable[[PowerEmail.PowerEmail], Result], tls: ssl.SSLContext | None = None, **options: Any
) -> tuple[Result, Web]:
    """Have a client used while a server behaves so; return what came of it, and the server."""
    behaviour = answer(behave) if isinstance(behave, bytes) else behave

    def call(web: Web) -> Result:
        url = web.url(scheme="https" if tls else "http", path="")
        with PowerEmail.PowerEmail("acme", TOKEN, url, **options) as client:
            return use(client)

    async def run() -> tuple[Result, Web]:
        async with serve_web(behaviour, tls=tls) as web:
            return await asyncio.to_thread(call, web), web

    return asyncio.run(run())


def fail(behave: Behave | bytes, kind: type[PowerEmail.Error], **options: Any) -> Any:
    """Return the error that a sendMail meets, which must be of just this kind."""

    def use(client: PowerEmail.PowerEmail) -> PowerEmail.Error | None:
        try:
            client.sendMail("smtp12345", {})
        except PowerEmail.Error as error:
            return error
        return None

    error, _ = meet(behave, use, **options)
    assert type(error) is kind, error
    return error


def body_of(request: bytes) -> dict[str, Any]:
    return json.loads(request.partition(b"\r\n\r\n")[2])
