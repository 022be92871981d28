"""From a stored letter to the exact octets that one recipient gets: merged, built or prepared, checked, signed.

What copies of one letter have in common is made once for a batch: parts, bodies with their hashes, and, where nothing differs
from recipient to recipient, the whole signed mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from domains.dkim import Signer, hash_body, sign
from gateway.base import clock
from gateway.base.errors import Refused
from gateway.engine import wire
from gateway.engine.headers import format_date, write_addresses, write_header
from gateway.engine.letter import Copy, Letter
from gateway.engine.mime import MimeBody, Part, build_body, build_file
from gateway.engine.rawmail import Field, RawHead, is_control, make_message_id, prepare_raw, read_raw
from gateway.engine.rawparts import Rewrite, rewrite_texts
from gateway.engine.submission import Mailbox
from gateway.engine.words import decode_words
from templates_app.filling import CannotFill, fill, fills

K = TypeVar("K")
T = TypeVar("T")

# One header field and no more: what is between name and CRLF may be folded, but has no controls.
_ONE_FIELD = re.compile(rb"[!-9;-~]+:[\t -~\x80-\xff]*(?:\r\n[ \t]+[!-~\x80-\xff][\t -~\x80-\xff]*)*\r\n")
# What header text may not have, though merged values may bring it: controls, line separators, halves of surrogate pairs.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


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

    head: RawHead
    body: bytes
    body_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is done to the texts of a copy. `is_own`: it comes out different for each recipient."""

    rewrite: Rewrite
    is_own: bool


class Composer:
    """Composes the copies of one batch, and forgets with it what they share.

    `track` returns for a copy what rewrites its texts after merging (links, pixel), None where that copy is not tracked.
    """

    def __init__(self, track: Callable[[Copy], Rewrite | None] = lambda _: None) -> None:
        self._track = track
        self._files: dict[int, list[Part]] = {}
        self._bodies: dict[int, MimeBody] = {}
        self._raws: dict[int, _Raw] = {}
        self._changed_raws: dict[int, _Raw] = {}
        self._whole: dict[tuple[int, tuple[Signer, ...]], Composed] = {}

    def compose(self, copy: Copy, signers: Sequence[Signer]) -> Composed:
        """Return what goes out for `copy`, signed by all `signers`; raise CannotCompose."""
        change = self._change_for(copy)
        key = None if copy.letter.one_by_one or _is_own(change) else (copy.letter.message_id, tuple(signers))
        try:
            composed = _once(self._whole, key, lambda: self._compose(copy, change, signers))
        except UnicodeEncodeError as error:
            raise CannotCompose(f"A name or address is not text: {error.reason}.") from None
        except CannotFill as error:
            raise CannotCompose(str(error)) from None
        return composed if copy.email.isascii() else replace(composed, needs_smtputf8=True)

    def _compose(self, copy: Copy, change: _Change | None, signers: Sequence[Signer]) -> Composed:
        if copy.letter.raw is not None:
            raw = self._prepare(copy, change)
            head, body, body_hash = prepare_raw(raw.head, copy), raw.body, raw.body_hash
        else:
            content = self._build(copy, change)
            head, body, body_hash = _write_head(copy, content), content.body, content.body_hash
        signatures = sign(head, body_hash, signers, when=int(clock.now().timestamp()))
        return Composed(
            wire=check_wire(b"".join([signatures, head, b"\r\n", body])),
            signed_by=" ".join(map(str, signers)),
            needs_8bit=not body.isascii() or not head.isascii(),
            needs_smtputf8=not head.isascii(),
        )

    def _change_for(self, copy: Copy) -> _Change | None:
        """Return what is done to the texts of this copy, None where nothing is."""
        filled, track = _fill_for(copy), self._track(copy)
        if track is not None:
            rewrite = track if filled is None else lambda kind, text: track(kind, filled(kind, text))
            return _Change(rewrite=rewrite, is_own=True)
        return _Change(rewrite=filled, is_own=bool(copy.variables)) if filled else None

    def _build(self, copy: Copy, change: _Change | None) -> MimeBody:
        letter = copy.letter
        files = _once(self._files, letter.message_id, lambda: [build_file(file) for file in letter.files])
        rewrite = change.rewrite if change else _as_it_is
        key = None if _is_own(change) else letter.message_id
        return _once(self._bodies, key, lambda: _build_body(letter, files, rewrite))

    def _prepare(self, copy: Copy, change: _Change | None) -> _Raw:
        letter = copy.letter
        raw = _once(self._raws, letter.message_id, lambda: _read(letter.raw or b""))
        if change is None:
            return raw
        key = None if change.is_own else letter.message_id
        return _once(self._changed_raws, key, lambda: _change_raw(raw, copy, change.rewrite))


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


