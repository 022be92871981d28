"""What every door does alike: the framework's errors in the dialect's words, limits, a row for every refusal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from domains.credentials import Credential
from gateway.api.base import DialectView, Rate, UnknownPath, json_answer, row_of
from gateway.api.bodies import Payload
from gateway.api.mailup.answers import say_refused
from gateway.api.octeth.answers.public import answer_refused as refuse_octeth
from gateway.api.sendclean.answers import answer_refused as refuse_sendclean
from gateway.api.sendcloud.answers import say_refused as refuse_sendcloud
from gateway.base.errors import BadCredentials, NotAuthenticated, QuotaExceeded, Refused
from tests.gateway.api.leaves import make_leaves

DOORS = {
    "sendclean": "/v1.0/messages/sendMail",
    "sendcloud": "/apiv2/mail/send",
    "mailup": "/API/v2.0/messages/sendmessage",
    "octeth": "/api/v1/email",
}
# What each dialect says of an unknown path, beside its words: the vendors' own, where they are known.
STATUS_OF_UNKNOWN = {"sendclean": 200, "sendcloud": 404, "mailup": 404, "octeth": 404}
REFUSE: dict[str, Callable[[Refused], HttpResponse]] = {
    "sendclean": refuse_sendclean,
    "sendcloud": refuse_sendcloud,
    "mailup": lambda refusal: say_refused(refusal, HttpRequest()),
    "octeth": refuse_octeth,
}


def says_error(dialect: str, response: HttpResponse) -> bool:
    """Tell whether a response has the form of the dialect's errors."""
    answer = msgspec.json.decode(response.content)
    return {
        "sendclean": lambda: answer["status"] == "error" and bool(answer["name"] and answer["type"] and answer["message"]),
        "sendcloud": lambda: answer["result"] is False and isinstance(answer["statusCode"], int) and bool(answer["message"]),
        "mailup": lambda: answer["Status"] == "error" and answer["Code"] != "0" and bool(answer["Message"]),
        "octeth": lambda: all(isinstance(error["Code"], int) and error["Message"] for error in answer["Errors"]),
    }[dialect]()


class EchoView(DialectView):
    """A dialect of its own, to see the base alone."""

    dialect = "echo"
    http_method_names = ("post", "get")
    credential = Credential(account_id=1, owner_id="x", account_status="enabled", requests_per_minute=None, key_id=7)

    def authenticate(self, payload: Payload) -> Credential:
        return self.credential

    def parse(self, payload: Payload, credential: Credential) -> Any:
        return payload.values

    def act(self, asked: Any) -> Any:
        return asked

    def answer(self, done: Any) -> HttpResponse:
        return json_answer(done)

    def refuse(self, refusal: Refused) -> HttpResponse:
        return json_answer({"code": refusal.code, "message": refusal.message}, status=418)


def call(view: type[DialectView] = EchoView, method: str = "POST", body: str = '{"a": 1}', **options: Any) -> HttpResponse:
    request = RequestFactory().generic(method, "/secret/path?token=canary", body, "application/json")
    response: HttpResponse = view.as_view(**options)(request)
    return response


def code_of(response: HttpResponse) -> str:
    return str(msgspec.json.decode(response.content)["code"])


