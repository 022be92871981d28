"""Stored messages as letters, many in three statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from gateway.base import bulk
from gateway.base.statement import Statement, read_json, read_time
from gateway.engine.letter import Letter
from gateway.engine.submission import Clicks, FilePart, Mailbox, Syntax

LETTER = """
    m.id, m.public_id, m.account_id, m.domain_id, m.smtp_user_id, m.door, m.accepted_at, m.send_at, m.subject,
    m.sender, m.sender_name, m.reply_to, m.headers, m.options, m.tags, m.campaign, m.client, c.html, c.text, c.raw
"""
"""The columns of a letter, of its message `m` and content `c`."""
_LETTERS = f"SELECT {LETTER} FROM gateway_message m JOIN gateway_content c ON c.message_id = m.id"
_FILES = "SELECT message_id, filename, content_type, content_id, content FROM gateway_attachment"
_SELECT_LETTERS = Statement(
    postgresql=f"{_LETTERS} WHERE m.id = ANY(%(c0)b::bigint[])",
    sqlite=f"{_LETTERS} WHERE m.id IN (SELECT value ->> 0 FROM json_each(:rows))",
)
_SELECT_FILES = Statement(
    postgresql=f"{_FILES} WHERE message_id = ANY(%(c0)b::bigint[]) ORDER BY message_id, position",
    sqlite=f"{_FILES} WHERE message_id IN (SELECT value ->> 0 FROM json_each(:rows)) ORDER BY message_id, position",
)


def load_letters(cursor: bulk.Cursor, message_ids: Collection[int]) -> dict[int, Letter]:
    """Return the letters of messages by their keys."""
    if not message_ids:
        return {}
    return make_letters(cursor, _SELECT_LETTERS.fetch(cursor, rows=[(key,) for key in message_ids]))


def make_letters(cursor: bulk.Cursor, rows: Sequence[tuple[Any, ...]]) -> dict[int, Letter]:
    """Return the letters of rows of LETTER by their keys; their files are loaded."""
    built = [(row[0],) for row in rows if row[-1] is None]
    files = _files_of(cursor, built) if built else {}
    return {row[0]: _letter(row, files.get(row[0], ())) for row in rows}


def _files_of(cursor: bulk.Cursor, keys: Sequence[tuple[int]]) -> dict[int, list[FilePart]]:
    files: dict[int, list[FilePart]] = defaultdict(list)
    for message_id, filename, content_type, content_id, content in _SELECT_FILES.fetch(cursor, rows=keys):
        part = FilePart(filename=filename, content_type=content_type, content_id=content_id, content=bytes(content))
        files[message_id].append(part)
    return files


def _letter(row: tuple[Any, ...], files: Sequence[FilePart]) -> Letter:
    (key, public_id, account_id, domain_id, smtp_user_id, door, accepted_at, send_at, subject, sender, sender_name) = row[:11]
    reply_to, headers, options, tags = (read_json(value) for value in row[11:15])
    campaign, client, html, text, raw = row[15:]
    clicks = options.get("track_clicks")
    time = read_time(accepted_at)
    if time is None:
        raise ValueError(f"Message {key} has no time of acceptance.")
    return Letter(
        message_id=key,
        public_id=_uuid_text(public_id),
        account_id=account_id,
        domain_id=domain_id,
        signing_domain_id=options.get("signing_domain_id"),
        smtp_user_id=smtp_user_id,
        door=door,
        accepted_at=time,
        send_at=read_time(send_at),
        subject=subject,
        sender=Mailbox(email=sender, name=sender_name),
        reply_to=_mailboxes(reply_to),
        headers=tuple((name, value) for name, value in headers),
        to=_mailboxes(options.get("to", ())),
        cc=_mailboxes(options.get("cc", ())),
        one_by_one=options.get("one_by_one", False),
        text=text,
        html=html,
        files=tuple(files),
        raw=bytes(raw) if raw is not None else None,
        charset=options.get("charset", ""),
        syntax=Syntax(options.get("syntax", "")),
        variables=options.get("variables", {}),
        track_opens=options.get("track_opens"),
        track_clicks=Clicks(clicks) if clicks is not None else None,
        tracking_domain=options.get("tracking_domain", ""),
        return_domain=options.get("return_domain", ""),
        unsubscribe_link=options.get("unsubscribe_link"),
        unsubscribe_page_id=options.get("unsubscribe_page_id", 0),
        bulk=options.get("bulk", False),
        tags=tuple(tags),
        campaign=campaign,
        event_headers=options.get("event_headers", {}),
        client=client,
        ehlo=options.get("ehlo", ""),
    )


def _mailboxes(pairs: Sequence[Sequence[str]]) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(email=email, name=name) for email, name in pairs)


def _uuid_text(value: Any) -> str:
    """Return a UUID as the drivers give it (SQLite: 32 hex digits) in its usual form."""
    text = str(value)
    return text if "-" in text else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
