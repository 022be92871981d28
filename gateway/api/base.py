"""The one view under every HTTP call: authenticate, parse, act, answer. A dialect says what differs.

    class AcmeView(DialectView):                    # in acme/views.py, once per dialect
        dialect = "acme"
        rate = Rate(limit=100, seconds=60)          # default: none

        def authenticate(self, payload: Payload) -> Credential:
            return authenticate_api_key(payload.bearer)

        def refuse(self, refusal: Refused) -> HttpResponse:
            status, code, words = row_of(ERRORS, refusal)
            return json_answer({"code": code, "message": words or refusal.message}, status=status)

    class Send(AcmeView):                           # once per call
        http_method_names = ("post",)

        def parse(self, payload: Payload, credential: Credential) -> Submission: ...   # acme/parse.py, pure

        def answer(self, done: Accepted) -> HttpResponse: ...                          # acme/answers.py

    class Unknown(UnknownPath, AcmeView): ...       # the last of acme/urls.py: path_of("", Unknown, exact=False)

`act` hands a Submission in and waits until it is on disk; a call that reads or changes something else overrides it. Everything
that goes wrong, in the framework or in our code, reaches `refuse` as a Refused: UnknownCall (404), MethodNotAllowed (405),
RequestMalformed (bad JSON, form, content type), BodyTooLarge, FieldsRefused (fields.py), Unavailable (database), Unexpected
(a bug, logged). `refuse` must know them all and never raise. Retry-After and Allow are added here.

`parse` sees no HTTP: `Payload` (bodies.py) has values, files, bearer, client and idempotency key. `fold(payload.values)` takes
the case from parameter names, `path_of` that and a trailing slash or space from paths. A dialect with a format of its own sets
`parsers = {"text/xml": function}`; `self.http` is the Django request, there also when parsing failed (Accept, Content-Type).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from rest_framework.views import APIView

from domains.credentials import Credential
from gateway.api.bodies import Parser, Payload, read_payload
from gateway.api.fields import Field
from gateway.base.errors import MethodNotAllowed, OverLimit, Refused, Unavailable, UnknownCall
from gateway.base.rates import check_rates
from gateway.engine.intake import accept_one

log = logging.getLogger(__name__)

Row = TypeVar("Row")

DROPPED = 1 << 20  # octets of a body that are read for nothing; a larger one costs its connection

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


class Unexpected(Refused):
    """A fault of ours, in the log with its traceback; the customer learns no more than that."""

    code = "unexpected"
    message = "An unexpected error occurred; it was logged. Try again later."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many requests a credential may make in a time."""

    limit: int
    seconds: int = 60


class DialectView(APIView):
    """One call of one dialect. See the module's docstring for the hooks."""

    dialect: ClassVar[str]
    rate: ClassVar[Rate | None] = None
    fields: ClassVar[tuple[Field, ...]] = ()  # what the call takes beside its credentials
    files: ClassVar[tuple[str, ...]] = ()  # fields of a multipart body that are files
    answers: ClassVar[tuple[type[msgspec.Struct], ...]] = ()  # the shapes of what it says, the first being the usual one
    parsers: ClassVar[Mapping[str, Parser]] = {}
    http_method_names: tuple[str, ...] = _METHODS
    default_response_headers: ClassVar[dict[str, str]] = {}  # Allow is said with 405 alone

    def authenticate(self, payload: Payload) -> Credential:
        """Return who calls; raise NotAuthenticated or NotAllowed."""
        raise NotImplementedError

    def parse(self, payload: Payload, credential: Credential) -> Any:
        """Return what is asked for: a Submission, or whatever this call's `act` takes."""
        raise NotImplementedError

    def act(self, asked: Any) -> Any:
        """Do it; by default, accept a Submission."""
        return accept_one(asked)

    def answer(self, done: Any) -> HttpResponse:
        """Say in the dialect what was done."""
        raise NotImplementedError

    def refuse(self, refusal: Refused) -> HttpResponse:
        """Say in the dialect what was refused. Never raises."""
        raise NotImplementedError

    def serve(self) -> HttpResponse:
        payload = read_payload(self.http, self.parsers)
        credential = self.authenticate(payload)
        self.check_rate(credential)
        return self.answer(self.act(self.parse(payload, credential)))

    def rates(self) -> Sequence[Rate]:
        """Return how many requests a credential may make, the shortest time first; by default, `rate` alone."""
        return (self.rate,) if self.rate is not None else ()

    def check_rate(self, credential: Credential) -> None:
        """Raise RateExceeded; the account's own number of requests a minute beats the dialect's, and 0 is no limit."""
        own = credential.requests_per_minute
        allowed = self.rates() if own is None else (Rate(limit=own),) if own else ()
        if allowed:
            who = f"user{credential.smtp_user_id}" if credential.smtp_user_id else f"key{credential.key_id}"
            check_rates([(f"{self.dialect}:{who}:{rate.seconds}", rate.limit, rate.seconds) for rate in allowed])

    # What DRF calls ---------------------------------------------------------------------------------------------------

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.http = request

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpRequest:  # type: ignore[override]
        """Go without DRF's Request, which would read the body in DRF's way: `read_payload` reads it."""
        return request

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Skip DRF's negotiation, authentication and throttles: the hooks above do their part."""

    def handle(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.serve()

    get = post = put = patch = delete = head = trace = handle
    options = handle  # type: ignore[assignment]  # DRF's stubs know its own Response only

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise MethodNotAllowed

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # as above
        refusal = self._explain(exc)
        response = self.refuse(refusal)
        if isinstance(refusal, OverLimit):
            response.headers["Retry-After"] = str(refusal.retry_after)
        elif isinstance(refusal, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(self.http_method_names).upper()
        if isinstance(refusal, MethodNotAllowed | UnknownCall):
            self._drop_body()
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Set what every answer has: middleware, which would, is not asked (gateway/wsgi.py)."""
        response.headers["Content-Length"] = str(len(response.content))
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _drop_body(self) -> None:
        """Read a body that nobody asked for."""
        # Left unread, it makes the server hang up without a word, and the client's next call on the connection fails.
        with suppress(OSError):
            self.http.read(DROPPED)

    def _explain(self, error: Exception) -> Refused:
        if isinstance(error, Refused):
            return error
        # The path alone: some dialects carry secrets in the query.
        log.error("%s %s failed", self.http.method, self.http.path, exc_info=error)
        return Unavailable() if isinstance(error, DatabaseError) else Unexpected()


class UnknownPath(DialectView):
    """What stands last in each dialect's urls: any path and method is an UnknownCall."""

    def serve(self) -> HttpResponse:
        raise UnknownCall

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnknownCall


def row_of(table: Mapping[type[Refused], Row], refusal: Refused) -> Row:
    """Return the table's row for a refusal: that of its class or of the nearest class above it; Refused has a row."""
    return next(table[kind] for kind in type(refusal).__mro__ if kind in table)


def json_answer(value: Any, *, status: int = 200) -> HttpResponse:
    """Return `value` as JSON, in UTF-8."""
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json")


def path_of(path: str, view: type[DialectView], *, exact: bool = True) -> URLPattern:
    """Return a URL pattern that ignores case and trailing slashes or spaces; with `exact` False, everything that begins so.

    Its name is the path as the vendor writes it, which the OpenAPI document shows.
    """
    return re_path("^" + _any_case(path) + (r"[/\s]*\Z" if exact else ""), view.as_view(), name=path)


def _any_case(path: str) -> str:
    """Return a regular expression for `path` in any case, without `(?i:...)`: Django could not reverse any URL beside that."""
    return "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in path)