def _is_own(change: _Change | None) -> bool:
    return change is not None and change.is_own


def _as_it_is(_: str, text: str) -> str:
    return text


# Merge fields -----------------------------------------------------------------------------------------------------------


def _variables_of(copy: Copy) -> Mapping[str, str]:
    return {**copy.letter.variables, **copy.variables}


def _fill_for(copy: Copy) -> Rewrite | None:
    syntax, variables = copy.letter.syntax, _variables_of(copy)
    if not fills(syntax, variables):
        return None
    return lambda kind, text: fill(text, syntax, variables, escape_html=kind == "html")


def _fill_text(text: str, copy: Copy) -> str:
    """Return a subject or header value with its fields filled in; controls in values become spaces."""
    return _CONTROLS.sub(" ", fill(text, copy.letter.syntax, _variables_of(copy), escape_html=False))


def _fill_fields(fields: Sequence[Field], copy: Copy) -> list[Field]:
    """Return the fields of a raw mail with merge fields filled in, where text may stand: Subject, X-* and List-*."""
    return [_fill_field(item, copy) if item[0].lower().startswith((b"subject", b"x-", b"list-")) else item for item in fields]


def _fill_field(item: Field, copy: Copy) -> Field:
    text = decode_words(item[1].replace(b"\r\n", b"").decode().strip(" \t"))
    filled = _fill_text(text, copy)
    if filled == text:
        return item
    name, _, value = write_header(item[0].decode(), filled).partition(b":")
    return name, value.removesuffix(b"\r\n")


# Built mail -------------------------------------------------------------------------------------------------------------


def _build_body(letter: Letter, files: Sequence[Part], rewrite: Rewrite) -> MimeBody:
    text = rewrite("plain", letter.text) if letter.text else ""
    html = rewrite("html", letter.html) if letter.html else ""
    return build_body(text=text, html=html, files=files, seed=letter.public_id)


def _write_head(copy: Copy, content: MimeBody) -> bytes:
    letter = copy.letter
    to, cc = ((Mailbox(email=copy.email, name=copy.name),), ()) if letter.one_by_one else (letter.to, letter.cc)
    fields = [
        write_header("Date", format_date(letter.accepted_at)),
        write_addresses("From", [letter.sender]),
        write_addresses("To", to) if to else b"To: undisclosed-recipients:;\r\n",
        *([write_addresses("Cc", cc)] if cc else []),
        *([write_addresses("Reply-To", letter.reply_to)] if letter.reply_to else []),
        write_header("Subject", _fill_text(letter.subject, copy)),
        write_header("Message-ID", make_message_id(copy)),
        *(write_header(name, _fill_text(value, copy)) for name, value in letter.headers if not is_control(name)),
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
        head = read_raw(raw, max_size=len(raw))
    except Refused as refused:
        raise CannotCompose(refused.message) from None
    body = raw[head.body :]
    return _Raw(head=head, body=body, body_hash=hash_body(body))


def _change_raw(raw: _Raw, copy: Copy, rewrite: Rewrite) -> _Raw:
    fields, body = rewrite_texts(raw.head.fields, raw.body, rewrite)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    head = replace(raw.head, fields=tuple(_fill_fields(fields, copy)))
    return _Raw(head=head, body=body, body_hash=hash_body(body))
