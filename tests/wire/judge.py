"""What is seen of a mail on the wire, and whether it is what was asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Any

import idna

from gateway.engine.prepare import Ready
from gateway.smtp.events import MessageReceived
from tests.wire.places import NAME, May, Place
from tests.wire.raw import find_mail, write
from tests.wire.route import Said, say

LINES = re.compile(rb"(?:[^\r\n\0]{0,998}\r\n)*")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_FIELD = re.compile(rb"([!-9;-~]+):(.*)", re.DOTALL)
_COMMANDS = re.compile(
    rb"EHLO mail\.example\n"
    rb"MAIL FROM:<b\+[\w-]+@([a-z.]+)> SIZE=\d+(?: BODY=8BITMIME)?(?: SMTPUTF8)?\n"
    rb"RCPT TO:<([^\n]+)>\n"
    rb"DATA\n"
    rb"\."
)  # fmt: skip
_OURS = ("received", "dkim-signature")
_NOT_SENT = re.compile(rb"bcc|resent-bcc|x-smtpapi|x-stes-.*")
_WAY_OUT = frozenset(("list-unsubscribe", "list-unsubscribe-post"))

Shown = tuple[tuple[str, str], ...]  # names and addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One copy as a strict receiver sees it. Names are in lower case, `names` sorted; texts are decoded."""

    recipient: str
    return_domain: str
    names: tuple[str, ...]
    sender: Shown
    to: Shown
    cc: Shown
    replies: Shown
    subject: str
    parts: tuple[str, ...]
    body: bytes

    @property
    def leaves(self) -> list[str]:
        return [part for part in self.parts if not part.startswith("multipart/")]


def look(ready: Ready) -> Sight:
    """Deliver a copy by both state machines, fail unless every octet is as it must be, and return what is seen."""
    said = say(ready)
    return_domain, recipient = _check_said(ready, said)
    head, _, body = ready.parcel.wire.partition(b"\r\n\r\n")
    fields = split(head + b"\r\n")
    values: dict[str, str] = {}
    for name, value in fields:
        values.setdefault(name.decode().lower(), value.decode("utf-8").strip(" \t"))
    return Sight(
        recipient=recipient,
        return_domain=return_domain,
        names=tuple(sorted(name.decode().lower() for name, _ in fields)),
        sender=_mailboxes(values.get("from", "")),
        to=_mailboxes(values.get("to", "")),
        cc=_mailboxes(values.get("cc", "")),
        replies=_mailboxes(values.get("reply-to", "")),
        subject=decode(values.get("subject", "")),
        parts=parts_of(ready.parcel.wire),
        body=body,
    )


def _check_said(ready: Ready, said: Said) -> tuple[str, str]:
    """Check what passed in a session of one delivery; return the domain of MAIL FROM, and RCPT TO."""
    assert LINES.fullmatch(ready.parcel.wire), "the lines of the mail"
    assert re.fullmatch(rb"(?:[^\r\n\0]{0,999}\r\n)*", said.stuffed), "the lines with their dots stuffed"
    assert not re.search(rb"^\.(?!\.)", said.stuffed, re.MULTILINE), "a dot that is not stuffed"
    commands = _COMMANDS.fullmatch(b"\n".join(said.commands))
    assert commands, said.commands
    assert len(said.received) == 1, "messages received"
    (received,) = said.received
    assert isinstance(received, MessageReceived)
    assert received.content == ready.parcel.wire, "what arrived is what was sent"
    assert [one.text for one in received.recipients] == [ready.parcel.rcpt_to], "RCPT TO"
    return commands[1].decode(), commands[2].decode()


