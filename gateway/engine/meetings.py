"""Meetings as iCalendar (RFC 5545, 5546) in the mail that asks people to them (RFC 6047).

A calendar is stored as a file that has no name and whose type names a method; it goes out beside the text and the HTML, as
another form of the same. When it was made, and which version of its meeting it is, are written into it as it goes out: a call
that comes again is the same call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

import icalendar
from icalendar import Alarm, Calendar, vCalAddress

from gateway.engine.submission import FilePart, Mailbox

PRODUCT: Final = "-//Gatepost//Gatepost//EN"

_IS_CALENDAR = re.compile(r"text/calendar *;.*\bmethod=", re.IGNORECASE)
_VERSIONS_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
_BEGIN: Final = b"BEGIN:VEVENT\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting. `uid` is the same in all mail about it; a change or a cancellation is a later version of it."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    title: str
    location: str
    organizer: Mailbox
    participants: Sequence[Mailbox] = ()
    description: str = ""
    is_changed: bool = False
    is_cancelled: bool = False
    alarm_minutes: int | None = None  # before it starts

    @property
    def method(self) -> str:
        """CANCEL or REQUEST, or PUBLISH where nobody is asked by name: a request has attendees (RFC 5546 3.2.2)."""
        return "CANCEL" if self.is_cancelled else "REQUEST" if self.participants else "PUBLISH"


def write_meeting(meeting: Meeting) -> FilePart:
    """Return a meeting as a file of a submission."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", meeting.method)
    calendar.add_component(_event(meeting))
    return FilePart(
        filename="",
        content_type=f"text/calendar; method={meeting.method}; charset=UTF-8",
        content=calendar.to_ical(),
    )


def is_calendar(file: FilePart) -> bool:
    """Tell whether a file is a calendar that goes beside the text, not after it."""
    return not file.filename and _IS_CALENDAR.match(file.content_type) is not None


def stamp(file: FilePart, at: datetime) -> FilePart:
    """Return a calendar of ours with the time that it was made, and the number of its version unless that is the first.

    Every other file, and a calendar that has its time, comes back as it is.
    """
    if not is_calendar(file) or b"\r\nDTSTAMP" in file.content:
        return file
    lines = [f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n"]
    if b"\r\nSEQUENCE" not in file.content:
        lines.append(f"SEQUENCE:{(at - _VERSIONS_SINCE) // timedelta(seconds=1)}\r\n")
    return replace(file, content=file.content.replace(_BEGIN, _BEGIN + "".join(lines).encode(), 1))


def _event(meeting: Meeting) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", meeting.uid)
    event.add("dtstart", meeting.starts_at.astimezone(UTC))
    event.add("dtend", meeting.ends_at.astimezone(UTC))
    event.add("summary", meeting.title)
    event.add("location", meeting.location)
    if meeting.description:
        event.add("description", "\n".join(meeting.description.splitlines()))
    event.add("organizer", _person(meeting.organizer))
    for participant in meeting.participants:
        event.add("attendee", _person(participant, role="REQ-PARTICIPANT", partstat="NEEDS-ACTION", rsvp="TRUE"))
    event.add("status", "CANCELLED" if meeting.is_cancelled else "CONFIRMED")
    if not meeting.is_changed and not meeting.is_cancelled:
        event.add("sequence", 0)
    if meeting.alarm_minutes is not None and not meeting.is_cancelled:
        event.add_component(_alarm(meeting.alarm_minutes, meeting.title))
    return event


def _person(mailbox: Mailbox, **parameters: str) -> vCalAddress:
    """Return who it is: a mailto URI (RFC 6068 2), with the name as a parameter."""
    person = vCalAddress("mailto:" + quote(mailbox.email, safe="@!$'*+"))
    person.params.update({name.upper(): value for name, value in parameters.items()})
    if mailbox.name:
        person.params["CN"] = mailbox.name
    return person


def _alarm(minutes: int, words: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", words)
    alarm.add("trigger", timedelta(minutes=-minutes))
    return alarm
