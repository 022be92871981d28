"""The judge sees what is planted: each kind of fault that the other tests look for, one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.prepare import Ready
from tests.wire import judge
from tests.wire.doors import Doors
from tests.wire.judge import Sight, compare, compare_raw, look, split
from tests.wire.places import Place
from tests.wire.route import Journey, carry

TAG = Place(door="octeth", path=("body", "Tags", 0))  # a text that may change nothing
TO = Place(door="octeth", path=("body", "To", 0, "email"))
SUBJECT = Place(door="octeth", path=("body", "Subject"))

SIGHT = Sight(
    recipient="rita@example.com",
    return_domain="bounce.acme.example",
    names=("cc", "from", "subject", "to"),
    sender=(("Acme", "news@acme.example"),),
    to=(("Rita", "rita@example.com"),),
    cc=(),
    replies=(("", "help@acme.example"),),
    subject="Hello",
    parts=("multipart/alternative", "text/plain", "text/html"),
    body=b"",
)
EVE = "eve@evil.example"
PLANTED: dict[str, dict[str, Any]] = {
    "a header": {"names": ("bcc", "cc", "from", "subject", "to")},
    "a header twice": {"names": ("cc", "from", "subject", "to", "to")},
    "a header lost": {"names": ("from", "subject", "to")},
    "another sender": {"sender": (("Acme", EVE),)},
    "a second sender": {"sender": (("Acme", "news@acme.example"), ("", EVE))},
    "another subject": {"subject": "Hello Bcc"},
    "another reply address": {"replies": (("", EVE),)},
    "somebody in Cc": {"cc": (("", EVE),)},
    "a part": {"parts": ("multipart/alternative", "text/plain", "text/html", "text/html")},
    "a part of another type": {"parts": ("multipart/alternative", "text/plain", "text/plain")},
    "another return path": {"return_domain": "evil.example"},
    "another recipient": {"recipient": EVE},
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_what_may_not_change_is_seen(planted: dict[str, Any]) -> None:
    compare(TAG, "x", [SIGHT], [SIGHT])
    with pytest.raises(AssertionError):
        compare(TAG, "x", [replace(SIGHT, **planted)], [SIGHT])


def test_a_copy_more_or_less_is_seen() -> None:
    for seen in ([], [SIGHT, replace(SIGHT, recipient=EVE)]):
        with pytest.raises(AssertionError):
            compare(TAG, "x", seen, [SIGHT])


def test_a_domain_that_readers_see_otherwise_is_seen() -> None:
    shown = replace(SIGHT, to=(("Rita", "rita@exa\u00admple.com"),))
    with pytest.raises(AssertionError, match="shown"):
        compare(TO, "rita@exa\u00admple.com", [shown], [SIGHT])


def test_a_subject_that_is_not_what_was_handed_in_is_seen() -> None:
    compare(SUBJECT, "Hello", [SIGHT], [SIGHT])
    with pytest.raises(AssertionError, match="Subject"):
        compare(SUBJECT, "Hello\u202e", [SIGHT], [SIGHT])


@pytest.mark.parametrize("line", [b"X-A: a\x0bBcc: b\r\n", b"X-A: a\rBcc: b\r\n", b"no field\r\n", b"X A: b\r\n", b": b\r\n"])
def test_a_header_that_programs_read_differently_is_seen(line: bytes) -> None:
    with pytest.raises(AssertionError):
        split(b"From: a@acme.example\r\n" + line)


def compose(doors: Doors, door: str) -> Journey:
    (journey,) = carry(doors.send(door, doors.harmless(door)).asked)
    return journey


@pytest.mark.parametrize(
    "planted",
    [b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n", b"x" * 999 + b"\r\n", b"no end", b"a\r\n.\nMAIL FROM:<e@evil.example>\r\n"],
)
def test_octets_that_may_not_be_on_the_wire_are_seen(doors: Doors, monkeypatch: pytest.MonkeyPatch, planted: bytes) -> None:
    ready = compose(doors, "octeth").ready[0]
    look(ready)
    spoiled = replace(ready.parcel, wire=ready.parcel.wire + planted)
    with pytest.raises((AssertionError, ValueError)):
        look(Ready(copy=ready.copy, parcel=spoiled, signed_by=""))


def test_a_command_too_many_is_seen(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = compose(doors, "octeth").ready[0]
    said = judge.say(ready)
    more = replace(said, commands=(*said.commands[:3], b"RCPT TO:<eve@evil.example>", *said.commands[3:]))
    monkeypatch.setattr(judge, "say", lambda _: more)
    with pytest.raises(AssertionError):
        look(ready)


@pytest.mark.parametrize("planted", [{"names": ("bcc",)}, {"names": ()}, {"parts": ("text/plain",)}, {"body": b"x\r\n"}])
def test_raw_mail_that_was_changed_is_seen(doors: Doors, planted: dict[str, Any]) -> None:
    place, call = Place(door="smtp", path=("body", "message", "fields", 0, 1)), doors.harmless("smtp")
    seen = [look(ready) for ready in compose(doors, "smtp").ready]
    compare_raw(place, call, seen, seen)
    with pytest.raises(AssertionError):
        compare_raw(place, call, [replace(one, **planted) for one in seen], seen)
