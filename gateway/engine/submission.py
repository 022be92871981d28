"""A message as a customer asked for it, whichever door it came through. Values only; nothing here is ever stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """Which header shows a recipient."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


class Syntax(StrEnum):
    """Which merge syntax a body is written in; an inline body has none unless its dialect says so."""

    NONE = ""
    LIQUID = "liquid"
    SENDCLEAN = "sendclean"
    SENDCLOUD = "sendcloud"
    MAILUP = "mailup"
    OCTETH = "octeth"


class Clicks(StrEnum):
    """In which parts links are tracked."""

    NONE = "no"
    HTML = "html"
    TEXT = "text"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An address (`addr-spec` of RFC 5322 3.4.1) with an optional display name."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One recipient as asked for. `variables` fill the merge fields of this recipient's copy, by bare name."""

    email: str
    name: str = ""
    kind: Kind = Kind.TO
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """An attachment or, with a `content_id`, an inline image that HTML names as `cid:<content_id>`."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One call of a customer: one future Message.

    Either `raw` holds a whole RFC 5322 message (SMTP, sendRaw), and then `recipients` is its envelope, or `raw` is None and
    the message is built from the other fields. None in a switch means: as the account and the domain have it.
    """

    account_id: int
    door: str  # sendclean, sendcloud, mailup, octeth or smtp
    sender: Mailbox | None
    recipients: tuple[Addressee, ...]
    smtp_user_id: int | None = None
    domain_id: int | None = None  # of a key that may send from this one domain only
    subject: str = ""
    text: str = ""
    html: str = ""
    reply_to: tuple[Mailbox, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[FilePart, ...] = ()
    raw: bytes | None = field(default=None, repr=False)
    one_by_one: bool = False  # each copy's To shows its own recipient only (xsmtpapi.to, address lists)
    charset: str = ""  # that its texts are written in, one of charsets.CHARSETS; empty: the plainest that has their characters
    header: bool | None = False  # whether its texts begin with the account's header; None: as the account has it
    footer: bool | None = False  # and end with its footer
    syntax: Syntax = Syntax.NONE
    variables: Mapping[str, str] = field(default_factory=dict)  # the same for every recipient
    is_verbatim: bool = False  # the fields in its texts and its template's stay as they are written
    template_id: int | None = None
    template_name: str = ""  # its invoke name, of a template that goes by name, or where there is none of that key
    auto_text: bool = False  # make the text that the template lacks from its HTML
    auto_html: bool = False  # and the other way round
    track_opens: bool | None = None
    track_clicks: Clicks | None = None
    unsubscribe_link: bool | None = None
    signing_domain: str = ""  # another verified domain of the account, whose keys sign instead of the sender's
    tracking_domain: str = ""  # another verified tracking host of the account, which its links name
    return_domain: str = ""  # a verified return host of the account, which MAIL FROM names
    unsubscribe_page_id: int | None = None  # as the customer named it: look it up under the account
    tags: tuple[str, ...] = ()
    campaign: str = ""
    unique_id: str = ""  # X-Unique-Id
    bulk: bool = False  # behind transactional mail in the queue
    list_ids: tuple[int, ...] = ()  # address lists that it goes to instead of `recipients`; see engine.mailing
    list_limit: int | None = None  # only so many members of each, the first by their addresses
    member_list_id: int | None = None  # the list of the member below, or alone: one that must be the account's
    member_id: int | None = None  # of an address list: whose values fill the fields of every copy
    send_at: datetime | None = None
    idempotency_key: str = ""
    idempotency_seconds: int = 86_400
    refuse_suppressed: bool = False  # refuse the whole call for one suppressed address (Octeth)
    refuse_empty_lists: bool = False  # refuse the whole call where its lists have no members (Octeth)
    event_headers: Mapping[str, str] = field(default_factory=dict)  # custom headers that events carry back (SC-Custom-*)
    notes: tuple[str, ...] = ()  # what the door left out and the message's page should say
    client: str = ""  # the customer's IP address
    ehlo: str = ""  # the name that an SMTP client gave, for Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer of accept(): the message is on disk."""

    message_id: int
    public_id: str
    inbound_id: str  # the vendors' messageId, `<ms>_<n>_<n>_<n>.<host>-inbound`
    emails: tuple[str, ...]  # the recipients' addresses in the order of their positions
    task_ids: tuple[int, ...] = ()  # of a send to address lists, in the order that they were named in
