"""SendClean's parameters, each as the vendor documents it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import FieldsRefused
from gateway.api.sendclean.parse.messages import parse_mail
from gateway.base.errors import Refused
from gateway.engine.submission import Addressee, Clicks, FilePart, Kind, Mailbox, Submission
from tests.gateway.api.mails import find_texts, make_full_sendclean, make_sendclean, put

USER = Credential(
    account_id=3, owner_id="acme", account_status="enabled", requests_per_minute=None, smtp_user_id=5, domain_id=9
)


def parse(call: dict[str, Any], **payload: Any) -> Submission:
    return parse_mail(Payload(values=call, **payload), USER)


def parse_headers(**headers: Any) -> Submission:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse(make_sendclean(headers=names))


def test_it_works() -> None:
    assert parse(make_full_sendclean(), client="192.0.2.1", idempotency_key="k") == Submission(
        account_id=3,
        smtp_user_id=5,
        domain_id=9,
        door="sendclean",
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
        track_opens=True,
        track_clicks=Clicks.HTML,
        client="192.0.2.1",
        idempotency_key="k",
    )


def test_names_and_subject_may_be_left_out() -> None:
    submission = parse(make_sendclean(subject=None, from_name=None, to=[{"email": "rita@example.com", "name": None}]))
    assert (submission.subject, submission.sender) == ("", Mailbox(email="news@acme.example"))
    assert submission.recipients == (Addressee(email="rita@example.com"),)
    assert (submission.track_opens, submission.track_clicks) == (None, None)


@pytest.mark.parametrize(
    ("headers", "opens", "clicks"),
    [
        ({"X_STes_TrackOpen": "yes"}, True, None),
        ({"x_stes_trackopen": "NO"}, False, None),
        ({"X_STes_TrackClick": "text"}, None, Clicks.TEXT),
        ({"X_STES_TRACKCLICK": "Both"}, None, Clicks.BOTH),
        ({"X_STes_TrackClick": "no"}, None, Clicks.NONE),
    ],
)
def test_switches_are_acted_on_and_removed(headers: dict[str, str], opens: bool | None, clicks: Clicks | None) -> None:
    submission = parse_headers(**headers)
    assert (submission.track_opens, submission.track_clicks, submission.headers) == (opens, clicks, ())


def test_autotext_makes_the_text() -> None:
    assert parse_headers(X_STes_Autotext="yes").text == "Hello"
    assert parse_headers(X_STes_Autotext="no").text == ""
    assert parse(make_sendclean(text="My own", headers={"X-STes-Autotext": "yes"})).text == "My own"


def test_autohtml_makes_the_html() -> None:
    submission = parse(make_sendclean(html=None, text="1 < 2", headers={"X-STes-AutoHtml": "yes"}))
    assert "1 &lt; 2" in submission.html
    assert submission.text == "1 < 2"


def test_a_signing_domain_is_asked_for() -> None:
    submission = parse_headers(X_STes_SigningDomain="Mail.Acme.example")
    assert (submission.signing_domain, submission.headers, submission.notes) == ("mail.acme.example", (), ())


def test_hosts_of_links_and_of_return_paths_are_asked_for() -> None:
    submission = parse_headers(X_STes_ReturnPathDomain="R.acme.example", X_STes_TrackingDomain="t.acme.example")
    assert (submission.return_domain, submission.tracking_domain) == ("r.acme.example", "t.acme.example")
    assert (submission.headers, submission.notes) == ((), ())


def test_reply_to_may_have_many_mailboxes() -> None:
    submission = parse_headers(reply_to='"Help, us" <help@acme.example>, sales@acme.example')
    assert [(mailbox.name, mailbox.email) for mailbox in submission.reply_to] == [
        ("Help, us", "help@acme.example"),
        ("", "sales@acme.example"),
    ]


def test_a_header_may_be_a_number_or_many() -> None:
    assert parse_headers(X_Order=7, X_Tag=["a", "b"], X_None=None).headers == (
        ("X-Order", "7"),
        ("X-Tag", "a"),
        ("X-Tag", "b"),
    )


def test_a_file_without_a_type_gets_one_from_its_name() -> None:
    submission = parse(make_sendclean(attachments=[{"name": "a.pdf", "content": ""}, {"name": "b", "content": ""}]))
    assert [file.content_type for file in submission.files] == ["application/pdf", "application/octet-stream"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"from_email": None}, "message.from_email is required."),
        ({"from_email": ""}, "message.from_email is required."),
        ({"to": None}, "message.to is required."),
        ({"to": "rita@example.com"}, "message.to must be an array of objects."),
        ({"to": ["rita@example.com"]}, "message.to must be an array of objects."),
        ({"to": [{"name": "Rita"}]}, "message.to[0].email is required."),
        (
            {"to": [{"email": "a@b.example"}, {"email": "c@d.example", "type": "to;bcc"}]},
            "message.to[1].type must be to, cc or bcc.",
        ),
        ({"html": ["x"]}, "message.html must be text."),
        ({"subject": {}}, "message.subject must be text."),
        ({"headers": ["x"]}, "message.headers must be an object."),
        ({"headers": {"X-A": {}}}, "message.headers must have text as values."),
        ({"headers": {"X-STes-TrackOpen": "maybe"}}, "headers.x-stes-trackopen must be true or false."),
        ({"headers": {"X-STes-TrackClick": "all"}}, "headers.x-stes-trackclick must be html, text, both or no."),
        ({"headers": {"X-STes-TrackingDomain": "a b"}}, "headers.x-stes-trackingdomain must be a domain name."),
        ({"attachments": [{"name": "a", "content": "not base64!"}]}, "message.attachments[0].content is not valid base64."),
        ({"attachments": [{"name": "a"}]}, "message.attachments[0].content is required."),
        ({"attachments": [{"content": "aGk="}]}, "message.attachments[0].name is required."),
        ({"attachments": {"a": 1}}, "message.attachments[0].name is required."),
        (
            {"images": [{"type": "text/png", "name": "a", "content": "aGk="}]},
            'message.images[0].type must begin with "image/".',
        ),
        ({"images": [{"name": "a", "content": "aGk="}]}, "message.images[0].type is required."),
    ],
)
def test_what_is_wrong_is_named(message: dict[str, Any], words: str) -> None:
    with pytest.raises(FieldsRefused) as refused:
        parse(make_sendclean(**message))
    assert refused.value.message == words


@pytest.mark.parametrize("message", [None, "x", [], 7, True])
def test_the_message_is_an_object(message: Any) -> None:
    with pytest.raises(FieldsRefused, match="message"):
        parse({"message": message})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
PATHS = [*find_texts(make_full_sendclean()), ("message",), *(("message", name) for name in make_full_sendclean()["message"])]


@given(path=st.sampled_from(PATHS), value=ANYTHING)
def test_no_value_makes_it_stumble(path: tuple[str | int, ...], value: Any) -> None:
    try:
        submission = parse(put(make_full_sendclean(), path, value))
    except Refused as refusal:
        submission, words = None, refusal.message
    assert submission is not None or words