def split(header: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and unfolded values of a header; fail where a line is neither a field nor the continuation of one."""
    assert header.endswith(b"\r\n")
    fields = []
    for line in _FOLD.sub(b"", header).removesuffix(b"\r\n").split(b"\r\n"):
        field = _FIELD.fullmatch(line)
        assert field, line[:100]
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line), line[:100]
        fields.append((field[1], field[2]))
    return fields


def parts_of(mail: bytes) -> tuple[str, ...]:
    """Return the types of a mail's parts, from the outside in."""
    return tuple(part.get_content_type() for part in message_from_bytes(mail).walk())


def decode(value: str) -> str:
    return str(make_header(decode_header(value))) if "=?" in value else value


def _mailboxes(value: str) -> Shown:
    if value == "undisclosed-recipients:;":
        return ()
    return tuple((decode(name), email) for name, email in getaddresses([value]) if name or email)


# Against what was asked for ---------------------------------------------------------------------------------------------


def compare(place: Place, text: str, seen: Sequence[Sight], usual: Sequence[Sight]) -> None:
    """Fail unless mail with `text` at `place` differs from the usual mail in nothing but what the text may change."""
    if place.is_in_header:
        return  # the header is the customer's own; `compare_raw` knows more
    may = place.may
    _compare_people(place, text, seen, usual)
    for number, one in enumerate(seen):
        as_before = (other for other in usual if other.recipient == one.recipient)
        same = next(as_before, usual[min(number, len(usual) - 1)])
        _compare_names(place, text, one, same)
        assert May.SENDER in may or one.sender == same.sender, f"From: {one.sender}"
        assert May.REPLIES in may or one.replies == same.replies, f"Reply-To: {one.replies}"
        assert May.SUBJECT in may or one.subject == same.subject, f"Subject: {one.subject}"
        assert May.RETURN in may or one.return_domain == same.return_domain, f"MAIL FROM: {one.return_domain}"
        if not place.is_raw:
            assert May.PARTS in may or one.parts == same.parts, f"parts: {one.parts}"
            assert len(one.leaves) == len(same.leaves) or place.key in REPLACES_PARTS, f"parts: {one.parts}"
        assert May.SENDER not in may or {email.rpartition("@")[2] for _, email in one.sender} == {"acme.example"}, one.sender
        check_text(place, text, one)


# Texts that say which parts there are: Django passes over a file whose name, or whose field's name, comes to nothing, and a
# template's HTML or text whose fields are all empty leaves the other one alone, without a multipart around it.
REPLACES_PARTS = frozenset(
    (
        "body/contenttype",
        "files/name",
        "files/filename",
        "body/template/html",
        "body/template/text",
        "template/html",
        "template/text",
        "body/message/headers/x-stes-autotext#",
    )
)


def check_text(place: Place, text: str, one: Sight) -> None:
    """Fail unless what was handed in as subject or sender's name is what a reader sees."""
    if place.is_raw:
        return  # what stands in the mail is looked at as a whole
    is_plain = not re.search(r"[%\[{]", text)
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")  # as forms bring halves of surrogate pairs
    if place.door.startswith("console"):
        text = text.strip()  # as forms of Django do
    if place.path[-1] in {"subject", "Subject"} and is_plain and place.door != "console list" and "template" not in place.key:
        assert one.subject == text.replace("\t", " ").strip(" "), f"Subject: {one.subject!r}"
    if place.key in {"body/message/from_name", "body/from/name", "body/fromname", "body/name"} and text.strip(" \t"):
        assert [name for name, _ in one.sender] == [text.strip(" \t")], one.sender


def _compare_people(place: Place, text: str, seen: Sequence[Sight], usual: Sequence[Sight]) -> None:
    recipients, others = [one.recipient for one in seen], [one.recipient for one in usual]
    if May.PEOPLE not in place.may:
        assert recipients == others, f"RCPT TO: {recipients}"
    else:
        extra = Counter(recipients) - Counter(others)
        most = 1 + text.count("," if place.key == "body/rcptto" else ";") + text.count("RCPT TO")
        assert sum(extra.values()) <= most, f"RCPT TO: {recipients}"
    if place.is_raw:
        return  # the header of raw mail is the customer's own
    for one in seen:
        shown = {email for _, email in (*one.to, *one.cc)}
        assert shown <= set(recipients), f"shown: {shown}, RCPT TO: {recipients}"
        if not {May.PEOPLE, May.SHOWN} & set(place.may) and recipients == others:
            assert (one.to, one.cc) in [(other.to, other.cc) for other in usual], f"To: {one.to} Cc: {one.cc}"


def _compare_names(place: Place, text: str, one: Sight, usual: Sight) -> None:
    new, lost = Counter(one.names) - Counter(usual.names), Counter(usual.names) - Counter(one.names)
    if May.WAY_OUT in place.may:
        new, lost = _without(new, _WAY_OUT), _without(lost, _WAY_OUT)
    if place.key in REPLACES_PARTS:
        new = _without(new, {"content-transfer-encoding"})
    if May.HEADER in place.may:
        assert sum(lost.values()) <= 1, f"headers lost: {lost}"
        own = {text.lower()} if place.path[-1] == NAME or place.path[-1] == "N" else set()
        assert set(new) <= own, f"new headers: {new}"
        assert sum(new.values()) <= 1, f"new headers: {new}"
    else:
        assert not new, f"new headers: {new}"
        assert not lost, f"headers lost: {lost}"


def _without(names: Counter[str], others: Iterable[str]) -> Counter[str]:
    return Counter({name: count for name, count in names.items() if name not in others})


# Raw mail ---------------------------------------------------------------------------------------------------------------


def compare_raw(place: Place, call: Mapping[str, Any], seen: Sequence[Sight], usual: Sequence[Sight]) -> None:
    """Fail unless each copy of a raw mail has just the fields that it was handed in with, but for those that steer us.

    Where its texts are not changed, its body is the very same.
    """
    mail = find_mail(call["body"])
    assert mail is not None
    whole = write(mail)
    head, _, body = whole.partition(b"\r\n\r\n")
    fields = split(head.removesuffix(b"\r\n") + b"\r\n")
    if place.is_in_header:  # elsewhere, `compare` has looked
        ordered = {one.recipient for one in usual}
        assert {one.recipient for one in seen} in (_enveloped(call["body"], fields), ordered), "RCPT TO"
    parts = parts_of(whole)
    kept = Counter(name.decode().lower() for name, _ in fields if not _NOT_SENT.fullmatch(name.lower()))
    for one in seen:
        names = Counter(name for name in one.names if name not in _OURS)
        added = names - kept
        assert set(added) <= {"date", "message-id", "to", *_WAY_OUT}, f"new headers: {added}"
        if "base64" not in (mail["x_smtpapi"] or {}):
            assert not kept - names, f"headers lost: {kept - names}"
        assert one.parts == parts, f"parts: {one.parts}"
        assert place.door not in AS_IT_WAS or one.body == body, "the body is not changed"


AS_IT_WAS = frozenset(("smtp", "sendclean raw", "octeth relay"))  # doors of whose mail no text is changed


def _enveloped(asked: Mapping[str, Any], fields: Iterable[tuple[bytes, bytes]]) -> set[str]:
    """Return to whom a whole mail was to go: as its envelope says, and where it has none, its own To, Cc and Bcc."""
    if "rcpt" in asked:
        return set(asked["rcpt"])
    if "RcptTo" in asked:
        return {one.strip(" <>") for one in asked["RcptTo"].split(",")}
    shown = [value.decode() for name, value in fields if name.lower() in {b"to", b"cc", b"bcc"}]
    return {_normal(email) for _, email in getaddresses(shown)}


def _normal(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"
