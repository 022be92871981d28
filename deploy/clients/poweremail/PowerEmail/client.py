"""The client: who calls, where, and how often."""

from __future__ import annotations

import json
import logging
import ssl
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from PowerEmail.answers import Said
from PowerEmail.calls import Account, Messages, Settings
from PowerEmail.errors import KINDS, Error, UnexpectedAnswer, ValidationError
from PowerEmail.retries import READS, SENDS, pause_after
from PowerEmail.root import find_root
from PowerEmail.transport import Answer, Transport
from PowerEmail.version import __version__

log = logging.getLogger("PowerEmail")

MAX_KEY = 255


class PowerEmail:
    """A client of one account. Threads may share it; `close()` it, or use it in a `with`, to end its connections early.

    `app_domain` is the domain of the service, whose API is then at `https://api.<app_domain>/v1.0/`, or a whole URL:
    `https://mail.example.com`, or `http://127.0.0.1:8000` where TLS is not wanted. A call ends within `timeout` seconds; to
    connect to one address it takes `connect_timeout` at most.

    With `retries`, what failed in passing is tried again so many times, each within `timeout`: calls that only read, and sends,
    under an idempotency key (one is made where none is given), so that no message goes out twice. Nothing else is repeated.

    `ssl_context` replaces the default, which verifies the server. With `debug`, calls are logged as INFO and not as DEBUG, by
    the logger "PowerEmail": their path, status and time, and no more. `apikey` and `appDomain` are the vendor's library's names
    of `token` and `app_domain`.
    """

    def __init__(
        self,
        owner_id: str | int | None = None,
        token: str | None = None,
        app_domain: str | None = None,
        debug: bool = False,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        retries: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        apikey: str | None = None,
        appDomain: str | None = None,
    ) -> None:
        self.owner_id = str(_require(owner_id, "an owner id"))
        self._token = str(_require(token or apikey, "a token"))
        self.root = find_root(str(_require(app_domain or appDomain, "an app domain")))
        self._level = logging.INFO if debug else logging.DEBUG
        self._retries = retries
        self._transport = Transport(self.root, timeout=timeout, connect_timeout=connect_timeout, ssl_context=ssl_context)
        self.messages = Messages(self.call)
        self.settings = Settings(self.call)
        self.account = Account(self.call)

    def sendMail(
        self,
        smtp_user_name: str | None = None,
        message: Mapping[str, object] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Said:
        """As messages.sendMail."""
        return self.messages.sendMail(smtp_user_name, message, idempotency_key=idempotency_key)

    def sendTemplate(
        self,
        smtp_user_name: str | None = None,
        message: Mapping[str, object] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Said:
        """As messages.sendTemplate."""
        return self.messages.sendTemplate(smtp_user_name, message, idempotency_key=idempotency_key)

    def call(self, url: str, params: Mapping[str, object] | None = None, *, idempotency_key: str | None = None) -> Any:
        """Make any call, by its path below the root, such as `messages/sendMail`; return what is answered, or raise Error."""
        if idempotency_key is None and self._retries and url in SENDS:
            idempotency_key = uuid.uuid4().hex
        headers, body = _write_headers(idempotency_key), self._write_body(params or {})
        may_repeat = url in READS or (url in SENDS and idempotency_key is not None)
        failures = 0
        while True:
            try:
                return self._exchange(url, body, headers)
            except Error as error:
                failures += 1
                pause = pause_after(error, failures) if may_repeat and failures <= self._retries else None
                if pause is None:
                    raise
            time.sleep(pause)

    def close(self) -> None:
        """Close the connections that are kept. The client can still be used."""
        self._transport.close()

    def __enter__(self) -> PowerEmail:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"PowerEmail({self.owner_id!r}, {self.root!r})"

    def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        began = time.monotonic()
        try:
            answer = self._transport.post(url, body, headers)
        except Error as error:
            log.log(self._level, "%s: %s", url, error)
            raise
        log.log(self._level, "%s: HTTP %d in %.0f ms", url, answer.status, (time.monotonic() - began) * 1000)
        return self._read(answer)

    def _write_body(self, params: Mapping[str, object]) -> bytes:
        given = {name: value for name, value in params.items() if value is not None}
        try:
            return json.dumps({**given, "owner_id": self.owner_id, "token": self._token}, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise ValidationError(f"The parameters cannot be written as JSON: {error}") from None

    def _read(self, answer: Answer) -> dict[str, Any]:
        said = _parse(answer.body)
        if said and answer.status == 200 and said.get("status") != "error":
            return said
        raise self._refusal(said, answer)

    def _refusal(self, said: dict[str, Any], answer: Answer) -> Error:
        """Return the error that was answered, or one that says that something else was."""
        error: Error
        if said.get("status") == "error":
            name = str(said.get("name") or said.get("type") or "")
            # A server that repeats what it was sent must not bring the token into a log.
            error = KINDS.get(name, Error)(str(said.get("message", "")).replace(self._token, "***"))
            error.name, error.code = name, _number(said.get("code"))
        else:
            error = UnexpectedAnswer(f"{self.root} answered HTTP {answer.status}, and not as the PowerEmail API does.")
        error.status, error.retry_after = answer.status, answer.retry_after
        return error


def _require(value: Any, what: str) -> Any:
    if value is None or value == "":
        raise ValidationError(f"You must provide {what}.")
    return value


def _write_headers(idempotency_key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": f"PowerEmail-Python/{__version__}"}
    if idempotency_key is None:
        return headers
    if not (idempotency_key.isascii() and idempotency_key.isprintable() and 0 < len(idempotency_key.strip()) <= MAX_KEY):
        raise ValidationError(f"An idempotency key is at most {MAX_KEY} printable ASCII characters.")
    return {**headers, "Idempotency-Key": idempotency_key}


def _parse(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body, or nothing where there is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _number(said: object) -> int | None:
    try:
        return int(str(said))
    except ValueError:
        return None
