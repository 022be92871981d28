"""Requests to plain values: encodings, precedence, and what is refused in words."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from gateway.api.bodies import Payload, client_address, parse_json, parse_object, read_payload
from gateway.base.errors import BodyTooLarge, Refused, RequestMalformed

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def read(body: bytes | str = b"", content_type: str = JSON, path: str = "/", method: str = "POST", **meta: Any) -> Payload:
    request = RequestFactory().generic(method, path, body, content_type, **meta)
    return read_payload(request, {"text/x-lines": lambda lines: {"lines": lines.decode().split()}})


def test_it_works() -> None:
    payload = read('{"a": 1, "b": "x"}', HTTP_AUTHORIZATION="bearer  key ", HTTP_IDEMPOTENCY_KEY="k 1")
    assert payload.values == {"a": 1, "b": "x"}
    assert (payload.bearer, payload.idempotency_key, payload.client) == ("key", "k 1", "127.0.0.1")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_query_and_body_count_on_every_method(method: str) -> None:
    assert read("b=2", FORM, "/?a=1", method).values == {"a": "1", "b": "2"}


def test_the_body_beats_the_query_and_the_last_of_many_wins() -> None:
    assert read("a=3&a=4", FORM, "/?a=1&a=2").values == {"a": "4"}
    assert read('{"a": 1, "a": 2}').values == {"a": 2}


def test_null_is_absent() -> None:
    assert read('{"a": null, "b": null}', path="/?a=1").values == {"a": "1"}


@pytest.mark.parametrize(
    "content_type", [FORM, "", "text/plain", "application/octet-stream", "application/vnd.x+json; charset=x"]
)
def test_json_is_known_by_its_brace(content_type: str) -> None:
    assert read(' {"a": "b=c&d"}', content_type).values == {"a": "b=c&d"}


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"a": 1}', b'\xef\xbb\xbf {"a": 1}'])
def test_a_byte_order_mark_is_skipped(body: bytes) -> None:
    assert read(body).values == {"a": 1}
    assert read(body, FORM).values == {"a": 1}


def test_a_multipart_form_has_files() -> None:
    upload = SimpleUploadedFile("a.txt", b"one", "text/plain")
    other = SimpleUploadedFile("b.txt", b"two", "text/plain")
    request = RequestFactory().post("/?q=1", {"to": "x", "attachments": [upload, other]})
    payload = read_payload(request, {})
    assert payload.values == {"q": "1", "to": "x"}
    assert [(file.name, file.filename, file.content) for file in payload.files] == [
        ("attachments", "a.txt", b"one"),
        ("attachments", "b.txt", b"two"),
    ]


def test_a_dialect_brings_its_own_parser() -> None:
    assert read("one two", "Text/X-Lines; charset=utf-8").values == {"lines": ["one", "two"]}


def test_an_empty_body_is_no_parameters() -> None:
    assert read(b"").values == {}


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        ("{", JSON, "cannot be read"),
        ("[]", JSON, "must be an object"),
        ('"a"', JSON, "must be an object"),
        ('{"a": NaN}', JSON, "cannot be read"),
        ('{"a": 1e999}', JSON, "cannot be read"),
        ('{"a": 1' + "0" * 5000 + "}", JSON, "cannot be read"),
        ('{"a": "\\ud800"}', JSON, "lone surrogate"),
        ('{"a": "\\udc00x"}', JSON, "lone surrogate"),
        ('{"\\ud800": 1}', JSON, "lone surrogate"),
        (b'{"a": "\xff"}', JSON, "not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', JSON, "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), JSON, "cannot be read"),
        ('{"a": "\\u0000"}', JSON, "U+0000"),
        ('{"a\\u0000": [1]}', JSON, "U+0000"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", JSON, "levels deep"),
        ('{"a":' * 100_000, JSON, "levels deep"),
        ("a=%00", FORM, "U+0000"),
        ("a%00=1", FORM, "U+0000"),
        ("&".join(f"a{n}=1" for n in range(10_001)), FORM, "cannot be read"),
        ("<a/>", "application/xml", "application/xml is not taken"),
        ("x", "multipart/form-data", "cannot be read"),
        ("x", "multipart/form-data; boundary=é", "cannot be read"),
        ("--x\r\n", "multipart/form-data; boundary=" + "x" * 300, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(body: bytes | str, content_type: str, words: str) -> None:
    with pytest.raises(RequestMalformed, match=words.replace("+", r"\+")):
        read(body, content_type)


def test_escapes_that_only_look_bad_pass() -> None:
    assert read(r'{"a": "\\u0000 \\ud800 \ud83d\ude00"}').values == {"a": "\\u0000 \\ud800 \U0001f600"}
    assert read('{"a": "' + "[" * 1000 + '"}').values == {"a": "[" * 1000}


@pytest.mark.parametrize("key", ["x" * 256, "a\x07b"])
def test_an_idempotency_key_is_short_and_printable(key: str) -> None:
    with pytest.raises(RequestMalformed, match="Idempotency-Key"):
        read("{}", HTTP_IDEMPOTENCY_KEY=key)


def test_a_large_body_is_refused_before_it_is_read(settings: Settings) -> None:
    settings.GATEPOST_MAX_BODY = 10
    request = RequestFactory().post("/", b"{}", JSON)
    request.META["CONTENT_LENGTH"] = "11"
    with pytest.raises(BodyTooLarge, match="10 bytes"):
        read_payload(request, {})
    assert request._stream.read() == b"{}"


def test_a_body_that_breaks_off_is_refused() -> None:
    request = RequestFactory().post("/", b"{}", JSON)
    request._stream = Broken()
    with pytest.raises(RequestMalformed, match="cannot be read"):
        read_payload(request, {})


class Broken(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError("connection reset")


def test_numbers_keep_their_spelling_where_asked() -> None:
    found = parse_json('{"a": 1989.0, "b": 1e2, "c": 8.50, "d": 7}', keep_spelling=True)
    assert {name: str(value) for name, value in found.items()} == {"a": "1989.0", "b": "1e2", "c": "8.50", "d": "7"}
    assert found == {"a": 1989, "b": 100, "c": 8.5, "d": 7}
    with pytest.raises(RequestMalformed, match="out of range"):
        parse_json("[1e999]", keep_spelling=True)


@given(st.binary(max_size=60))
def test_no_bytes_make_it_stumble(body: bytes) -> None:
    for content_type in (JSON, FORM, "multipart/form-data; boundary=x"):
        with suppress(Refused):
            assert isinstance(read(body, content_type).values, dict)


@given(st.text(max_size=40))
def test_no_text_makes_json_stumble(text: str) -> None:
    with suppress(RequestMalformed):
        assert "a" in parse_object('{"a": ' + text + "}")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (0, "192.0.2.1", "127.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.9, 192.0.2.1", "192.0.2.1"),  # the first is the caller's own word
        (2, "192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "10.0.0.1", "10.0.0.1"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "unknown", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_the_client_is_whom_our_outermost_proxy_saw(settings: Settings, proxies: int, forwarded: str, client: str) -> None:
    settings.GATEPOST_PROXIES = proxies
    assert client_address({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}) == client


def test_secrets_stay_out_of_the_repr() -> None:
    payload = read('{"token": "canary"}', HTTP_AUTHORIZATION="Bearer canary")
    assert "canary" not in repr(payload)
