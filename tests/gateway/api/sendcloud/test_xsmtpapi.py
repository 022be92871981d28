"""SendCloud's X-SMTPAPI, each rule of seeds/002."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.overlay import MAX_LENGTH, Overlay
from gateway.api.sendcloud.errors import find_row
from gateway.api.sendcloud.xsmtpapi import MAX_EXPANDED, read_header, read_object, read_text
from gateway.base.errors import FieldInvalid, Refused
from gateway.engine.submission import Addressee, Clicks, Syntax

TO = ["ben@ifaxin.example", "joe@ifaxin.example"]


def read(**asked: Any) -> Overlay:
    return read_text(json.dumps(asked))


def values_of(overlay: Overlay) -> list[dict[str, str]]:
    return [dict(addressee.variables) for addressee in overlay.recipients]


def code_of(text: str) -> int:
    with pytest.raises(Refused) as caught:
        read_text(text)
    return find_row(caught.value)[1]


def test_it_works() -> None:
    overlay = read(to=TO, sub={"%name%": ["Ben", "Joe"], "%money%": [288, 497]})
    assert overlay.recipients == (
        Addressee(email=TO[0], variables={"name": "Ben", "money": "288"}),
        Addressee(email=TO[1], variables={"name": "Joe", "money": "497"}),
    )
    assert overlay.syntax is Syntax.SENDCLOUD


def test_pubsub_is_for_everybody_and_beats_sub() -> None:
    overlay = read(to=TO, sub={"%name%": ["Ben", "Joe"]}, pubsub={"%discount%": "8.5"})
    assert overlay.variables == {"discount": "8.5"}
    assert values_of(overlay) == [{}, {}]


def test_pubsub_works_without_to() -> None:
    overlay = read(pubsub={"%discount%": "8.5"})
    assert (overlay.recipients, overlay.variables) == ((), {"discount": "8.5"})


def test_numbers_keep_their_spelling() -> None:
    overlay = read_text('{"pubsub": {"%a%": 1989.0, "%b%": 8.50, "%c%": 12345678901234567890123, "%d%": 1e3, "%e%": true}}')
    assert list(overlay.variables.values()) == ["1989.0", "8.50", "12345678901234567890123", "1e3", "true"]


def test_nulls_are_absent() -> None:
    # What the official clients send.
    text = '{"to": ["a@b.example"], "sub": {"%n%": ["A"]}, "pubsub": null, "filters": null, "section": null, "settings": null}'
    assert values_of(read_text(text)) == [{"n": "A"}]
    assert read_text('{"pubsub": null}') == Overlay()


def test_names_are_bare() -> None:
    assert read(pubsub={"%a%": "1", "b": "2", "%": "3", "%%": "4"}).variables == {"a": "1", "b": "2", "%": "3", "%%": "4"}


def test_a_section_expands_inside_values_of_sub() -> None:
    overlay = read(
        to=TO,
        sub={"%name%": ["Ben", "Joe"], "%offer%": ["%gold%", "<p>%silver%</p> at 5%"]},
        section={"gold": "Gold for %name%, 100% sure", "silver": "Silver for %name% and %stranger%"},
    )
    assert [values["offer"] for values in values_of(overlay)] == [
        "Gold for Ben, 100% sure",
        "<p>Silver for Joe and %stranger%</p> at 5%",
    ]


def test_a_section_expands_nowhere_else() -> None:
    overlay = read(to=TO, pubsub={"%offer%": "%gold%"}, section={"gold": "Gold"})
    assert overlay.variables == {"offer": "%gold%"}


def test_what_a_recipient_is_called_is_never_expanded() -> None:
    overlay = read(to=TO, sub={"%name%": ["%pin%", "Joe"], "%pin%": ["1", "2"], "%x%": ["%s%", ""]}, section={"s": "%name%"})
    assert values_of(overlay)[0] == {"name": "%pin%", "pin": "1", "x": "%pin%"}


def test_sections_cannot_grow_without_measure() -> None:
    size = 300_000
    many = {"to": ["a@b.example"], "sub": {"%x%": ["%s%" * (size // 3)]}, "section": {"s": "y" * size}}
    assert code_of(json.dumps(many)) == 40817
    assert size * size > MAX_EXPANDED


@pytest.mark.parametrize("enable", ["1", 1, True, "true"])
def test_filters_switch_tracking_on(enable: object) -> None:
    overlay = read(filters={name: {"settings": {"enable": enable}} for name in ("open_tracking", "click_tracking")})
    assert (overlay.track_opens, overlay.track_clicks, overlay.unsubscribe_link) == (True, Clicks.HTML, None)


@pytest.mark.parametrize("enable", ["0", 0, False])
def test_filters_switch_tracking_off(enable: object) -> None:
    names = ("open_tracking", "click_tracking", "subscription_tracking")
    overlay = read(filters={name: {"settings": {"enable": enable}} for name in names})
    assert (overlay.track_opens, overlay.track_clicks, overlay.unsubscribe_link) == (False, Clicks.NONE, False)


@pytest.mark.parametrize(("page_id", "number"), [(562, 562), ([562], 562), ("562", 562), ([], None), (None, None)])
def test_page_id_is_a_number_or_a_list_of_one(page_id: object, number: int | None) -> None:
    assert read(settings={"unsubscribe": {"page_id": page_id}}).unsubscribe_page_id == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 40813),
        ("nothing", 40813),
        ("[]", 40813),
        ('"text"', 40813),
        ('{"to": ["a@b.example"]', 40813),
        ('{"a": NaN}', 40813),
        ('{"a": "\\ud800"}', 40813),
        ('{"a": "\\u0000"}', 40813),
        ('{"a":' * 100 + "1" + "}" * 100, 40813),
        ("[" * 100_000, 40813),
        (" " * MAX_LENGTH + "{}", 40813),
        ("{}", 40814),
        ("null", 40814),
        ('{"sub": {"%a%": ["1"]}}', 40815),
        ('{"to": []}', 40816),
        ('{"to": "a@b.example"}', 40817),
        ('{"to": ["a@b.example"], "sub": {"%a%": ["1", "2"]}}', 40817),
        ('{"to": ["a@b.example"], "sub": {"%a%": []}}', 40817),
        ('{"to": ["a@b.example"], "sub": {"%a%": "1"}}', 40817),
        ('{"to": ["a@b.example"], "sub": {"%a%": [["1"]]}}', 40817),
        ('{"to": ["a@b.example"], "sub": ["1"]}', 40817),
        ('{"pubsub": "1"}', 40817),
        ('{"pubsub": {"%a%": {}}}', 40817),
        ('{"to": ["a@b.example"], "section": []}', 40817),
        ('{"filters": {"open_tracking": 1}}', 40817),
        ('{"filters": {"open_tracking": {"settings": {"enable": "perhaps"}}}}', 40817),
        ('{"settings": {"unsubscribe": {"page_id": "first"}}}', 40817),
        ('{"settings": {"unsubscribe": {"page_id": 0}}}', 40817),
        ('{"settings": {"unsubscribe": {"page_id": 99999999999999999999}}}', 40817),
        (json.dumps({"to": ["a@b.example"] * 101}), 40827),
        ('{"to": ["nobody"]}', 40880),
        ('{"to": ["a@b.example", null]}', 40880),
        ('{"to": ["a@b.example>\\r\\nRCPT TO:<c@d.example"]}', 40880),
    ],
)
def test_what_is_wrong_has_its_code(text: str, code: int) -> None:
    assert code_of(text) == code


def test_a_hundred_recipients_are_allowed() -> None:
    assert len(read(to=[f"u{number}@b.example" for number in range(100)]).recipients) == 100


def test_the_last_of_two_equal_names_wins() -> None:
    assert read_text('{"pubsub": {"%a%": "1", "%a%": "2"}}').variables == {"a": "2"}


def test_a_decoded_object_is_taken_too() -> None:
    assert read_object({"pubsub": {"%price%": 1989.0}}).variables == {"price": "1989.0"}


def keyed(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    names = (
        "to",
        "sub",
        "pubsub",
        "section",
        "filters",
        "settings",
        "unsubscribe",
        "page_id",
        "%a%",
        "open_tracking",
        "enable",
    )
    return st.dictionaries(st.sampled_from(names), inner, max_size=4)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | keyed(inner)))
def test_any_json_is_read_or_refused(value: object) -> None:
    refusal = refusal_of(json.dumps(value))
    assert refusal is None or 40813 <= find_row(refusal)[1] <= 40880


def refusal_of(text: str) -> Refused | None:
    try:
        read_text(text)
    except Refused as refusal:
        return refusal
    return None


# In a header -------------------------------------------------------------------------------------------------------------


def in_header(asked: object) -> bytes:
    return base64.b64encode(json.dumps(asked).encode())


def test_a_header_is_base64_of_the_object() -> None:
    asked = {"to": TO, "pubsub": {"%name%": "爱发信"}}
    assert read_header(in_header(asked)) == read_object(asked)


def test_a_header_may_be_folded() -> None:
    value = in_header({"to": TO})
    folded = b"\r\n ".join(value[place : place + 40] for place in range(0, len(value), 40))
    assert read_header(b" " + folded + b"\r\n") == read(to=TO)


def test_a_header_may_be_what_pythons_mail_library_makes_of_it() -> None:
    mail = EmailMessage()
    mail["X-SMTPAPI"] = in_header({"to": TO, "sub": {"%name%": ["Ben", "Joe"]}}).decode()
    header = mail.as_bytes().partition(b"X-SMTPAPI:")[2].partition(b"\n\n")[0]
    assert b"=?utf-8?" in header
    overlay = read_header(header)
    assert overlay is not None
    assert values_of(overlay) == [{"name": "Ben"}, {"name": "Joe"}]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b'{"to": ["a@b.example"]}',
        b'{"CampaignCode": "1"}',
        b"not base64!",
        b"bm90IGpzb24=",
        base64.b64encode(b"[1]"),
        base64.b64encode(b"\xff{"),
    ],
)
def test_a_header_that_is_not_ours_is_left_to_others(value: bytes) -> None:
    assert read_header(value) is None


@pytest.mark.parametrize("asked", [{}, {"to": []}, {"to": ["nobody"]}, {"sub": {"%a%": ["1"]}}, {"to": TO * 51}])
def test_a_header_that_is_ours_and_wrong_is_refused(asked: object) -> None:
    with pytest.raises(FieldInvalid) as caught:
        read_header(in_header(asked))
    assert caught.value.field == "xsmtpapi"


def test_a_header_of_broken_json_is_ours_and_wrong() -> None:
    with pytest.raises(FieldInvalid):
        read_header(base64.b64encode(b'{"to": '))


# Whatever comes ----------------------------------------------------------------------------------------------------------

VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.integers() | st.booleans() | st.none()
NAMES = st.text(st.characters(exclude_characters="%\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def spell(value: object) -> str:
    """Return a value as the vendor's mail has it."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


