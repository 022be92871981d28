"""Mail that a customer hands in whole (SMTP, sendRaw), judged by its bytes and sent as it is, but for a few fields.

Nothing here parses and re-serialises: what was checked is what is signed. `read_raw` says what is in the header,
`split_raw` reads it once more before it goes out, `prepare_raw` takes out the fields that are ours and adds missing ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings

from gateway.base.errors import FieldInvalid, HeaderInvalid, MessageMalformed, MessageTooLarge, SenderInvalid, SenderMissing
from gateway.engine import wire
from gateway.engine.headers import format_date, write_addresses, write_header, write_way_out
from gateway.engine.letter import Copy, Letter
from gateway.engine.mailboxes import MailboxError, parse_mailboxes
from gateway.engine.submission import Mailbox
from gateway.engine.words import decode_words

Field = tuple[bytes, bytes]  # name and value as they stand: name + ":" + value + CRLF is the field

MAX_HEADER = 256 * 1024  # octets, X-SMTPAPI apart
MAX_X_SMTPAPI = 1024 * 1024  # seeds/002
MAX_FIELDS = 1000
MAX_RECEIVED = 50  # more is a loop (RFC 5321 6.3)

# Fields of which RFC 5322 3.6 and RFC 2045 allow one; programs differ on which of two they show.
_ONCE = (
    b"sender",
    b"reply-to",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"x-unique-id",
)
_STRIPPED = frozenset((b"bcc", b"resent-bcc", b"x-smtpapi"))
_CONTROL_PREFIX = b"x-stes-"  # with X-SMTPAPI, what is acted on and does not go out
_CUSTOM_PREFIX = b"sc-custom-"

_CONTROLS = bytes(octet for octet in range(0x20) if octet not in b"\t\r\n") + b"\x7f"
# NEL, LINE and PARAGRAPH SEPARATOR in UTF-8: other software breaks lines there.
_UNICODE_BREAKS = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]")
_FIELD = re.compile(rb"^([!-9;-~]+):([^\r\n]*(?:\r\n[ \t]++[^\r\n]+)*)\r\n", re.MULTILINE)
_PLAIN_LINE = re.compile(rb"^[!-9;-~]+:|^[ \t]+[^ \t\r\n]")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHead:
    """What the header of a raw mail says. Texts are decoded; `fields` is the header as it stands, in order.

    `senders` are the mailboxes of From, at least one, and after them that of a Sender field: all must be the customer's.
    `x_smtpapi` is the unfolded value of that field, None without it; `controls` the X-STes-* fields by lower-case name;
    `custom` the SC-Custom-* fields, which events carry back. The body begins at `body`, an offset.
    """

    fields: tuple[Field, ...] = field(repr=False)
    body: int
    senders: tuple[Mailbox, ...]
    subject: str
    x_smtpapi: str | None
    unique_id: str
    controls: Mapping[str, str]
    custom: Mapping[str, str]


def read_raw(raw: bytes, *, max_size: int) -> RawHead:
    """Judge a raw mail and return what its header says.

    Raises MessageTooLarge, MessageMalformed (line ends, controls, long lines, double fields, loops), HeaderInvalid (a line that
    is no field), FieldInvalid("xsmtpapi") for one that is too large, SenderMissing and SenderInvalid (From is not a plain list
    of mailboxes, or stands twice).
    """
    if len(raw) > max_size:
        raise MessageTooLarge(f"The mail has {len(raw)} octets; at most {max_size} are taken.")
    _check_lines(raw, _find_body(raw))
    fields, body = split_raw(raw)
    return _describe(body, fields, {name.lower(): (name, value) for name, value in fields})


def split_raw(raw: bytes) -> tuple[tuple[Field, ...], int]:
    """Return the header of a raw mail as it stands, and where the body begins.

    Raises as `read_raw` for a header that may not go out, but looks neither at the body nor into the values of fields.
    """
    body = _find_body(raw)
    header = raw[: body - 2]
    fields = _split(header)
    _check_header(header, fields)
    _check_counts(Counter([name.lower() for name, _ in fields]))
    return fields, body


def _find_body(raw: bytes) -> int:
    """Return where the body begins, after the empty line; a mail may end with its header."""
    if not raw:
        raise SenderMissing("The mail is empty.")
    if raw.startswith(b"\r\n"):
        raise SenderMissing("The mail has no header; it begins with an empty line.")
    end = raw.find(b"\r\n\r\n")
    return end + 4 if end >= 0 else len(raw) + 2


def _check_lines(raw: bytes, body: int) -> None:
    fault = wire.find_fault(raw)
    if fault.startswith("a line") and wire.find_long_line(raw, body) < 0:
        return  # in the header, where X-SMTPAPI may be long
    if fault:
        raise MessageMalformed(f"The mail has {fault}; end all lines with CRLF and encode what does not fit.")


def _split(header: bytes) -> tuple[Field, ...]:
    fields = tuple(_FIELD.findall(header))
    if sum([len(name) + len(value) for name, value in fields]) + 3 * len(fields) != len(header):
        raise HeaderInvalid(_say_which_line(header))
    return fields


def _say_which_line(header: bytes) -> str:
    """Return a sentence on the first line that is neither a field nor the continuation of one."""
    for number, line in enumerate(header.split(b"\r\n"), 1):
        if not _PLAIN_LINE.match(line) or (number == 1 and line[:1] in b" \t"):
            shown = line[:60].decode("ascii", "backslashreplace")
            return f"Line {number} of the mail's header, {shown!r}, is neither a field nor the continuation of one."
    return "The mail's header cannot be read."


def _check_header(header: bytes, fields: Sequence[Field]) -> None:
    if len(header.translate(None, _CONTROLS)) != len(header):
        raise MessageMalformed("The mail's header has control characters; remove them.")
    if not header.isascii():
        _check_utf8(header)
    if len(fields) > MAX_FIELDS:
        raise MessageMalformed(f"The mail's header has {len(fields)} fields; at most {MAX_FIELDS} are taken.")
    if len(header) > MAX_HEADER or wire.find_long_line(header) >= 0:
        _check_sizes(fields)


def _check_utf8(header: bytes) -> None:
    try:
        header.decode()
    except UnicodeDecodeError:
        raise MessageMalformed(
            "The mail's header has octets that are neither ASCII nor UTF-8; use encoded words (RFC 2047)."
        ) from None
    if _UNICODE_BREAKS.search(header):
        raise MessageMalformed("The mail's header has Unicode line separators; remove them.")


def _check_sizes(fields: Sequence[Field]) -> None:
    """Check a large header, or one with a long line: X-SMTPAPI alone may be long, as it does not go out."""
    rest = join_fields([field for field in fields if field[0].lower() != b"x-smtpapi"])
    if len(rest) > MAX_HEADER:
        raise MessageMalformed(f"The mail's header is larger than {MAX_HEADER} octets.")
    if any(len(value) > MAX_X_SMTPAPI for name, value in fields if name.lower() == b"x-smtpapi"):
        raise FieldInvalid("xsmtpapi", f"The header X-SMTPAPI is larger than {MAX_X_SMTPAPI} octets.")
    if wire.find_long_line(rest) >= 0:
        raise MessageMalformed(f"The mail's header has a line of more than {wire.LONGEST_LINE} octets; fold it.")


def _check_counts(counts: Counter[bytes]) -> None:
    if b"from" not in counts:
        raise SenderMissing("The mail has no From field.")
    if counts[b"from"] > 1:
        raise SenderInvalid(f"The mail has {counts[b'from']} From fields; one is allowed.", field="from")
    for name in _ONCE:
        if counts[name] > 1:
            raise MessageMalformed(f"The mail has {counts[name]} {name.decode().title()} fields; one is allowed.")
    if counts[b"x-smtpapi"] > 1:
        raise FieldInvalid("xsmtpapi", f"The mail has {counts[b'x-smtpapi']} X-SMTPAPI fields; one is allowed.")
    if counts[b"received"] > MAX_RECEIVED:
        raise MessageMalformed(f"The mail has passed through more than {MAX_RECEIVED} servers; it goes in a loop.")


def _describe(body: int, fields: tuple[Field, ...], by_name: Mapping[bytes, Field]) -> RawHead:
    special = [name for name in by_name if name.startswith((_CONTROL_PREFIX, _CUSTOM_PREFIX))]
    return RawHead(
        fields=fields,
        body=body,
        senders=_read_mailboxes(by_name, b"from") + (_read_mailboxes(by_name, b"sender") if b"sender" in by_name else ()),
        subject=decode_words(_text_of(by_name, b"subject")),
        x_smtpapi=_text_of(by_name, b"x-smtpapi") if b"x-smtpapi" in by_name else None,
        unique_id=decode_words(_text_of(by_name, b"x-unique-id")) if b"x-unique-id" in by_name else "",
        controls={name.decode(): _text_of(by_name, name) for name in special if name.startswith(_CONTROL_PREFIX)},
        custom={
            by_name[name][0].decode(): decode_words(_text_of(by_name, name))
            for name in special
            if name.startswith(_CUSTOM_PREFIX)
        },
    )


def _text_of(by_name: Mapping[bytes, Field], name: bytes) -> str:
    """Return the unfolded value of a field, empty where it is absent."""
    return by_name[name][1].replace(b"\r\n", b"").decode().strip(" \t") if name in by_name else ""


def _read_mailboxes(by_name: Mapping[bytes, Field], name: bytes) -> tuple[Mailbox, ...]:
    try:
        return parse_mailboxes(_text_of(by_name, name))
    except MailboxError as error:
        title = name.decode().title()
        raise SenderInvalid(
            f"The {title} field is not a name and an address: {error}", field=name.decode(), value=_text_of(by_name, name)
        ) from None


def join_fields(fields: Iterable[Field]) -> bytes:
    """Return fields as they stand in a header."""
    return b"".join([name + b":" + value + b"\r\n" for name, value in fields])


def prepare_raw(fields: Iterable[Field], copy: Copy, unsubscribe_url: str = "") -> bytes:
    """Return the header of a copy of a raw mail, without the empty line: what goes out before the body.

    Bcc and control fields are out, a missing Date and Message-ID are in, one Received stands on top. Where each copy shows its
    own recipient only (`one_by_one`), To is that recipient, and Cc is out. With an `unsubscribe_url` it is offered.
    """
    hidden = _STRIPPED | {b"to", b"cc"} if copy.letter.one_by_one else _STRIPPED
    named = [(field[0].lower(), field) for field in fields]
    kept = [field for name, field in named if name not in hidden and not name.startswith(_CONTROL_PREFIX)]
    names = {name for name, _ in named}
    way_out = write_way_out(unsubscribe_url, [name.decode() for name, _ in kept]) if unsubscribe_url else ()
    return b"".join([_write_received(copy.letter), join_fields(kept), *_write_missing(names, copy), *way_out])


def _write_missing(names: Container[bytes], copy: Copy) -> list[bytes]:
    letter, added = copy.letter, []
    if b"date" not in names:
        added.append(write_header("Date", format_date(letter.accepted_at)))
    if b"message-id" not in names:
        added.append(write_header("Message-ID", make_message_id(copy)))
    if letter.one_by_one:
        added.append(write_addresses("To", [Mailbox(email=copy.email, name=copy.name)]))
    return added


def is_control(name: str) -> bool:
    """Tell whether a header is an order to us, which does not go out: X-SMTPAPI and X-STes-*."""
    key = name.lower().encode()
    return key == b"x-smtpapi" or key.startswith(_CONTROL_PREFIX)


def make_message_id(copy: Copy) -> str:
    """Return the Message-ID of a copy: one for all copies that show the same recipients, else one for each."""
    position = f".{copy.position}" if copy.letter.one_by_one else ""
    return f"<{copy.letter.public_id}{position}@{copy.letter.sender.email.rpartition('@')[2]}>"


def _write_received(letter: Letter) -> bytes:
    """Return the trace field of RFC 5321 4.4, with what the client said of itself only where it is a name."""
    protocol = "ESMTPA" if letter.door == "smtp" else "HTTP"
    ehlo = letter.ehlo if _HOST.fullmatch(letter.ehlo) else "unknown"
    return (
        f"Received: from {ehlo} ({_write_client(letter.client)})\r\n"
        f"\tby {settings.GATEPOST_HOSTNAME} with {protocol} id {letter.public_id};\r\n"
        f"\t{format_date(letter.accepted_at)}\r\n"
    ).encode()


@lru_cache(maxsize=1000)
def _write_client(client: str) -> str:
    try:
        address = ip_address(client)
    except ValueError:
        return "unknown"
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"
