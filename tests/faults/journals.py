"""What three witnesses saw of one sitting: the clients, the receiving server, and the database. Plain values.

A token names what one request asks for. It stands in the address of each recipient, in the subject and in the body, so that
each witness can be asked for it without the others. A unit is one recipient of one stored message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Answer(StrEnum):
    """What a client was told."""

    ACKED = "acked"  # 250, or 200 with an id
    REFUSED = "refused"  # another reply, or no message was ever sent whole: nothing may come of it
    UNSEEN = "unseen"  # the message went out whole, and no reply came: accepted or not, both are right


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The clients' journal: one try of one request. A token is tried again where its first try was not acknowledged.

    `message_id` is what the door called the message; `code` the reply's, 0 without one.
    """

    token: str
    account_id: int
    recipients: tuple[str, ...]
    answer: Answer
    key: str = ""  # for idempotency
    message_id: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The receiving server's journal: one recipient of one transaction, and the last reply to it ("": the client left)."""

    token: str  # as the body has it; empty where no body came
    recipient: str
    reply: str
    is_taken: bool  # a 2xx to the final dot


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A row of gateway_attempt."""

    number: int
    result: str
    code: int = 0
    reply: str = ""
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A row of tracking_event."""

    sequence: int
    type: str
    account_id: int
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The database's journal: a row of gateway_recipient with its attempts and events, in their order.

    `names` are what doors call its message: the public id and the vendors' messageId.
    """

    token: str  # as the subject has it
    account_id: int
    names: frozenset[str]
    recipient: str
    state: str
    sequence: int
    next_attempt_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    events: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What was counted during a sitting: used of the total quotas by account, and the statistics by account and column."""

    usage: Mapping[int, int] = field(default_factory=dict)
    statistics: Mapping[tuple[int, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """All that is known of a sitting, after it has come to rest at `read_at`."""

    asks: tuple[Ask, ...]
    arrivals: tuple[Arrival, ...]
    units: tuple[Unit, ...]
    books: Books
    read_at: datetime
