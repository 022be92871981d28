"""What happened to one recipient, in the order of time: tries to deliver, and the events that are more than a try's result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from gateway.console.words import tone_of
from gateway.models import Attempt
from tracking.models import Event, EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a story. `facts` are pairs of a label and a value; `attempt` is set where the line is a try."""

    at: datetime
    name: str
    tone: str
    code: str = ""
    reply: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    attempt: Attempt | None = None


def tell(tries: Iterable[Attempt], events: Iterable[Event]) -> tuple[Moment, ...]:
    """Return the moments of one recipient. An event that only repeats the result of a try is left out."""
    tries = tuple(tries)
    told = {(attempt.result, attempt.code, attempt.reply) for attempt in tries}
    moments = [_try(attempt) for attempt in tries]
    moments += [_event(event) for event in events if (event.type, event.code, event.reply) not in told]
    return tuple(sorted(moments, key=lambda moment: moment.at))


def _try(attempt: Attempt) -> Moment:
    facts = (
        (_("Host"), f"{attempt.host} [{attempt.address}]" if attempt.address else attempt.host),
        (_("From"), attempt.source),
        (_("TLS"), attempt.tls or (_("none") if attempt.host else "")),
        (_("Signed by"), attempt.signed_by),
        (_("Size"), filesizeformat(attempt.size) if attempt.size else ""),
        (_("Note"), _("It may have arrived although no reply was seen.") if attempt.is_ambiguous else ""),
    )
    return Moment(
        at=attempt.at,
        name=attempt.result,
        tone=tone_of(attempt.result),
        code=_code(attempt),
        reply=attempt.reply,
        facts=_given(facts),
        attempt=attempt,
    )


def _event(event: Event) -> Moment:
    facts = (
        (_("Link"), event.url),
        (_("Address"), event.address),
        (_("Program"), event.agent),
        (_("Host"), event.host),
        (_("Note"), _NOTES.get(event.type, "")),
    )
    return Moment(
        at=event.at,
        name=event.type,
        tone=tone_of(event.type),
        code=_code(event),
        reply=event.reply,
        facts=_given(facts),
    )


# Only what no try told is shown as an event: a bounce among these came back by mail.
_NOTES: Mapping[str, object] = {
    EventType.BOUNCED: _("The bounce came back by mail, after the delivery."),
    EventType.COMPLAINED: _("The recipient reported the message as spam."),
}


def _code(said: Attempt | Event) -> str:
    """Return the codes of a reply; the enhanced one only where the text does not begin with it."""
    enhanced = "" if said.reply.startswith(said.enhanced) else said.enhanced
    return " ".join(part for part in (str(said.code) if said.code else "", enhanced) if part)


def _given(facts: Iterable[tuple[object, object]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(label), str(value)) for label, value in facts if value)
