"""From a stored letter to the wire: what goes out is what was asked for, may be sent, and is signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.base import clock
from gateway.engine import merging
from gateway.engine.compose import CannotCompose, Composed, Composer, check_wire, compose
from gateway.engine.letter import Copy, Letter
from gateway.engine.submission import FilePart, Mailbox, Syntax
from gateway.engine.track import Extras
from gateway.engine.wire import find_fault
from tests.support.letters import (
    GOLDEN,
    NOW,
    RECORDS,
    SIGNERS,
    UUID,
    make_copy,
    make_letter,
    parse,
    parts_of,
    verify_with_dkimpy,
)
from tests.support.maildkim import CannotVerify, MailDKIM

CASES = sorted((GOLDEN / "compose").glob("*.json"))
RAW = (
    b"From: news@acme.example\r\nTo: jane@example.net\r\nSubject: Hello %NAME%\r\nX-Tag: %NAME%\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "<p>Grüße, %NAME%</p>\r\n".encode()
)


anything = st.text(st.characters(), max_size=40)  # halves of surrogate pairs too


@pytest.fixture(autouse=True)
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture(scope="module")
def mail_dkim() -> Iterator[MailDKIM]:
    try:
        verifier = MailDKIM(RECORDS)
    except CannotVerify as error:
        pytest.fail(str(error))
    yield verifier
    verifier.close()


def composed(copy_changes: dict[str, Any] | None = None, **letter_changes: Any) -> Composed:
    return compose(make_copy(make_letter(**letter_changes), **(copy_changes or {})), SIGNERS)


def text_of(octets: bytes) -> str:
    return str(parse(octets).get_content()).removesuffix("\r\n")


def field_names(octets: bytes) -> list[str]:
    return [name for name, _ in parse(octets).items()]


def test_it_works(mail_dkim: MailDKIM) -> None:
    out = composed()
    assert field_names(out.wire) == [
        "DKIM-Signature",
        "DKIM-Signature",
        "Date",
        "From",
        "To",
        "Subject",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    assert text_of(out.wire) == "Hello Jane"
    assert out.signed_by == "acme.example/gp2611r acme.example/gp2611e"
    assert not out.needs_8bit
    assert not out.needs_smtputf8
    assert verify_with_dkimpy(out.wire) == [True, True]
    assert mail_dkim.verify(out.wire)["acme.example/gp2611r"] == "pass"


# Goldens ----------------------------------------------------------------------------------------------------------------


def read_case(path: Path) -> Copy:
    """Return the copy that a golden describes: changes of the usual letter and of the usual copy, and raw mail."""
    case = json.loads(path.read_text())
    letter = case.get("letter", {})
    for name in ("sender",):
        letter |= {name: Mailbox(**letter[name])} if name in letter else {}
    for name in ("to", "cc", "reply_to"):
        letter |= {name: tuple(Mailbox(**one) for one in letter[name])} if name in letter else {}
    letter["headers"] = tuple((name, value) for name, value in letter.get("headers", []))
    letter["files"] = tuple(FilePart(**{**one, "content": one["content"].encode()}) for one in letter.get("files", []))
    letter["syntax"] = Syntax(letter.get("syntax", ""))
    if "raw" in case:
        letter |= {"raw": "\r\n".join(case["raw"]).encode(), "text": ""}
    return make_copy(make_letter(**letter), **case.get("copy", {}))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_each_golden_has_the_octets_that_stand_there(path: Path, mail_dkim: MailDKIM) -> None:
    wire = compose(read_case(path), SIGNERS).wire
    assert wire.decode() == path.with_suffix(".eml").read_bytes().decode()
    assert find_fault(wire) == ""
    assert verify_with_dkimpy(wire) == [True, True]
    assert mail_dkim.verify(wire)["acme.example/gp2611r"] == "pass"


def test_every_golden_has_its_mail() -> None:
    assert len(CASES) >= 7
    assert {path.stem for path in CASES} == {path.stem for path in (GOLDEN / "compose").glob("*.eml")}


# Headers ----------------------------------------------------------------------------------------------------------------


def test_all_copies_show_the_same_to_and_cc_and_none_shows_bcc() -> None:
    to, cc = (Mailbox(email="jane@example.net", name="Doe, Jane"),), (Mailbox(email="tom@example.org", name="Tom"),)
    composer, letter = Composer(), make_letter(to=to, cc=cc)
    for position, email in enumerate(("jane@example.net", "tom@example.org", "secret@example.com")):
        wire = composer.compose(make_copy(letter, position=position, email=email), SIGNERS).wire
        assert parse(wire)["To"] == '"Doe, Jane" <jane@example.net>'
        assert parse(wire)["Cc"] == "Tom <tom@example.org>"
        assert b"secret" not in wire


def test_one_by_one_shows_each_recipient_alone_with_an_id_of_its_own() -> None:
    message = parse(composed({"position": 3, "name": "Jane"}, to=(), one_by_one=True).wire)
    assert message["To"] == "Jane <jane@example.net>"
    assert message["Message-ID"] == f"<{UUID}.3@acme.example>"


def test_without_to_the_recipients_are_undisclosed() -> None:
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in composed(to=()).wire


def test_orders_to_us_do_not_go_out() -> None:
    headers = (("X-SMTPAPI", "e30="), ("X-STes-TrackOpen", "yes"), ("X-Unique-Id", "7"), ("SC-Custom-key1", "v"))
    names = field_names(composed(headers=headers).wire)
    assert "X-SMTPAPI" not in names
    assert "X-STes-TrackOpen" not in names
    assert names.count("X-Unique-Id") == names.count("SC-Custom-key1") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": (("X-Tag: v\r\nEvil", "x"),)},
        {"headers": (("X-Tag", "\ud800"), ("X\x0bTag", "x"))},
        {"sender": Mailbox(email="a@acme.example>\r\nBcc: <x@example.com")},
        {"sender": Mailbox(email="a@acme.example", name="\ud800")},
        {"reply_to": (Mailbox(email="a@acme.example", name="x\r\nBcc: y"),)},
        {"to": (Mailbox(email="a@example.com\nBcc: y"),)},
    ],
)
def test_whatever_was_stored_nothing_becomes_a_second_header(changes: dict[str, Any]) -> None:
    with pytest.raises(CannotCompose):
        composed(**changes)


def test_a_stored_value_with_line_breaks_stays_one_header() -> None:
    message = parse(composed(headers=(("X-Tag", "a\r\nBcc: evil@example.com"),)).wire)
    assert message["X-Tag"] == "a Bcc: evil@example.com"
    assert "Bcc" not in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(anything, anything, anything)
def test_no_text_or_value_breaks_the_wire(subject: str, text: str, value: str) -> None:
    letter = make_letter(subject=f"{subject} %V%", text=f"{text}%V%", html=text, syntax=Syntax.SENDCLOUD)
    out = compose(make_copy(letter, variables={"V": value}), SIGNERS[1:])
    assert find_fault(out.wire) == ""
    assert not out.needs_8bit
    assert field_names(out.wire)[:6] == ["DKIM-Signature", "Date", "From", "To", "Subject", "Message-ID"]


def test_an_international_address_needs_smtputf8() -> None:
    assert composed({"email": "jörg@example.net"}).needs_smtputf8
    out = composed(to=(Mailbox(email="jörg@example.net", name="Jörg"),))
    assert out.needs_smtputf8
    assert out.needs_8bit


# Merge fields -----------------------------------------------------------------------------------------------------------


def test_fields_are_filled_from_the_letter_and_the_copy() -> None:
    out = composed(
        {"variables": {"NAME": "Jörg & Co", "code": "7"}},
        subject="%NAME%, %code%, %city%, %other%",
        text="%NAME%",
        html="<b>%NAME%</b>",
        headers=(("X-Code", "%code%"),),
        syntax=Syntax.SENDCLOUD,
        variables={"NAME": "nobody", "city": "Köln"},
    )
    message = parse(out.wire)
    assert message["Subject"] == "Jörg & Co, 7, Köln, %other%"
    assert message["X-Code"] == "7"
    assert [content.strip() for _, content in parts_of(message)] == ["Jörg & Co", "<b>Jörg &amp; Co</b>"]


def test_a_value_with_a_line_break_stays_in_its_header() -> None:
    out = composed({"variables": {"V": "a\r\nBcc: b\u2028c\0"}}, subject="%V%", syntax=Syntax.SENDCLOUD)
    assert parse(out.wire)["Subject"] == "a Bcc: b c"
    assert "Bcc" not in field_names(out.wire)


def test_inline_bodies_never_run_liquid() -> None:
    text = "{{ 7 | times: 6 }} {% for i in (1..9) %}x{% endfor %} {{ V }}"
    out = composed({"variables": {"V": "{{ W }}", "W": "no"}}, text=text, syntax=Syntax.SENDCLEAN)
    assert text_of(out.wire) == "{{ 7 | times: 6 }} {% for i in (1..9) %}x{% endfor %} {{ W }}"


def test_without_a_syntax_nothing_is_filled() -> None:
    assert text_of(composed({"variables": {"NAME": "x"}}, text="%NAME% [NAME]").wire) == "%NAME% [NAME]"


# Raw mail ---------------------------------------------------------------------------------------------------------------


def raw_letter(raw: bytes = RAW, **changes: Any) -> Letter:
    return make_letter(raw=raw, text="", subject="", **changes)


def test_raw_mail_keeps_its_body_and_says_what_it_needs(mail_dkim: MailDKIM) -> None:
    out = compose(make_copy(raw_letter()), SIGNERS)
    assert out.wire.endswith(RAW.partition(b"\r\n\r\n")[2])
    assert out.needs_8bit
    assert not out.needs_smtputf8
    assert verify_with_dkimpy(out.wire) == [True, True]
    assert mail_dkim.verify(out.wire)["acme.example/gp2611r"] == "pass"


def test_fields_in_raw_mail_are_filled_in_text_and_headers() -> None:
    letter = raw_letter(syntax=Syntax.SENDCLOUD, variables={"NAME": "J & Ö"})
    message = parse(compose(make_copy(letter), SIGNERS).wire)
    assert message["Subject"] == "Hello J & Ö"
    assert message["X-Tag"] == "J & Ö"
    assert message.get_content().strip() == "<p>Grüße, J &amp; Ö</p>"


def test_raw_mail_in_utf8_needs_smtputf8() -> None:
    assert compose(make_copy(raw_letter(RAW.replace(b"Hello", "Grüße".encode()))), SIGNERS).needs_smtputf8


def test_raw_mail_that_is_not_right_any_more_is_not_sent() -> None:
    with pytest.raises(CannotCompose, match="2 From fields"):
        compose(make_copy(raw_letter(b"From: x@victim.example\r\n" + RAW)), SIGNERS)


def test_octets_that_are_no_lines_never_go_out() -> None:
    with pytest.raises(CannotCompose, match="The composed mail has a LF that no CR precedes"):
        check_wire(b"a\n.\n")


# What copies share ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "letter", [make_letter(html="<p>x</p>"), raw_letter(), raw_letter(syntax="sendcloud", variables={"NAME": "x"})]
)
def test_equal_copies_are_composed_and_signed_once(letter: Letter) -> None:
    composer = Composer()
    first, second = (composer.compose(make_copy(letter, position=i, email=f"u{i}@example.net"), SIGNERS) for i in range(2))
    assert first is second


def test_copies_that_differ_share_nothing_that_differs() -> None:
    composer, letter = Composer(), make_letter(text="Hello %NAME%", syntax=Syntax.SENDCLOUD)
    wires = [composer.compose(make_copy(letter, variables={"NAME": name}), SIGNERS).wire for name in ("Jane", "Tom", "Jane")]
    assert [text_of(wire) for wire in wires] == ["Hello Jane", "Hello Tom", "Hello Jane"]


def test_letters_are_not_mixed_up() -> None:
    composer = Composer()
    letters = [make_letter(message_id=number, text=f"letter {number}") for number in range(3)]
    wires = [composer.compose(make_copy(letter), SIGNERS).wire for letter in letters]
    assert [text_of(wire) for wire in wires] == ["letter 0", "letter 1", "letter 2"]


def test_other_signers_sign_anew() -> None:
    composer, copy = Composer(), make_copy(make_letter())
    assert composer.compose(copy, SIGNERS[:1]).signed_by == "acme.example/gp2611r"
    assert composer.compose(copy, SIGNERS[1:]).signed_by == "acme.example/gp2611e"


def test_tracking_changes_each_copy_after_merging() -> None:
    composer = Composer(lambda copy: Extras(rewrite=lambda kind, text: text.replace("Jane", f"Jane#{copy.position}{kind}")))
    letter = make_letter(text="%NAME%", html="<p>%NAME%</p>", syntax=Syntax.SENDCLOUD, variables={"NAME": "Jane"})
    for position in range(2):
        message = parse(composer.compose(make_copy(letter, position=position), SIGNERS).wire)
        texts = [content.strip() for _, content in parts_of(message)]
        assert texts == [f"Jane#{position}plain", f"<p>Jane#{position}html</p>"]


def test_copies_are_signed_at_the_time_of_their_try(monkeypatch: pytest.MonkeyPatch) -> None:
    later = NOW.replace(year=2027)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert f"t={int(later.timestamp())};".encode() in composed().wire


def test_values_that_would_fill_a_header_without_end_stop_the_copy() -> None:
    with pytest.raises(CannotCompose, match="a subject or header with more than 50,000 characters"):
        composed(subject="[a]" * 100, syntax=Syntax.MAILUP, variables={"a": "x" * 1_000})


def test_the_fields_of_one_mail_have_so_much_time_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MAX_SECONDS", 0.0)
    with pytest.raises(CannotCompose, match="take more than 0 s to fill in"):
        composed(subject="{{ a }}", text="{{ a }}", syntax=Syntax.LIQUID, variables={"a": "x"})
    assert composed(subject="{{ a }}", text="Hello").wire  # what has no fields takes none of it
