"""mail/sendcalendar, from the call to what recipients get."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from gateway.api.sendcloud.codes import CODES
from gateway.models import Message
from tests.gateway.api.sendcloud.asking import Ask, ask_as, refusal_of
from tests.gateway.api.sendcloud.conftest import Send
from tests.gateway.api.sendcloud.wires import part_of, read_mails
from tests.support.cast import Tenant

PATH = "mail/sendcalendar"
MEETING: dict[str, Any] = {
    "startTime": "2030-01-31 09:00:00",
    "endTime": "2030-01-31 10:30:00",
    "title": "预算",
    "organizerName": "Joe, of Acme",
    "organizerEmail": "joe@acme.example",
    "location": "Room 1; upstairs",
}
REFUSED: list[tuple[int, dict[str, Any]]] = [
    (40832, {"startTime": None}),
    (40832, {"startTime": ""}),
    (40833, {"startTime": "tomorrow"}),
    (40833, {"startTime": "2030-02-30 09:00:00"}),
    (40833, {"startTime": "2030-01-31T09:00:00"}),
    (40834, {"endTime": None}),
    (40835, {"endTime": "2030-01-31 9:00"}),
    (40835, {"endTime": "2030-01-31 09:00:00"}),
    (40836, {"title": None}),
    (40837, {"title": "a\r\nb"}),
    (40837, {"title": "t" * 1001}),
    (40837, {"title": "a\u2028b"}),
    (40838, {"organizerName": ""}),
    (40839, {"organizerName": "a\nATTENDEE:mailto:x@y.example"}),
    (40840, {"organizerEmail": None}),
    (40841, {"organizerEmail": "nobody"}),
    (40842, {"location": None}),
    (40843, {"location": "a\x0bb"}),
    (40845, {"description": "a\x07b"}),
    (40846, {"participatorNames": ";"}),
    (40847, {"participatorNames": "a\nb", "participatorEmails": "a@b.example"}),
    (40848, {"participatorNames": "Ben", "participatorEmails": " ; "}),
    (40849, {"participatorNames": "Ben", "participatorEmails": "nobody"}),
    (40849, {"participatorNames": ";".join("n" * 101), "participatorEmails": ";".join(["a@b.example"] * 101)}),
    (40850, {"participatorNames": "Ben;Amy", "participatorEmails": "ben@b.example"}),
    (40850, {"participatorNames": "Ben"}),
    (40850, {"participatorEmails": "ben@b.example"}),
    (40876, {"isCancel": "perhaps"}),
    (40901, {"isUpdate": "perhaps"}),
    (40901, {"valarmTime": "-1"}),
    (40901, {"uid": "u" * 256}),
    (40870, {"html": None}),
    (40805, {"to": None}),
    (40808, {"subject": None}),
]


@pytest.fixture
def invite(send: Send) -> Send:
    """Call mail/sendcalendar with a small meeting."""

    def call(**parameters: Any) -> dict[str, Any]:
        return send(PATH, **MEETING | parameters)

    return call


def event_in(mail: EmailMessage) -> Any:
    (event,) = Calendar.from_ical(calendar_in(mail).get_payload(decode=True)).walk("VEVENT")
    return event


def calendar_in(mail: EmailMessage) -> EmailMessage:
    (found,) = (part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert isinstance(found, EmailMessage)
    return found


def test_it_works(invite: Send) -> None:
    answer = invite(
        participatorNames="Ben;艾米", participatorEmails="ben@b.example;amy@b.example", description="1\n2", valarmTime="15"
    )
    assert (answer["statusCode"], len(answer["info"]["emailIdList"])) == (200, 2)
    mails = read_mails()
    mail = mails["joe@ifaxin.example"]
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/html", "text/calendar"]
    assert part_of(mail, "html").strip() == "<p>Hello</p>"
    assert (calendar_in(mail).get_param("method"), calendar_in(mail).get_content_charset()) == ("REQUEST", "utf-8")
    event = event_in(mail)
    assert (event["SUMMARY"], event["LOCATION"], event["DESCRIPTION"]) == ("预算", "Room 1; upstairs", "1\n2")
    assert event["DTSTART"].to_ical() == b"20300131T010000Z"
    assert event["DTEND"].to_ical() == b"20300131T023000Z"
    assert event["ORGANIZER"].params["CN"] == "Joe, of Acme"
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:ben@b.example", "mailto:amy@b.example"]
    assert event["DTSTAMP"].dt.replace(microsecond=0) == Message.objects.get().accepted_at.replace(microsecond=0)
    assert [alarm["TRIGGER"].to_ical() for alarm in event.walk("VALARM")] == [b"-PT15M"]


@pytest.mark.parametrize(("code", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(invite: Send, code: int, parameters: dict[str, Any]) -> None:
    assert refusal_of(invite(**parameters)) == (code, CODES[code])
    assert not Message.objects.exists()


def test_a_name_that_spells_no_text_stays_as_it_is_written(invite: Send) -> None:
    """UTF-7 can spell one half of a pair of characters, which no mail can have."""
    name = "=?utf-7?q?+2AA-?="
    invite(to=f"{name} <ben@b.example>")
    assert str(event_in(read_mails()["ben@b.example"])["ATTENDEE"].params["CN"]) == name


def test_without_participants_all_whom_the_mail_shows_are_asked(invite: Send) -> None:
    invite(to="Ben <ben@b.example>", cc="amy@b.example", bcc="bea@b.example")
    event = event_in(read_mails()["bea@b.example"])
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:ben@b.example", "mailto:amy@b.example"]


def test_who_gets_a_mail_alone_sees_no_others(invite: Send) -> None:
    invite(xsmtpapi='{"to": ["ben@b.example", "amy@b.example"]}')
    mail = read_mails()["ben@b.example"]
    assert calendar_in(mail).get_param("method") == "PUBLISH"
    assert "amy" not in str(calendar_in(mail).get_payload(decode=True))


def test_a_change_and_a_cancellation_are_of_the_same_meeting(invite: Send) -> None:
    for number, extra in enumerate(({}, {"isUpdate": "true"}, {"isCancel": "True"})):
        invite(to=f"u{number}@b.example", uid="7@acme.example", **extra)
    events = [event_in(mail) for mail in read_mails().values()]
    assert [event["UID"] for event in events] == ["7@acme.example"] * 3
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert events[0]["SEQUENCE"] == 0 < events[1]["SEQUENCE"] <= events[2]["SEQUENCE"]


def test_a_meeting_without_a_uid_gets_one(invite: Send) -> None:
    invite()
    assert event_in(read_mails()["ben@ifaxin.example"])["UID"].endswith("@acme.example")


def test_a_meeting_is_asked_to_once(invite: Send) -> None:
    first = invite(sendRequestId="order-7", isUpdate="true")
    assert invite(sendRequestId="order-7", isUpdate="true") == first
    assert invite(sendRequestId="order-7")["statusCode"] == 40000


@pytest.mark.parametrize("way", ["form", "multipart", "json"])
def test_it_is_called_in_every_way(send: Send, acme: Tenant, way: str) -> None:
    mail = {"from": "news@acme.example", "to": "ben@b.example", "subject": "Hello", "plain": "Hello"}
    assert ask_as(acme)(PATH, way=way, **mail, **MEETING)["result"] is True


def test_json_may_have_arrays_and_numbers(send: Send, ask: Ask) -> None:
    mail = {"from": "news@acme.example", "to": ["ben@b.example"], "subject": "Hello", "plain": "Hello", "valarmTime": 5}
    people = {"participatorNames": ["Ben"], "participatorEmails": ["ben@b.example"], "isCancel": False}
    assert ask(PATH, way="json", **mail, **MEETING, **people)["result"] is True


def test_the_time_of_years_on_end_is_taken(invite: Send) -> None:
    assert invite(startTime="1970-01-01 00:00:00", endTime="9899-12-31 23:59:59")["result"] is True
    assert event_in(read_mails()["ben@ifaxin.example"])["DTSTART"].to_ical() == b"19691231T160000Z"
