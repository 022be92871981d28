"""The rows that a batch of accepted drafts becomes, each in the order of its model's fields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.base.ids import make_inbound_id, make_public_id, milliseconds_of
from gateway.engine.checks import Draft
from gateway.engine.submission import Accepted, Addressee, Kind, Mailbox, Submission
from gateway.models import Recipient
from gateway.smtp.addresses import Address
from tracking import events, suppressions
from tracking.models import EventType

State = Recipient.State


class Rows:
    """Gathers the rows of a batch, table by table."""

    def __init__(self, suppressed: set[suppressions.Pair], now: datetime, recipient_ids: Iterable[int]) -> None:
        self.suppressed = suppressed
        self.now = now
        self.recipient_ids = iter(recipient_ids)
        self.messages: list[tuple[object, ...]] = []
        self.contents: list[tuple[object, ...]] = []
        self.files: list[tuple[object, ...]] = []
        self.recipients: list[tuple[object, ...]] = []
        self.facts: list[events.Fact] = []

    def add(self, draft: Draft, message_id: int) -> Accepted:
        """Add the rows of one draft and return what to answer for it."""
        asked = draft.submission
        public_id = make_public_id(self.now)
        self.messages.append(_message_row(draft, message_id, public_id, self.now))
        self.contents.append((message_id, asked.html, asked.text, asked.raw))
        for position, file in enumerate(asked.files):
            row = (message_id, position, file.filename, file.content_type, file.content_id, file.content)
            self.files.append(row)
        origin = _origin(draft, message_id, str(public_id))
        for position, (addressee, address) in enumerate(draft.recipients):
            self._add_recipient(origin, asked, position, addressee, address)
        return Accepted(
            message_id=message_id,
            public_id=str(public_id),
            inbound_id=make_inbound_id(message_id, milliseconds_of(self.now)),
            emails=tuple(address.text for _, address in draft.recipients),
        )

    def _add_recipient(
        self, origin: events.Origin, asked: Submission, position: int, addressee: Addressee, address: Address
    ) -> None:
        recipient_id = next(self.recipient_ids)
        is_suppressed = (asked.account_id, address.text.lower()) in self.suppressed
        state = _first_state(asked, is_suppressed=is_suppressed)
        self.recipients.append(
            (
                recipient_id,
                origin.message_id,
                asked.account_id,
                position,
                addressee.kind.value,
                address.text,
                addressee.name,
                address.domain,
                dict(addressee.variables) or None,
                state.value,
                int(asked.bulk),
                0,
                2 if is_suppressed else 1,
                asked.send_at if state is State.DEFERRED else None,
                None,
                None,
                self.now if is_suppressed else None,
                0,
            )
        )
        types = (EventType.ACCEPTED, EventType.SUPPRESSED) if is_suppressed else (EventType.ACCEPTED,)
        for sequence, type_ in enumerate(types, 1):
            fact = events.Fact(
                origin=origin,
                type=type_,
                at=self.now,
                recipient_id=recipient_id,
                position=position,
                sequence=sequence,
                recipient=address.text,
                recipient_domain=address.domain,
                address=asked.client,
            )
            self.facts.append(fact)


def _first_state(asked: Submission, *, is_suppressed: bool) -> State:
    if is_suppressed:
        return State.SUPPRESSED
    return State.DEFERRED if asked.send_at is not None else State.QUEUED


def _origin(draft: Draft, message_id: int, public_id: str) -> events.Origin:
    asked = draft.submission
    return events.Origin(
        account_id=asked.account_id,
        domain_id=draft.domain.id,
        smtp_user_id=asked.smtp_user_id,
        message_id=message_id,
        public_id=public_id,
        subject=draft.subject,
        sender=draft.sender.email,
        tags=asked.tags,
        campaign=asked.campaign,
        headers=asked.event_headers,
    )


def _message_row(draft: Draft, message_id: int, public_id: object, now: datetime) -> tuple[object, ...]:
    asked = draft.submission
    return (
        message_id,
        asked.account_id,
        asked.smtp_user_id,
        draft.domain.id,
        draft.template_version_id,
        public_id,
        asked.door,
        now,
        asked.send_at,
        draft.subject,
        draft.sender.email,
        draft.sender.name,
        list(asked.headers),
        _pairs_of(asked.reply_to),
        _options(draft),
        list(asked.tags),
        asked.campaign,
        draft.unique_id,
        asked.raw is not None,
        draft.size,
        draft.files_size,
        "\n".join(asked.notes),
        asked.client,
    )


def _options(draft: Draft) -> dict[str, object]:
    """Return what composing needs beyond the columns, without what is as usual; a switch that is off was asked for."""
    asked = draft.submission
    shown = {} if asked.one_by_one or asked.raw is not None else {kind: _shown(asked, kind) for kind in (Kind.TO, Kind.CC)}
    options: dict[str, object] = {
        "to": shown.get(Kind.TO),
        "cc": shown.get(Kind.CC),
        "one_by_one": asked.one_by_one or None,
        "syntax": asked.syntax.value,
        "variables": dict(asked.variables),
        "track_opens": asked.track_opens,
        "track_clicks": asked.track_clicks.value if asked.track_clicks is not None else None,
        "signing_domain_id": draft.signing.id if draft.signing != draft.domain else None,
        "unsubscribe_link": asked.unsubscribe_link,
        "unsubscribe_page_id": asked.unsubscribe_page_id,
        "event_headers": dict(asked.event_headers),
        "ehlo": asked.ehlo,
    }
    return {name: value for name, value in options.items() if value not in (None, "", {}, [])}


def _shown(asked: Submission, kind: Kind) -> list[list[str]]:
    """Return the mailboxes that the header of `kind` shows."""
    return _pairs_of(Mailbox(email=one.email, name=one.name) for one in asked.recipients if one.kind is kind)


def _pairs_of(mailboxes: Iterable[Mailbox]) -> list[list[str]]:
    return [[mailbox.email, mailbox.name] for mailbox in mailboxes]
