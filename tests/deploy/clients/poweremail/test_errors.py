"""What the server refuses, and what is no answer of its at all."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest

import PowerEmail
from tests.deploy.clients.poweremail.wire import OK, TOKEN, body_of, fail, http, meet


def refusal(name: str, message: str = "No.") -> dict[str, object]:
    return {"status": "error", "code": -1, "name": name, "type": name, "message": message}


@pytest.mark.parametrize("name", ["ValidationError", "AuthenticationError", "GeneralError"])
@pytest.mark.parametrize("status", [200, 400])
def test_it_works(name: str, status: int) -> None:
    error = fail(http(refusal(name), status), getattr(PowerEmail, name))
    assert isinstance(error, PowerEmail.Error)
    assert (str(error), error.name, error.code, error.status, error.retry_after) == ("No.", name, -1, status, None)


def test_the_code_may_be_text_and_the_name_may_be_the_type() -> None:
    said = {"status": "error", "code": "-1", "type": "AuthenticationError", "message": "Token MissMatch"}
    error = fail(http(said, 401), PowerEmail.AuthenticationError)
    assert (str(error), error.code) == ("Token MissMatch", -1)


def test_older_names_work() -> None:
    assert PowerEmail.InvalidKeyError is PowerEmail.AuthenticationError
    fail(http(refusal("Invalid_Key"), 401), PowerEmail.AuthenticationError)
    error = fail(http(refusal("Something") | {"code": None}, 400), PowerEmail.Error)
    assert (error.name, error.code) == ("Something", None)


def test_when_to_come_back_is_told() -> None:
    assert fail(http(refusal("GeneralError"), 429, Retry_After="17"), PowerEmail.GeneralError).retry_after == 17
    assert fail(http(refusal("GeneralError"), 429, Retry_After="soon"), PowerEmail.GeneralError).retry_after is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>Bad Gateway</html>", 502),
        (b"", 204),
        (b"[]", 200),
        (b"\xff", 200),
        (b"[" * 100_000, 200),
        (OK, 500),
        ({"detail": "Not found."}, 404),
        (b"", 301),
    ],
)
def test_what_is_no_answer_of_the_api_is_told(body: object, status: int) -> None:
    error = fail(http(body, status), PowerEmail.UnexpectedAnswer)
    assert error.status == status
    assert f"HTTP {status}" in str(error)


def test_the_token_is_in_no_error_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = fail(http(refusal("GeneralError", f"Wrong: {TOKEN}"), 400), PowerEmail.GeneralError)
    assert str(error) == "Wrong: ***"
    shown, raised = meet(http(OK), lambda client: (repr(client), unwritable(client)))[0]
    assert shown.startswith("PowerEmail('acme', 'http://127.0.0.1:")
    told = "".join(traceback.format_exception(error)) + "".join(traceback.format_exception(raised)) + caplog.text + shown
    assert TOKEN not in told
    assert "messages/sendMail: HTTP 400" in caplog.text


def unwritable(client: PowerEmail.PowerEmail) -> PowerEmail.Error:
    with pytest.raises(PowerEmail.ValidationError) as raised:
        client.sendMail("smtp12345", {"html": object()})
    return raised.value


@pytest.mark.parametrize("html", [object(), b"octets", float("nan")])
def test_what_cannot_be_written_is_refused_before_it_is_sent(html: object) -> None:
    def use(client):
        with pytest.raises(PowerEmail.ValidationError, match="cannot be written as JSON"):
            client.sendMail("smtp12345", {"html": html})

    assert meet(http(OK), use)[1].requests == []


def test_errors_can_be_carried_to_another_process() -> None:
    error = fail(http(refusal("GeneralError"), 429, Retry_After="17"), PowerEmail.GeneralError)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.retry_after) == (PowerEmail.GeneralError, "No.", 17)


def test_debug_only_makes_the_log_louder(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    meet(http(OK), lambda client: client.settings.listSmtp())
    assert caplog.text == ""
    meet(http(OK), lambda client: client.settings.listSmtp(), debug=True)
    assert "settings/listSmtp: HTTP 200 in" in caplog.text


def test_nobody_s_params_are_changed() -> None:
    params = {"domain": "acme.example", "mailbox": None}
    _, web = meet(http(OK), lambda client: client.call("settings/verifySendingDomain", params))
    assert params == {"domain": "acme.example", "mailbox": None}
    assert body_of(web.requests[0]) == {"domain": "acme.example", "owner_id": "acme", "token": TOKEN}