def test_it_works() -> None:
    response = call()
    assert (response.status_code, response.content) == (200, b'{"token":"canary","a":1}')
    assert response.headers == {
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_not_allowed(method: str) -> None:
    response = call(method=method)
    assert code_of(response) == "method_not_allowed"
    assert response.headers["Allow"] == "POST, GET"


def test_a_refusal_is_said_in_the_dialect() -> None:
    class Closed(EchoView):
        def authenticate(self, payload: Payload) -> Credential:
            raise BadCredentials

    assert code_of(call(Closed)) == "bad_credentials"


def test_a_limit_says_when_to_come_back() -> None:
    class Full(EchoView):
        def act(self, asked: Any) -> Any:
            raise QuotaExceeded("Full.", retry_after=77)

    assert call(Full).headers["Retry-After"] == "77"


@pytest.mark.parametrize(("error", "code"), [(ZeroDivisionError("x"), "unexpected"), (OperationalError("x"), "unavailable")])
def test_a_fault_of_ours_is_logged_without_the_query(error: Exception, code: str, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(EchoView):
        def act(self, asked: Any) -> Any:
            raise error

    with caplog.at_level(logging.ERROR):
        assert code_of(call(Broken)) == code
    assert "POST /secret/path failed" in caplog.text
    assert type(error).__name__ in caplog.text
    assert "canary" not in caplog.text


def test_requests_are_limited() -> None:
    class Limited(EchoView):
        rate = Rate(limit=2, seconds=60)

    assert [call(Limited).status_code for _ in range(3)] == [200, 200, 418]
    response = call(Limited)
    assert code_of(response) == "rate_exceeded"
    assert 0 < int(response.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(("own", "allowed"), [(None, 2), (0, 5), (1, 1), (3, 3)])
def test_the_account_s_own_limit_beats_the_dialect_s(own: int | None, allowed: int) -> None:
    class Limited(EchoView):
        rate = Rate(limit=2)
        credential = Credential(account_id=1, owner_id="x", account_status="enabled", requests_per_minute=own, key_id=8)

    assert [call(Limited).status_code for _ in range(5)].count(200) == allowed


def test_each_credential_has_a_window_of_its_own() -> None:
    for number in range(3):

        class Limited(EchoView):
            rate = Rate(limit=1)
            credential = Credential(
                account_id=1, owner_id="x", account_status="enabled", requests_per_minute=None, smtp_user_id=number + 1
            )

        assert call(Limited).status_code == 200


def test_an_unknown_path_takes_any_method_and_no_body() -> None:
    class Unknown(UnknownPath, EchoView):
        pass

    assert {code_of(call(Unknown, method, "{")) for method in ("GET", "POST", "DELETE", "BREW")} == {"unknown_call"}


def test_the_nearest_row_counts() -> None:
    table = {Refused: 1, NotAuthenticated: 2}
    assert [row_of(table, refusal) for refusal in (BadCredentials(), QuotaExceeded("x"))] == [2, 1]


@pytest.mark.parametrize("dialect", DOORS)
@pytest.mark.parametrize("refusal", make_leaves(), ids=lambda refusal: type(refusal).__name__)
def test_every_door_has_words_for_every_refusal(dialect: str, refusal: Refused) -> None:
    refuse: Callable[[Refused], HttpResponse] = REFUSE[dialect]
    assert says_error(dialect, refuse(refusal))


def test_the_tree_of_refusals_is_walked_whole() -> None:
    assert len(make_leaves()) >= 36
    assert {type(leaf).__name__ for leaf in make_leaves()} >= {"CredentialBlockedUntil", "Unavailable", "IdempotencyConflict"}


@pytest.mark.parametrize("dialect", DOORS)
@pytest.mark.parametrize("path", ["nothing/here", "nothing\nhere", "é/../", "%FF", "messages/sendMail/x", ""])
def test_unknown_paths_are_answered_in_the_dialect(client: Client, dialect: str, path: str) -> None:
    prefix = {"sendclean": "/v1.0/", "sendcloud": "/apiv2/", "mailup": "/API/v2.0/", "octeth": "/api/v1/"}[dialect]
    response = client.post(prefix + path, "{", "application/json")
    assert response.status_code == STATUS_OF_UNKNOWN[dialect]
    assert says_error(dialect, response)


@pytest.mark.parametrize("dialect", DOORS)
@pytest.mark.parametrize("spell", [str.lower, str.upper, "{}/".format, "{} ".format], ids=["lower", "upper", "slash", "space"])
@pytest.mark.django_db
def test_paths_have_many_spellings(client: Client, dialect: str, spell: Callable[[str], str]) -> None:
    response = client.post(spell(DOORS[dialect]), "{", "application/json")
    unknown = client.post(DOORS[dialect] + "/x", "{", "application/json")
    assert response.content != unknown.content


@pytest.mark.parametrize("dialect", DOORS)
@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
def test_methods_are_refused_in_the_dialect(client: Client, dialect: str, method: str) -> None:
    response = getattr(client, method)(DOORS[dialect])
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert says_error(dialect, response)


BODIES: list[tuple[bytes, str]] = [
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b"7", "application/json"),
    (b"", "application/json"),
    (b'{"a": NaN, "owner_id": "x"}', "application/json"),
    (b'{"a": 1e999}', "application/json"),
    (b'{"a": ' + b"1" * 10_000 + b"}", "application/json"),
    (b'{"owner_id": "\\ud800", "token": "\\udfff", "SenderAPIKey": "\\ud800"}', "application/json"),
    (b'{"a": "\xff"}', "application/json"),
    (b'{"a":' * 50_000, "application/json"),
    (b"[" * 50_000, "application/json"),
    ('{"a": 1}'.encode("utf-16"), "application/json; charset=utf-16"),
    (b"%", "application/x-www-form-urlencoded"),
    (b"a=%ff&b=%00", "application/x-www-form-urlencoded"),
    (b"&".join(b"a%d=1" % n for n in range(10_002)), "application/x-www-form-urlencoded"),
    (b"x", "multipart/form-data"),
    (b"x", "multipart/form-data; boundary=\xff"),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * 3, "multipart/form-data; boundary=x"),
    (b"<a/>", "image/png"),
    (b"\xff\xfe", "no/such; charset=nix"),
]


@pytest.mark.parametrize("dialect", DOORS)
@pytest.mark.parametrize(("body", "content_type"), BODIES, ids=[str(n) for n in range(len(BODIES))])
@pytest.mark.django_db
def test_bodies_that_cannot_be_read_are_refused_in_the_dialect(
    client: Client, dialect: str, body: bytes, content_type: str
) -> None:
    response = client.generic("POST", DOORS[dialect], body, content_type)
    assert response.status_code < 500
    assert says_error(dialect, response)


@pytest.mark.parametrize("dialect", DOORS)
def test_a_body_that_is_too_large_is_refused_in_the_dialect(client: Client, dialect: str, settings: Settings) -> None:
    settings.GATEPOST_MAX_BODY = 100
    response = client.post(DOORS[dialect], b"{" + b" " * 100 + b"}", "application/json")
    assert says_error(dialect, response)
    assert b"100" in response.content or dialect == "sendcloud"


@pytest.mark.parametrize("dialect", DOORS)
def test_too_many_parameters_in_the_query_are_refused_in_the_dialect(client: Client, dialect: str) -> None:
    query = "&".join(f"a{n}=1" for n in range(10_001))
    assert says_error(dialect, client.post(f"{DOORS[dialect]}?{query}", "{}", "application/json"))
