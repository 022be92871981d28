"""Meetings, from what is asked to what stands in the mail, as another library's reader sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from icalendar import Calendar

from gateway.engine.meetings import Meeting, is_calendar, stamp, write_meeting
from gateway.engine.mime import build_body, build_file
from gateway.engine.submission import FilePart, Mailbox

CHINA = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
MEETING: dict[str, Any] = {
    "uid": "7@acme.example",
    "starts_at": datetime(2030, 1, 31, 9, 0, tzinfo=CHINA),
    "ends_at": datetime(2030, 1, 31, 10, 30, tzinfo=CHINA),
    "title": '预算, \\n; and "more"',
    "location": "Room 1; second floor, " + "三" * 40,
    "description": "One\r\nEND:VEVENT\rTwo\u2028three",
    "organizer": Mailbox(email="joe@acme.example", name='Joe "J", of: Acme'),
    "participants": [Mailbox(email="ben%x@b.example", name="Ben"), Mailbox(email="amy@b.example", name="艾米")],
    "alarm_minutes": 15,
}


def event_in(file: FilePart) -> Any:
    calendar = Calendar.from_ical(file.content)
    (event,) = calendar.walk("VEVENT")
    return event


def test_it_works() -> None:
    file = stamp(write_meeting(Meeting(**MEETING)), AT)
    event = event_in(file)
    assert file.content_type == "text/calendar; method=REQUEST; charset=UTF-8"
    assert Calendar.from_ical(file.content)["METHOD"] == "REQUEST"
    assert event.decoded("DTSTART") == MEETING["starts_at"]
    assert event.decoded("DTEND") == MEETING["ends_at"]
    assert b"DTSTART:20300131T010000Z\r\n" in file.content
    assert b"DTSTAMP:20261122T030405Z\r\n" in file.content
    assert (event["UID"], event["SUMMARY"], event["LOCATION"]) == ("7@acme.example", MEETING["title"], MEETING["location"])
    assert event["DESCRIPTION"] == "One\nEND:VEVENT\nTwo\nthree"
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")


def test_people_have_their_names_and_addresses() -> None:
    event = event_in(write_meeting(Meeting(**MEETING)))
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:joe@acme.example", 'Joe "J", of: Acme')
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:ben%25x@b.example", "mailto:amy@b.example"]
    assert [one.params["CN"] for one in event["ATTENDEE"]] == ["Ben", "艾米"]
    assert {one.params["RSVP"] for one in event["ATTENDEE"]} == {"TRUE"}


def test_an_alarm_rings_before() -> None:
    (alarm,) = event_in(write_meeting(Meeting(**MEETING))).walk("VALARM")
    assert alarm.decoded("TRIGGER") == timedelta(minutes=-15)
    assert not event_in(write_meeting(Meeting(**MEETING | {"alarm_minutes": None}))).walk("VALARM")


@pytest.mark.parametrize(
    ("changes", "method", "status"),
    [
        ({"is_changed": True}, "REQUEST", "CONFIRMED"),
        ({"is_cancelled": True}, "CANCEL", "CANCELLED"),
        ({"is_cancelled": True, "participants": ()}, "CANCEL", "CANCELLED"),
    ],
)
def test_what_comes_later_is_a_later_version(changes: dict[str, Any], method: str, status: str) -> None:
    file = write_meeting(Meeting(**MEETING | changes))
    first, second = stamp(file, AT), stamp(file, AT + timedelta(seconds=1))
    assert f"method={method};" in file.content_type
    assert event_in(first)["STATUS"] == status
    assert 0 < event_in(first)["SEQUENCE"] < event_in(second)["SEQUENCE"] < 2**31


def test_who_asks_nobody_publishes() -> None:
    file = write_meeting(Meeting(**MEETING | {"participants": ()}))
    assert "method=PUBLISH;" in file.content_type
    assert "ATTENDEE" not in event_in(file)


def test_lines_are_folded_and_end_with_crlf() -> None:
    content = stamp(write_meeting(Meeting(**MEETING)), AT).content
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 75  # RFC 5545 3.1
    assert content.count(b"\r\nEND:VEVENT\r\n") == 1


def test_the_same_meeting_is_the_same_file() -> None:
    assert write_meeting(Meeting(**MEETING)) == write_meeting(Meeting(**MEETING))


def read_body(**content: Any) -> EmailMessage:
    body = build_body(seed="s", **{"text": "Hello", "html": "<p>Hello</p>", **content})
    found = BytesParser(policy=policy.default).parsebytes(body.head + b"\r\n" + body.body)
    assert isinstance(found, EmailMessage)
    return found


def test_a_calendar_stands_beside_the_text() -> None:
    files = [write_meeting(Meeting(**MEETING)), FilePart(filename="a.txt", content_type="text/plain", content=b"a")]
    mail = read_body(files=[build_file(file) for file in files])
    assert mail.get_content_type() == "multipart/mixed"
    beside, attached = mail.iter_parts()
    assert [part.get_content_type() for part in beside.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    calendar = list(beside.iter_parts())[2]
    assert (calendar.get_param("method"), calendar.get_content_charset(), calendar.get_filename()) == ("REQUEST", "utf-8", None)
    assert calendar.get_payload(decode=True) == files[0].content
    assert attached.get_filename() == "a.txt"


@pytest.mark.parametrize("texts", [{"html": ""}, {"text": ""}])
def test_one_text_and_a_calendar_are_alternatives(texts: dict[str, str]) -> None:
    mail = read_body(files=[build_file(write_meeting(Meeting(**MEETING)))], **texts)
    assert mail.get_content_type() == "multipart/alternative"
    assert len(list(mail.iter_parts())) == 2


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [("a.ics", "text/calendar; method=REQUEST"), ("", "text/calendar"), ("", "application/ics; method=REQUEST")],
)
def test_other_calendars_are_attached_as_they_are(filename: str, content_type: str) -> None:
    file = FilePart(filename=filename, content_type=content_type, content=b"BEGIN:VEVENT\r\n")
    assert not is_calendar(file)
    assert stamp(file, AT) is file
    assert b"Content-Disposition: attachment" in build_file(file).head


def test_a_calendar_that_has_its_time_stays() -> None:
    file = stamp(write_meeting(Meeting(**MEETING)), AT)
    assert stamp(file, AT + timedelta(days=1)) is file
