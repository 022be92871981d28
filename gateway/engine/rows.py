"""The rows that a batch of accepted drafts becomes, each in the order of its model's fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.base import bulk
from gateway.base.ids import make_inbound_id, make_public_id, milliseconds_of
from gateway.engine.checks import Draft
from gateway.engine.submission import Accepted, Addressee, Kind, Mailbox, Submission
from gateway.models import ListTask, Recipient
from gateway.smtp.addresses import Address
from templates_app.lists import ListFacts
from tracking import events, suppressions
from tracking.models import EventType

State = Recipient.State


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """A recipient that is about to be stored; with `due_at`, it waits until then."""

    id: int
    position: int
    email: str  # in its normal form
    domain: str
    kind: str = Kind.TO.value
    name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    is_bulk: bool = False
    due_at: datetime | None = None
    client: str = ""


class RecipientRows:
    """Gathers the rows of recipients, and the events that each begins with."""

    def __init__(self, suppressed: Collection[suppressions.Pair], now: datetime) -> None:
        self.suppressed = suppressed
        self.now = now
        self.rows: list[tuple[object, ...]] = []
        self.facts: list[events.Fact] = []
        self.stopped = 0  # of them, those that are suppressed

    def add(self, origin: events.Origin, one: NewRecipient) -> None:
        """Add a recipient of the message that `origin` tells of."""
        is_suppressed = (origin.account_id, one.email.lower()) in self.suppressed
        self.stopped += is_suppressed
        state = _first_state(one, is_suppressed=is_suppressed)
        self.rows.append(
            (
                one.id,
                origin.message_id,
                origin.account_id,
                one.position,
                one.kind,
                one.email,
                one.name,
                one.domain,
                dict(one.variables) or None,
                state.value,
                int(one.is_bulk),
                0,
                2 if is_suppressed else 1,
                one.due_at if state is State.DEFERRED else None,
                None,
                None,
                self.now if is_suppressed else None,
                0,
            )
        )
        types = (EventType.ACCEPTED, EventType.SUPPRESSED) if is_suppressed else (EventType.ACCEPTED,)
        self.facts += [self._fact(origin, one, type_, sequence) for sequence, type_ in enumerate(types, 1)]

    def store(self, cursor: bulk.Cursor) -> None:
        """Write what was gathered, in the transaction that `cursor` is in."""
        bulk.insert(cursor, bulk.table_of(Recipient), self.rows)
        events.record(cursor, self.facts)

    def _fact(self, origin: events.Origin, one: NewRecipient, type_: EventType, sequence: int) -> events.Fact:
        return events.Fact(
            origin=origin,
            type=type_,
            at=self.now,
            recipient_id=one.id,
            position=one.position,
            sequence=sequence,
            recipient=one.email,
            recipient_domain=one.domain,
            address=one.client,
        )


class Rows:
    """Gathers the rows of a batch, table by table."""

    def __init__(self, suppressed: set[suppressions.Pair], now: datetime, recipient_ids: Iterable[int]) -> None:
        self.now = now
        self.recipient_ids = iter(recipient_ids)
        self.messages: list[tuple[object, ...]] = []
        self.contents: list[tuple[object, ...]] = []
        self.files: list[tuple[object, ...]] = []
        self.recipients = RecipientRows(suppressed, now)
        self.tasks: list[ListTask] = []

    def add(self, draft: Draft, message_id: int) -> Accepted:
        """Add the rows of one draft and return what to answer for it; keys of list tasks are given when they are stored."""
        asked = draft.submission
        public_id = make_public_id(self.now)
        shown_id = str(public_id)
        self.messages.append(_message_row(draft, message_id, public_id, self.now))
        self.contents.append((message_id, asked.html, asked.text, asked.raw))
        for position, file in enumerate(asked.files):
            row = (message_id, position, file.filename, file.content_type, file.content_id, file.content)
            self.files.append(row)
        origin = _origin(draft, message_id, shown_id)
        for position, (addressee, address) in enumerate(draft.recipients):
            self.recipients.add(origin, self._recipient(asked, position, addressee, address))
        self.tasks += [_list_task(draft, message_id, position, one) for position, one in enumerate(draft.lists)]
        return Accepted(
            message_id=message_id,
            public_id=shown_id,
            inbound_id=make_inbound_id(message_id, milliseconds_of(self.now)),
            emails=tuple(address.text for _, address in draft.recipients),
        )

    def _recipient(self, asked: Submission, position: int, addressee: Addressee, address: Address) -> NewRecipient:
        return NewRecipient(
            id=next(self.recipient_ids),
            position=position,
            email=address.text,
            domain=address.domain,
            kind=addressee.kind.value,
            name=addressee.name,
            variables=addressee.variables,
            is_bulk=asked.bulk,
            due_at=asked.send_at,
            client=asked.client,
        )


def _first_state(one: NewRecipient, *, is_suppressed: bool) -> State:
    if is_suppressed:
        return State.SUPPRESSED
    return State.DEFERRED if one.due_at is not None else State.QUEUED


def _list_task(draft: Draft, message_id: int, position: int, address_list: ListFacts) -> ListTask:
    asked = draft.submission
    return ListTask(
        account_id=asked.account_id,
        address_list_id=address_list.id,
        template_id=asked.template_id,
        message_id=message_id,
        position=position,
        list_address=address_list.address,
        next_at=asked.send_at,
        members=min(address_list.member_count, asked.list_limit or address_list.member_count),
    )


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
        _pairs_of(draft.reply_to),
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
    shown = {} if asked.one_by_one or asked.raw is not None else {kind: _shown(draft, kind) for kind in (Kind.TO, Kind.CC)}
    options: dict[str, object] = {
        "to": shown.get(Kind.TO),
        "cc": shown.get(Kind.CC),
        "one_by_one": asked.one_by_one or None,
        "charset": asked.charset,
        "syntax": asked.syntax.value,
        "variables": dict(asked.variables),
        "track_opens": asked.track_opens,
        "track_clicks": asked.track_clicks.value if asked.track_clicks is not None else None,
        "signing_domain_id": draft.signing.id if draft.signing != draft.domain else None,
        "tracking_domain": asked.tracking_domain,
        "return_domain": asked.return_domain,
        "unsubscribe_link": asked.unsubscribe_link,
        "unsubscribe_page_id": asked.unsubscribe_page_id,
        "bulk": asked.bulk or bool(asked.list_ids) or None,
        "list_limit": asked.list_limit,
        "event_headers": dict(asked.event_headers),
        "ehlo": asked.ehlo,
    }
    return {name: value for name, value in options.items() if value or value is False}


def _shown(draft: Draft, kind: Kind) -> list[list[str]]:
    """Return the mailboxes that the header of `kind` shows: just those that the mail goes to."""
    return [[address.text, one.name] for one, address in draft.recipients if one.kind is kind]


def _pairs_of(mailboxes: Iterable[Mailbox]) -> list[list[str]]:
    return [[mailbox.email, mailbox.name] for mailbox in mailboxes]
