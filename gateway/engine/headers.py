"""Headers that customers name and fill: what may stand in them, and how they are written (RFC 5322, 2047, 2231).

`check_*` raise refusals and are called before anything is stored; `write_*` return whole lines, CRLF included, folded at 76.
Nothing here trusts the standard library, whose idea of a line end differs from that of SMTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway.base.errors import AttachmentInvalid, HeaderInvalid, HeaderReserved, SubjectInvalid
from gateway.engine.submission import FilePart, Mailbox
from gateway.engine.words import encode_words

LINE = 76  # octets of a line that we write; RFC 5322 2.1.1 asks for 78, RFC 2047 2 for 76
_LONGEST_WORD = 900  # octets without a place to fold, where a line ends at 998 at the latest
_LONGEST_NAME, _LONGEST_VALUE, _LONGEST_SUBJECT, _LONGEST_DISPLAY_NAME = 76, 10_000, 1_000, 250

# What only we, or a field of the call, may set; with the reason, as the customer reads it.
RESERVED = {
    "arc-authentication-results": "receivers add it",
    "arc-message-signature": "receivers add it",
    "arc-seal": "receivers add it",
    "authentication-results": "receivers add it",
    "bcc": "give blind copies as recipients",
    "cc": "give copies as recipients",
    "date": "it is the time of acceptance",
    "delivered-to": "receivers add it",
    "dkim-signature": "mail is signed with the keys of its sender domain",
    "domainkey-signature": "mail is signed with the keys of its sender domain",
    "from": "give it as the sender",
    "message-id": "every message gets one of its own",
    "mime-version": "it follows from the content",
    "received": "it is added as mail passes through",
    "received-spf": "receivers add it",
    "reply-to": "give it as the reply address",
    "return-path": "bounces come back to this service",
    "sender": "give it as the sender",
    "subject": "give it as the subject",
    "to": "give it as recipients",
}
_RESERVED_PREFIXES = {
    "content-": "it follows from the content",
    "resent-": "mail is not resent here",
}
# Headers whose values are ids, addresses or tokens: there an encoded word would be wrong.
_STRUCTURED = frozenset(("auto-submitted", "feedback-id", "importance", "in-reply-to", "precedence", "priority", "references"))

_NAME = re.compile(r"[!-9;-~]+")  # ftext of RFC 5322 3.6.8
# Controls but HT; NEL, LINE and PARAGRAPH SEPARATOR, where other software breaks lines; what UTF-8 cannot say.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# In file names also what turns the direction of writing: `cod.exe` would read as `exe.doc`.
_FORBIDDEN_IN_FILES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ATOM = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # token of RFC 2045 5.1
_CONTENT_TYPE = re.compile(rf'{_ATOM}/{_ATOM}(?: ?; ?{_ATOM}=(?:{_ATOM}|"[ !#-\[\]-~]*"))*')
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,200}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PIECES = re.compile(r"[ \t]*[^ \t]+")  # words with the white space before them, where a line may be folded
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def check_header(name: str, value: str) -> None:
    """Raise HeaderInvalid or HeaderReserved unless a customer may set header `name` to `value`."""
    field = f"headers.{name[:100]}"
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise HeaderInvalid(
            f"The header name {name[:100]!a} is not valid; use at most {_LONGEST_NAME} ASCII letters, digits and hyphens.",
            field=field,
            value=name,
        )
    reason = _reserved(name.lower())
    if reason:
        raise HeaderReserved(f"The header {name} may not be set: {reason}.", field=field, value=name)
    problem = _problem_of(name.lower(), value)
    if problem:
        raise HeaderInvalid(f"The header {name} {problem}.", field=field, value=value)


def _reserved(name: str) -> str:
    by_prefix = (reason for prefix, reason in _RESERVED_PREFIXES.items() if name.startswith(prefix))
    return RESERVED.get(name) or next(by_prefix, "")


def _problem_of(name: str, value: str) -> str:
    if _FORBIDDEN.search(value):
        return "has control characters or line breaks; remove them"
    if len(value) > _LONGEST_VALUE:
        return f"is longer than {_LONGEST_VALUE} characters"
    if is_structured(name) and not value.isascii():
        return "must be ASCII"
    if is_structured(name) and not _can_fold(value):
        return f"has a word longer than {_LONGEST_WORD} characters, or as much white space"
    return ""


def _can_fold(value: str) -> bool:
    return all(len(piece) <= _LONGEST_WORD for piece in _PIECES.findall(value))


def is_structured(name: str) -> bool:
    """Tell whether header `name`, in lower case, takes no encoded words: ids, addresses, tokens."""
    return name in _STRUCTURED or name.startswith("list-")


def check_subject(subject: str) -> None:
    """Raise SubjectInvalid where `subject` has control characters or more than 1,000 characters."""
    if _FORBIDDEN.search(subject):
        raise SubjectInvalid(field="subject", value=subject)
    if len(subject) > _LONGEST_SUBJECT:
        raise SubjectInvalid(f"The subject is longer than {_LONGEST_SUBJECT} characters.", field="subject", value=subject)


def check_name(name: str, *, field: str = "from") -> None:
    """Raise HeaderInvalid unless `name` can be a display name; `field` says whose."""
    if _FORBIDDEN.search(name):
        raise HeaderInvalid("A display name has control characters or line breaks; remove them.", field=field, value=name)
    if len(name) > _LONGEST_DISPLAY_NAME:
        raise HeaderInvalid(f"A display name is longer than {_LONGEST_DISPLAY_NAME} characters.", field=field, value=name)


def check_file(file: FilePart) -> None:
    """Raise AttachmentInvalid unless the name, type and content id of `file` can stand in headers."""
    shown = file.filename[:100].encode("unicode_escape").decode()
    if _FORBIDDEN_IN_FILES.search(file.filename) or len(file.filename.encode("utf-8", "replace")) > 255:
        raise AttachmentInvalid(
            f"The file name {shown!r} has control characters or more than 255 bytes.", field="attachments", value=shown
        )
    if not _CONTENT_TYPE.fullmatch(file.content_type) or len(file.content_type) > 200:
        raise AttachmentInvalid(
            f"The type of the file {shown!r} is not valid; give one such as application/pdf.",
            field="attachments",
            value=file.content_type,
        )
    if file.content_id and not _CONTENT_ID.fullmatch(file.content_id):
        raise AttachmentInvalid(
            f"The content id of the file {shown!r} is not valid; use ASCII without spaces, < and >.",
            field="attachments",
            value=file.content_id,
        )


def write_header(name: str, value: str) -> bytes:
    """Return header `name` with a checked `value`: as it is where it is ASCII, else in encoded words."""
    value = value.strip(" \t")
    if value.isascii() and "=?" not in value:
        if len(name) + len(value) + 2 <= LINE:
            return f"{name}: {value}\r\n".encode()
        if _can_fold(value):
            return _fold_text(name, value)
    elif is_structured(name.lower()):
        return _fold_text(name, value)
    return fold(name, encode_words(value, max(30, LINE - len(name) - 2)))


def write_addresses(name: str, mailboxes: Iterable[Mailbox]) -> bytes:
    """Return header `name` with a list of mailboxes, display names quoted or encoded as they need."""
    items = [write_mailbox(mailbox) for mailbox in mailboxes]
    for item in items[:-1]:
        item[-1] += b","
    return fold(name, [part for item in items for part in item])


def write_way_out(url: str, given: Iterable[str]) -> list[bytes]:
    """Return the fields by which readers unsubscribe with one click (RFC 2369 3.2, RFC 8058 3.1); none where `url` is empty.

    What the customer has `given` of them stands: there is one List-Unsubscribe, and the customer's own wins.
    """
    names = {name.lower() for name in given}
    if not url or "list-unsubscribe" in names:
        return []
    fields = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return [write_header(name, value) for name, value in fields.items() if name.lower() not in names]


def write_mailbox(mailbox: Mailbox) -> list[bytes]:
    """Return one mailbox as the parts between which a line may be folded."""
    name = mailbox.name.strip(" \t")
    if not name:
        return [mailbox.email.encode()]
    return [*_write_phrase(name), f"<{mailbox.email}>".encode()]


def _write_phrase(name: str) -> list[bytes]:
    if not name.isascii() or "=?" in name or "\t" in name or len(name) > 60:
        return encode_words(name, LINE - len("Reply-To: "))
    if _ATOMS.fullmatch(name):
        return [name.encode()]
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"'.encode()]


def format_date(moment: datetime) -> str:
    """Return `moment`, in UTC, as in a Date field (RFC 5322 3.3)."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year} {moment.hour:02}:{moment.minute:02}:{moment.second:02} +0000"


def fold(name: str, parts: Sequence[bytes], separator: bytes = b" ") -> bytes:
    """Return `name: part part ...`, with a line break before each part but the first that would pass column 76."""
    lines: list[bytes] = []
    line = f"{name}:".encode() + separator + (parts[0] if parts else b"")
    for part in parts[1:]:
        if len(line) + len(separator) + len(part) > LINE:
            lines.append(line)
            line = b""
        line += separator + part
    return b"\r\n".join([*lines, line]) + b"\r\n"


def _fold_text(name: str, value: str) -> bytes:
    """Fold `value` before white space, keeping every space of it."""
    pieces = _PIECES.findall(" " + value)
    return fold(name, [piece.encode() for piece in pieces], b"")
