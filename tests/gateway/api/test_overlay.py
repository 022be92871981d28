"""What an X-SMTPAPI asks for, laid over a submission."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.api.overlay import MAX_LENGTH, Overlay, apply, is_control, unfold
from gateway.base.errors import FieldInvalid
from gateway.engine.submission import Addressee, Clicks, Mailbox, Submission, Syntax

SUBMISSION = Submission(
    account_id=1,
    door="smtp",
    sender=Mailbox(email="news@acme.example"),
    recipients=(Addressee(email="a@b.example"),),
    tags=("spring",),
    campaign="own",
    track_opens=True,
    variables={"town": "Rome"},
)


def test_it_works() -> None:
    overlay = Overlay(
        recipients=(Addressee(email="c@d.example", variables={"name": "Joe"}),),
        syntax=Syntax.SENDCLOUD,
        variables={"name": "you"},
        track_opens=False,
        track_clicks=Clicks.HTML,
        unsubscribe_link=False,
        unsubscribe_page_id=562,
        tags=("spring", "sale"),
        campaign="asked",
        bulk=True,
        send_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    laid = apply(SUBMISSION, overlay)
    assert laid.recipients == overlay.recipients
    assert laid.one_by_one
    assert laid.syntax is Syntax.SENDCLOUD
    assert laid.variables == {"town": "Rome", "name": "you"}
    assert laid.track_opens is False
    assert laid.track_clicks is Clicks.HTML
    assert (laid.unsubscribe_link, laid.unsubscribe_page_id) == (False, 562)
    assert laid.tags == ("spring", "sale")
    assert laid.campaign == "asked"
    assert laid.bulk
    assert laid.send_at == overlay.send_at


def test_an_empty_one_changes_nothing() -> None:
    assert apply(SUBMISSION, Overlay()) == SUBMISSION


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b'{"a":\r\n "b"}', '{"a": "b"}'),
        (b'{"a":\n\t"b"}', '{"a":\t"b"}'),
        (b"  abc \r\n", "abc"),
        (b"=?utf-8?q?eyJhIjo=3D?=\r\n =?utf-8?q?_x?=", "eyJhIjo= x"),
        ('{"a": "é"}'.encode(), '{"a": "é"}'),
    ],
)
def test_a_header_is_unfolded(value: bytes, text: str) -> None:
    assert unfold(value) == text


@pytest.mark.parametrize(
    "value", [b"\xff", b"=?no-such?b?YQ==?=", b"=?utf-8?b?/w==?=", b"=?utf-8?b?a?=", b"a" * (MAX_LENGTH + 1)]
)
def test_what_cannot_be_read_is_refused(value: bytes) -> None:
    with pytest.raises(FieldInvalid, match="X-SMTPAPI") as caught:
        unfold(value)
    assert caught.value.field == "xsmtpapi"


@pytest.mark.parametrize(("name", "is_ours"), [("X-SMTPAPI", True), ("x-stes-TrackOpen", True), ("X-Unique-Id", False)])
def test_control_headers_are_known(name: str, is_ours: bool) -> None:
    assert is_control(name) is is_ours
