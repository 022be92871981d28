"""From a stored letter to the exact octets that one recipient gets: merged, built or prepared, checked, signed.

What copies of one letter have in common is made once for a batch: parts, bodies with their hashes, and, where nothing differs
from recipient to recipient, the whole signed mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from domains.dkim import Signer, hash_body, sign
from gateway.base import clock
from gateway.base.errors import Refused
from gateway.engine import wire
from gateway.engine.headers import format_date, write_addresses, write_header, write_way_out
from gateway.engine.letter import Copy, Letter
from gateway.engine.meetings import stamp
from gateway.engine.merging import Merge, merge_of
from gateway.engine.mime import MimeBody, Part, build_body, build_file
from gateway.engine.rawmail import Field, is_control, make_message_id, prepare_raw, split_raw
from gateway.engine.rawparts import Rewrite, rewrite_texts
from gateway.engine.submission import Mailbox, Syntax
from gateway.engine.track import NOTHING, Extras
from templates_app.filling import CannotFill

K = TypeVar("K")
T = TypeVar("T")

# One header field and no more: what is between name and CRLF may be folded, but has no controls.
_ONE_FIELD = re.compile(rb"[!-9;-~]+:[\t -~\x80-\xff]*(?:\r\n[ \t]+[!-~\x80-\xff][\t -~\x80-\xff]*)*\r\n")


class CannotCompose(Exception):
    """A stored letter cannot be sent as it is; str() is a sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The octets of one copy, ready for DATA but for dot-stuffing, and what a receiver must know to take them."""

    wire: bytes = field(repr=False)
    signed_by: str  # "example.com/gp1 example.com/gp2"
    needs_8bit: bool
    needs_smtputf8: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """A raw mail in its parts."""

    fields: Sequence[Field]
    body: bytes
    body_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is done to the mail of a copy. `rewrite` is None where its texts stay; `is_own`: other copies come out different."""

    merge: Merge
    rewrite: Rewrite | None
    unsubscribe_url: str
    is_own: bool


class Composer:
    """Composes the copies of one batch, and forgets with it what they share.

    `track` returns what a copy has beyond what its customer wrote: tracked links, a pixel, a way out.
    """

    def __init__(self, track: Callable[[Copy], Extras] = lambda _: NOTHING) -> None:
        self._track = track
        self._files: dict[int, list[Part]] = {}
        self._bodies: dict[int, MimeBody] = {}
        self._raws: dict[int, _Raw] = {}
        self._changed_raws: dict[int, _Raw] = {}
        self._whole: dict[tuple[int, tuple[Signer, ...]], Composed] = {}

    def compose(self, copy: Copy, signers: Sequence[Signer]) -> Composed:
        """Return what goes out for `copy`, signed by all `signers`; raise CannotCompose."""
        change = _change_of(copy, self._track(copy))
        key = None if copy.letter.one_by_one or change.is_own else (copy.letter.message_id, tuple(signers))
        try:
            composed = _once(self._whole, key, lambda: self._compose(copy, change, signers))
        except UnicodeEncodeError as error:
            raise CannotCompose(f"A name or address is not text: {error.reason}.") from None
        except CannotFill as error:
            raise CannotCompose(_blame(copy.letter, error)) from None
        return composed if copy.email.isascii() else replace(composed, needs_smtputf8=True)

    def _compose(self, copy: Copy, change: _Change, signers: Sequence[Signer]) -> Composed:
        if copy.letter.raw is not None:
            raw = self._prepare(copy, change)
            head, body, body_hash = prepare_raw(raw.fields, copy, change.unsubscribe_url), raw.body, raw.body_hash
        else:
            content = self._build(copy, change)
            head, body, body_hash = _write_head(copy, change, content), content.body, content.body_hash
        signatures = sign(head, body_hash, signers, when=int(clock.now().timestamp()))
        return Composed(
            wire=check_wire(b"".join([signatures, head, b"\r\n", body])),
            signed_by=" ".join(map(str, signers)),
            needs_8bit=not body.isascii() or not head.isascii(),
            needs_smtputf8=not head.isascii(),
        )

    def _build(self, copy: Copy, change: _Change) -> MimeBody:
        letter = copy.letter
        files = _once(self._files, letter.message_id, lambda: _build_files(letter))
        key = letter.message_id if change.rewrite is None or not change.is_own else None
        return _once(self._bodies, key, lambda: _build_body(letter, files, change.rewrite or _as_it_is))

    def _prepare(self, copy: Copy, change: _Change) -> _Raw:
        letter, rewrite = copy.letter, change.rewrite
        raw = _once(self._raws, letter.message_id, lambda: _read(letter.raw or b""))
        if rewrite is None:
            return raw
        key = None if change.is_own else letter.message_id
        return _once(self._changed_raws, key, lambda: _change_raw(raw, change.merge, rewrite))


