"""What the page of one message shows, read in a fixed number of queries whatever the number of recipients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.markup import MOST_PREVIEWED, frame
from domains.models import SenderDomain
from gateway.console.letters import IMAGES, MOST_IMAGES, data_url, read_letter
from gateway.console.summaries import Summary, summarise
from gateway.console.timeline import Moment, tell
from gateway.console.words import DOORS, tone_of
from gateway.models import Attachment, Attempt, Content, Message, Recipient
from templates_app.queries import find_version
from tracking.models import Event, EventType

PER_PAGE = 50  # recipients
MOST_EVENTS = 1_000  # on one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of what is known of a message; an `is_code` is shown as code, with a button that copies it."""

    label: str
    value: object
    is_code: bool = False

    @property
    def is_time(self) -> bool:
        return isinstance(self.value, datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    filename: str
    content_type: str
    size: int
    url: str = ""  # empty: it is part of the raw mail, which is downloaded whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A message's content, safe to show."""

    frame: SafeString | None = None
    text: str = ""
    html_source: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[FileLink, ...] = ()
    raw_url: str = ""
    source: str = ""  # of the raw mail, where the page shows it
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One recipient and what happened to it, with the last try to deliver apart."""

    recipient: Recipient
    tone: str
    timeline: tuple[Moment, ...] = ()
    last_word: Attempt | Event | None = None  # of a receiver: the last try, or a bounce that came by mail after it


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    facts: tuple[Fact, ...]
    summary: Summary
    stories: tuple[Story, ...]
    pages: Page[Recipient]
    page_numbers: list[int | str]
    parts: Parts
    gap: str = str(Paginator.ELLIPSIS)  # stands in page_numbers for those left out


def load_page(message: Message, *, page: str) -> MessagePage:
    """Read a message's page; `page` is the number of the page of recipients, as the browser gave it."""
    pages = Paginator(Recipient.objects.filter(message=message).order_by("position"), PER_PAGE)
    here = pages.get_page(page)
    return MessagePage(
        facts=tuple(_facts(message)),
        summary=summarise([message]).get(message.pk, Summary()),
        stories=_stories(message, list(here.object_list)),
        pages=here,
        page_numbers=list(pages.get_elided_page_range(here.number)),
        parts=_parts(message),
    )


def _facts(message: Message) -> Iterable[Fact]:
    """Yield what is known of a message; what was not given is left out."""
    sender = f"{message.sender_name} <{message.sender}>" if message.sender_name else message.sender
    lines: tuple[tuple[str, object, bool], ...] = (
        (_("Message id"), str(message.public_id), True),
        (_("messageId"), message.inbound_id, True),
        (_("X-Unique-Id"), message.unique_id, True),
        (_("From"), sender, False),
        (_("Reply-To"), ", ".join(_mailbox(pair) for pair in message.reply_to), False),
        (_("Accepted"), message.accepted_at, False),
        (_("To be sent at"), message.send_at, False),
        (_("Door"), DOORS.get(message.door, message.door), False),
        (_("SMTP user"), message.smtp_user, False),
        (_("Domain"), _domain_of(message), False),
        (_("Client"), message.client, False),
        (_("Campaign"), message.campaign, False),
        (_("Tags"), ", ".join(map(str, message.tags)), False),
        (_("Template"), find_version(message.account_id, message.template_version_id), False),
        (_("Noticed"), message.note, False),
    )
    return (Fact(label=label, value=value, is_code=is_code) for label, value, is_code in lines if value)


def _domain_of(message: Message) -> str:
    """Return the name of its sender domain, empty where that was deleted since."""
    return SenderDomain.objects.filter(pk=message.domain_id or 0).values_list("name", flat=True).first() or ""


def _mailbox(pair: Any) -> str:
    """Return an address stored as [address, name]."""
    email, name = (*map(str, pair), "", "")[:2] if isinstance(pair, list) else (str(pair), "")
    return f"{name} <{email}>" if name else email


def _stories(message: Message, recipients: list[Recipient]) -> tuple[Story, ...]:
    keys = [recipient.pk for recipient in recipients]
    tries: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(recipient_id__in=keys).order_by("number"):
        tries[attempt.recipient_id].append(attempt)
    events: dict[int, list[Event]] = defaultdict(list)
    told = Event.objects.for_account(message.account_id).filter(message_id=message.pk, recipient_id__in=keys)
    for event in told.order_by("id")[:MOST_EVENTS]:
        events[event.recipient_id].append(event)
    return tuple(_story(row, tries[row.pk], events[row.pk]) for row in recipients)


def _story(recipient: Recipient, tries: list[Attempt], events: list[Event]) -> Story:
    return Story(
        recipient=recipient,
        tone=tone_of(recipient.state),
        timeline=tell(tries, events),
        last_word=_last_word(tries, events),
    )


def _last_word(tries: list[Attempt], events: list[Event]) -> Attempt | Event | None:
    bounce = next((event for event in reversed(events) if event.type == EventType.BOUNCED), None)
    last_try = tries[-1] if tries else None
    return bounce if bounce and (last_try is None or last_try.result == EventType.DELIVERED) else last_try


def _parts(message: Message) -> Parts:
    content = Content.objects.filter(message=message).first()
    if content is None:
        return Parts(problem=_("The content of this message is not kept any more."))
    if content.raw is not None:
        return _raw_parts(message, bytes(content.raw))
    files = Attachment.objects.filter(message=message).order_by("position")
    return Parts(
        frame=frame(content.html, images=_images(files)) if content.html else None,
        text=content.text[:MOST_PREVIEWED],
        html_source=content.html[:MOST_PREVIEWED],
        headers=tuple((str(name), str(value)) for name, value in message.headers),
        files=tuple(_file_links(message, files)),
    )


def _raw_parts(message: Message, raw: bytes) -> Parts:
    letter = read_letter(raw)
    return Parts(
        frame=frame(letter.html, images=letter.images) if letter.html else None,
        text=letter.text,
        html_source=letter.html,
        headers=letter.headers,
        files=tuple(FileLink(filename=file.filename, content_type=file.content_type, size=file.size) for file in letter.files),
        raw_url=reverse("admin:gateway_message_raw", args=(message.public_id,)),
        problem=letter.problem,
    )


def _file_links(message: Message, files: Any) -> Iterable[FileLink]:
    rows = files.annotate(bytes=Length("content")).values_list("position", "filename", "content_type", "bytes")
    for position, filename, content_type, size in rows:
        url = reverse("admin:gateway_message_file", args=(message.public_id, position))
        yield FileLink(filename=filename or _("unnamed"), content_type=content_type, size=size, url=url)


def _images(files: Any) -> dict[str, str]:
    """Return the data: URLs of a message's inline images by Content-ID, as many as fit in MOST_IMAGES."""
    inline = files.exclude(content_id="").filter(content_type__in=IMAGES).annotate(bytes=Length("content"))
    urls, room = {}, MOST_IMAGES
    for file in inline.filter(bytes__lte=MOST_IMAGES)[:20]:
        if file.bytes <= room:
            urls[file.content_id] = data_url(file.content_type, bytes(file.content))
            room -= file.bytes
    return urls