@given(st.integers(1, 100), st.dictionaries(NAMES, VALUES, max_size=5), st.booleans(), st.data())
def test_what_is_asked_comes_out_whichever_way_it_came_in(
    count: int, shared: dict[str, object], marks: bool, data: st.DataObject
) -> None:
    to = [f"u{number}@b.example" for number in range(count)]
    own = data.draw(st.dictionaries(NAMES, st.lists(VALUES, min_size=count, max_size=count), max_size=3))
    columns = {f"%{name}%" if marks else name: column for name, column in own.items()}
    asked = {"to": to, "sub": columns, "pubsub": {f"%{name}%": value for name, value in shared.items()}}
    overlay = read_object(asked)
    assert overlay == read_text(json.dumps(asked)) == read_text(json.dumps(asked, ensure_ascii=False))
    assert overlay == read_header(in_header(asked))
    assert [addressee.email for addressee in overlay.recipients] == to
    assert overlay.variables == {name: spell(value) for name, value in shared.items()}
    rows = [{} if shared else {name: spell(column[place]) for name, column in own.items()} for place in range(count)]
    assert values_of(overlay) == rows


@given(st.binary() | st.binary().map(base64.b64encode) | st.text().map(lambda text: base64.b64encode(f"{{{text}".encode())))
def test_any_header_is_read_refused_or_left_to_others(value: bytes) -> None:
    assert isinstance(outcome_of(value), Overlay | None) or outcome_of(value) == "xsmtpapi"


def outcome_of(value: bytes) -> Overlay | str | None:
    """Return what a header asks for, or the field of its refusal."""
    try:
        return read_header(value)
    except FieldInvalid as refusal:
        return refusal.field


@given(st.dictionaries(st.sampled_from(["a", "b", "s"]), st.text("%absx ", max_size=12), max_size=3), st.data())
def test_sections_are_put_in_once_and_no_more(sections: dict[str, str], data: st.DataObject) -> None:
    own = data.draw(st.dictionaries(st.sampled_from(["a", "b"]), st.text("%absx ", max_size=12), max_size=2))
    overlay = read(to=TO[:1], sub={name: [value] for name, value in own.items()}, section=sections)
    expected = {name: fill(value, {key: fill(text, own) for key, text in sections.items()}) for name, value in own.items()}
    assert values_of(overlay) == [expected]


def fill(text: str, values: dict[str, str]) -> str:
    """Put values in for %name%, from the left, looking at each character once: the rule in its plainest words."""
    made, place = "", 0
    while place < len(text):
        end = text.find("%", place + 1) if text[place] == "%" else -1
        name = text[place + 1 : end] if end > 0 else None
        if name in values:
            made, place = made + values[name], end + 1
        else:
            made, place = made + text[place], place + 1
    return made
