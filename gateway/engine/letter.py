"""A stored message and one recipient of it, as values: what the queue loads and composing needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.engine.submission import Clicks, FilePart, Kind, Mailbox, Syntax
from tracking import events


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An accepted message with its bodies; shared by all its recipients.

    `to` and `cc` are what the header shows (empty where `one_by_one`); `raw`, when not None, is the mail as submitted and the
    other content fields are empty. `message_id` is the row's key, `public_id` a UUID in text.
    """

    message_id: int
    public_id: str
    account_id: int
    domain_id: int | None
    signing_domain_id: int | None = None  # whose keys sign, where it is not the sender's domain
    smtp_user_id: int | None
    door: str
    accepted_at: datetime
    send_at: datetime | None = None
    subject: str
    sender: Mailbox
    reply_to: tuple[Mailbox, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    one_by_one: bool = False
    text: str = ""
    html: str = ""
    files: tuple[FilePart, ...] = ()
    raw: bytes | None = field(default=None, repr=False)
    charset: str = ""  # that its texts are written in, where they fit; empty: the plainest that has their characters
    syntax: Syntax = Syntax.NONE
    variables: Mapping[str, str] = field(default_factory=dict)
    track_opens: bool | None = None
    track_clicks: Clicks | None = None
    tracking_domain: str = ""  # which its links name, where the customer asked for one
    return_domain: str = ""  # which MAIL FROM names, where the customer asked for one
    unsubscribe_link: bool | None = None
    unsubscribe_page_id: int = 0  # 0: the account's usual one
    bulk: bool = False
    tags: tuple[str, ...] = ()
    campaign: str = ""
    event_headers: Mapping[str, str] = field(default_factory=dict)  # custom headers that events carry back
    client: str = ""
    ehlo: str = ""

    @property
    def origin(self) -> events.Origin:
        """Return what all events of this message have in common."""
        return events.Origin(
            account_id=self.account_id,
            domain_id=self.domain_id,
            smtp_user_id=self.smtp_user_id,
            message_id=self.message_id,
            public_id=self.public_id,
            subject=self.subject,
            sender=self.sender.email,
            tags=self.tags,
            campaign=self.campaign,
            headers=self.event_headers,
        )

    @property
    def due_at(self) -> datetime:
        """Return when it was to be sent first, which is not before it was accepted: customers name times that have passed."""
        return max(self.accepted_at, self.send_at or self.accepted_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One recipient of a letter, claimed for one try. `attempt` is the number of this try, from 1; it fences the settling.

    Until `noted_until` of the monotonic clock, the claim itself is the note that the final dot goes out. `lease_id` is the
    Lease that all copies of a claim have in common.
    """

    recipient_id: int
    letter: Letter
    position: int
    kind: Kind
    email: str
    name: str
    domain: str
    variables: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1
    sequence: int = 1
    is_suppressed: bool = False  # since it was accepted
    noted_until: float = 0.0
    lease_id: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """Recipient and attempt: what fences every move."""
        return self.recipient_id, self.attempt
