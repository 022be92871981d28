"""What the body formats of webhooks have in common: values that go in, and the rules that a format is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from gateway.base import tokens
from gateway.base.ids import make_inbound_id, milliseconds_of
from tracking.statistics import BLOCK, HARD
from tracking.webhooks.schedule import STANDARD

TEST: Final = "test"  # the type of the event that a person sends to see whether a webhook works


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One event as bodies tell it: the columns of Event, the name of the SMTP user that sent the message, and its way."""

    type: str
    at: datetime
    account_id: int
    domain_id: int | None
    smtp_user_id: int | None
    message_id: int
    public_id: UUID
    position: int
    sequence: int
    subject: str
    sender: str
    recipient: str
    recipient_domain: str
    tags: Sequence[str] = ()
    campaign: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_first: bool = True
    category: str = ""
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    host: str = ""
    address: str = ""
    agent: str = ""
    url: str = ""
    smtp_user: str = ""
    label_id: int = 0  # of the first tag; see Format.names_way
    list_task_id: int = 0  # of the send to an address list that made the copy; see Format.names_way
    source: str = ""  # the IP address that a delivered copy was sent from; see Format.names_way

    @property
    def id(self) -> str:
        """What names the event to the world, whichever endpoint hears of it."""
        return f"{self.public_id}-{self.position}-{self.sequence}"

    @property
    def inbound_id(self) -> str:
        """The vendors' messageId (decision 6)."""
        return make_inbound_id(self.message_id, milliseconds_of(self.public_id))

    @property
    def email_id(self) -> str:
        """The vendors' emailId (decision 6)."""
        return f"{self.inbound_id}{self.position}${self.recipient}"

    @property
    def bounce_class(self) -> str:
        """Of a bounce: hard (the address is bad), block (we are not wanted), or soft; empty for other events."""
        if self.type != "bounced":
            return ""
        return "hard" if self.category in HARD else "block" if self.category in BLOCK else "soft"

    @property
    def milliseconds(self) -> int:
        return milliseconds_of(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What goes out in one call. `id` is the same in every try, and so are the bytes that a format makes of it."""

    id: str
    url: str
    key: str = field(repr=False)
    tellings: tuple[Telling, ...]

    @property
    def only(self) -> Telling:
        """The one event of a format that does not batch."""
        return self.tellings[0]


class Reply(Protocol):
    """What a rule of success looks at."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...


Sign = Callable[[Parcel, bytes, datetime], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One body format. An event whose type has no word in `words` is not told in it.

    `write` makes the body of a parcel, the same bytes each time; `sign` its headers at a time. `delays` are the seconds
    before the second try, the third, and so on; the last delay is followed by the last try. `tries_url`: the URL must answer
    a test before it is saved; what is missing in its answer, `find_fault` says in a sentence, "" for nothing. With
    `takes_get` an answer to a GET will do as well. `names_way`: it tells the label and list task of a copy, and whence it went.
    Events of a type in `gathers` that happen to recipients of one message at once are told in one body.
    """

    words: Mapping[str, str]
    write: Callable[[Parcel], bytes]
    sign: Sign = lambda _parcel, _body, _now: {}
    content_type: str = "application/json"
    batch: int = 1  # events in one body
    gathers: frozenset[str] = frozenset()
    seconds: float = 10.0  # for the whole call
    delays: tuple[int, ...] = STANDARD
    is_success: Callable[[Reply], bool] = lambda reply: 200 <= reply.status < 300
    make_key: Callable[[], str] = tokens.make_secret
    tries_url: bool = False
    takes_get: bool = False
    names_way: bool = False
    find_fault: Callable[[Reply], str] = lambda _reply: ""

    def headers(self, parcel: Parcel, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers of a call that is made now."""
        return {"Content-Type": self.content_type, **self.sign(parcel, body, now)}


def write_json(value: Any) -> bytes:
    """Return JSON whose keys stand in the order given, but those of mappings that customers filled by name."""
    return msgspec.json.encode(value)


def by_name(values: Mapping[str, str]) -> dict[str, str]:
    """Return a customer's values in one order, whichever database kept them."""
    return dict(sorted(values.items()))
