"""Octeth's parameters to a Submission, and all that is wrong with them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import FieldsRefused
from gateway.api.octeth.parse.email import parse_email
from gateway.base.errors import Refused
from gateway.engine.submission import Addressee, Clicks, FilePart, Kind, Mailbox, Submission
from tests.gateway.api.mails import find_texts, make_full_octeth, make_octeth, put

KEY = Credential(account_id=3, owner_id="acme", account_status="enabled", requests_per_minute=None, key_id=5, domain_id=9)


def parse(call: dict[str, Any], **payload: Any) -> Submission:
    return parse_email(Payload(values=call, **payload), KEY)


def test_it_works() -> None:
    assert parse(make_full_octeth(), client="192.0.2.1", idempotency_key="k") == Submission(
        account_id=3,
        domain_id=9,
        door="octeth",
        sender=Mailbox(email="news@acme.example", name="Acme"),
        recipients=(
            Addressee(email="rita@example.com", name="Rita"),
            Addressee(email="carl@example.com", name="Carl", kind=Kind.CC),
            Addressee(email="bea@example.com", name="Bea", kind=Kind.BCC),
        ),
        subject="Hello",
        html="<p>Hello</p>",
        text="Hello",
        reply_to=(Mailbox(email="help@acme.example", name="Help"),),
        headers=(("X-Unique-Id", "order 7 "), ("X-Shop", "7")),
        unique_id="order 7",
        files=(
            FilePart(filename="a.txt", content_type="text/plain", content=b"example file"),
            FilePart(filename="logo", content_type="image/png", content=b"example file", content_id="logo"),
        ),
        track_opens=False,
        track_clicks=Clicks.BOTH,
        tags=("welcome",),
        send_at=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        refuse_suppressed=True,
        client="192.0.2.1",
        idempotency_key="k",
    )


def test_names_have_no_case() -> None:
    call = {name.upper(): value for name, value in make_octeth().items()}
    call["FROM"] = {"Email": "news@acme.example", "NAME": "Acme"}
    assert parse(call) == parse(make_octeth())
    assert parse(make_octeth(HtmlContent=None, HTMLContent="<p>Hello</p>")) == parse(make_octeth())


def test_to_may_be_one_object_and_from_an_array() -> None:
    call = make_octeth(To={"email": "rita@example.com", "name": "Rita"}, From=[{"email": "news@acme.example", "name": "Acme"}])
    assert parse(call) == parse(make_octeth())


def test_plain_mail_has_no_html() -> None:
    submission = parse(make_octeth(ContentType="plain", PlainContent="Hello"))
    assert (submission.html, submission.text) == ("", "Hello")


@pytest.mark.parametrize(
    ("disposition", "content_id"), [("", "logo"), (" Inline", "logo"), ("attachment", ""), ("attachment\n", ""), ("what", "")]
)
def test_a_file_is_inline_where_it_is_said_to_be(disposition: str, content_id: str) -> None:
    file = {"filename": "a.png", "content": "YQ==", "disposition": disposition, "contentid": "logo"}
    assert parse(make_octeth(Attachments=[file])).files[0].content_id == content_id


def test_a_name_may_be_empty() -> None:
    assert parse(make_octeth(To=[{"email": "rita@example.com", "name": ""}])).recipients[0].name == ""


@pytest.mark.parametrize(
    ("given_as", "when"),
    [
        (1893553445, datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("1893553445", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2030-01-02 03:04:05", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2030-01-02T04:04:05+01:00", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times(given_as: Any, when: datetime | None) -> None:
    assert parse(make_octeth(SendAt=given_as)).send_at == when


@pytest.mark.parametrize(
    "value", ["soon", "99999999999999999999", "1e5", True, [], "١٢٣", "NaN", "inf", "2030-13-01", "0001-01-01T00:00:00+23:59"]
)
def test_times_that_are_none(value: Any) -> None:
    with pytest.raises(FieldsRefused, match="SendAt must be"):
        parse(make_octeth(SendAt=value))


def codes_of(call: dict[str, Any]) -> list[int | None]:
    with pytest.raises(FieldsRefused) as refused:
        parse(call)
    return [fault.error for fault in refused.value.faults]


def test_everything_wrong_is_said_at_once_in_the_order_of_the_codes() -> None:
    assert codes_of({}) == [3, 8, 9, 20]
    assert codes_of({"ContentType": "both", "CC": [{}], "BCC": "x"}) == [3, 8, 10, 11, 20, 21, 24]


@pytest.mark.parametrize("tags", [["x"] * 51, ["x" * 251], [{}]])
def test_tags_have_bounds(tags: list[Any]) -> None:
    assert codes_of(make_octeth(Tags=tags)) == [None]


def test_one_tag_may_stand_alone() -> None:
    assert parse(make_octeth(Tags="welcome")).tags == ("welcome",)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
PATHS = [*find_texts(make_full_octeth()), *((name,) for name in make_full_octeth()), ("To", 0), ("CC", 0), ("Attachments", 0)]


@given(path=st.sampled_from(PATHS), value=ANYTHING)
def test_no_value_makes_it_stumble(path: tuple[str | int, ...], value: Any) -> None:
    try:
        submission = parse(put(make_full_octeth(), path, value))
    except Refused as refusal:
        submission, words = None, refusal.code
    assert submission is not None or words