def compose(copy: Copy, signers: Sequence[Signer]) -> Composed:
    """Return what goes out for one copy alone; raise CannotCompose. Batches go through a Composer."""
    return Composer().compose(copy, signers)


def check_wire(octets: bytes) -> bytes:
    """Return `octets` when they may go on the wire; raise CannotCompose."""
    fault = wire.find_fault(octets)
    if fault:
        raise CannotCompose(f"The composed mail has {fault}.")
    return octets


def _once(kept: dict[K, T], key: K | None, make: Callable[[], T]) -> T:
    """Return what is kept under `key`, made where it is not there; with no key it is made for this one time."""
    if key is None:
        return make()
    if key not in kept:
        kept[key] = make()
    return kept[key]


def _blame(letter: Letter, error: CannotFill) -> str:
    """Return why a copy cannot be filled in; of values that came in an X-SMTPAPI header in the words of seeds/002."""
    is_header = letter.syntax is Syntax.SENDCLOUD and letter.raw is not None
    return f"worker: invalid XSMTP-API: {error}" if is_header else str(error)


def _as_it_is(_: str, text: str) -> str:
    return text


def _change_of(copy: Copy, extras: Extras) -> _Change:
    merge = merge_of(copy, extras.unsubscribe_url, names_link=extras.names_link)
    return _Change(
        merge=merge,
        rewrite=_chain(merge, extras.rewrite),
        unsubscribe_url=extras.unsubscribe_url,
        is_own=extras != NOTHING or (merge.fills and merge.is_own),
    )


def _chain(merge: Merge, track: Rewrite | None) -> Rewrite | None:
    """Return what fills in the fields of a text and then tracks its links, None where neither is done."""
    if not merge.fills or track is None:
        return merge.fill_body if merge.fills else track
    return lambda kind, text: track(kind, merge.fill_body(kind, text))


# Built mail -------------------------------------------------------------------------------------------------------------


def _build_files(letter: Letter) -> list[Part]:
    return [build_file(stamp(file, letter.accepted_at)) for file in letter.files]


def _build_body(letter: Letter, files: Sequence[Part], rewrite: Rewrite) -> MimeBody:
    text = rewrite("plain", letter.text) if letter.text else ""
    html = rewrite("html", letter.html) if letter.html else ""
    return build_body(text=text, html=html, files=files, seed=letter.public_id, charset=letter.charset)


def _write_head(copy: Copy, change: _Change, content: MimeBody) -> bytes:
    letter = copy.letter
    to, cc = ((Mailbox(email=copy.email, name=copy.name),), ()) if letter.one_by_one else (letter.to, letter.cc)
    fields = [
        write_header("Date", format_date(letter.accepted_at)),
        write_addresses("From", [letter.sender]),
        write_addresses("To", to) if to else b"To: undisclosed-recipients:;\r\n",
        *([write_addresses("Cc", cc)] if cc else []),
        *([write_addresses("Reply-To", letter.reply_to)] if letter.reply_to else []),
        write_header("Subject", change.merge.fill_line(letter.subject)),
        write_header("Message-ID", make_message_id(copy)),
        *(write_header(name, change.merge.fill_line(value)) for name, value in letter.headers if not is_control(name)),
        *write_way_out(change.unsubscribe_url, [name for name, _ in letter.headers]),
    ]
    return b"".join([*map(_check_field, fields), content.head])


def _check_field(octets: bytes) -> bytes:
    """Return a field that is exactly one; whatever was stored, nothing becomes a second one here."""
    if not _ONE_FIELD.fullmatch(octets):
        name = octets[:76].partition(b":")[0].decode("ascii", "backslashreplace")
        raise CannotCompose(f"The header {name} has control characters or line breaks.")
    return octets


# Raw mail ---------------------------------------------------------------------------------------------------------------


def _read(raw: bytes) -> _Raw:
    try:
        fields, begin = split_raw(raw)
    except Refused as refused:
        raise CannotCompose(refused.message) from None
    body = raw[begin:]
    return _Raw(fields=fields, body=body, body_hash=hash_body(body))


def _change_raw(raw: _Raw, merge: Merge, rewrite: Rewrite) -> _Raw:
    fields, body = rewrite_texts(raw.fields, raw.body, rewrite)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return _Raw(fields=tuple(merge.fill_fields(fields)), body=body, body_hash=hash_body(body))
