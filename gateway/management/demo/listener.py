"""The demo's own endpoint of webhooks: it takes calls, checks their signatures as a customer's program would, and remembers."""

from __future__ import annotations

import base64
import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

MOST = 1_000_000  # octets of a call
_LOOK_EVERY = 0.05  # seconds between two looks at whether to end


class HookListener:
    """A web server on a free loopback port, from `with` to its end. Set `secret` to what the webhook's form showed."""

    def __init__(self) -> None:
        self.secret = ""
        self.verified: dict[tuple[str, str], dict[str, Any]] = {}  # by message id and type, such as ("...", "email.opened")
        self.refused = 0
        self._server = _Server(("127.0.0.1", 0), self._make_handler())
        self._thread = Thread(target=self._server.serve_forever, args=(_LOOK_EVERY,), name="hooks", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hooks"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers: Any, body: bytes) -> int:
        """Return the status to answer to a call."""
        if not is_signed(self.secret, headers, body):
            self.refused += 1
            return 401
        call = json.loads(body)
        self.verified.setdefault((call["data"]["message_id"], call["type"]), call)
        return 204

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST))
                self.send_response(listener.take(self.headers, body))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it is called by
                """Say nothing: the table does."""

        return Handler


class _Server(ThreadingHTTPServer):
    request_queue_size = 100  # connections that wait to be taken: calls come many at a time


def is_signed(secret: str, headers: Any, body: bytes) -> bool:
    """Tell whether a call is signed by Standard Webhooks with `secret` (`whsec_...`)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return any(hmac.compare_digest(given, wanted) for given in str(headers.get("webhook-signature", "")).split())
