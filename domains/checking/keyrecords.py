"""Published DKIM keys: read as receivers read them, and proven by a probe that dkimpy verifies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import dkim

from domains.checking.findings import Finding, Verdict
from domains.checking.lookups import Lookups
from domains.checking.tags import read_tags
from domains.checking.texts import QUOTES, is_quoted, judge_absence, unknown
from domains.dkim import Signer, hash_body, sign
from domains.records import Record
from gateway.base.resolver import Status

_STRING: Final = 255
_BODY: Final = b"This is a probe. It is never sent.\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A key of a domain: its public half in base64, and what signs with it (None where the private half does not open)."""

    selector: str
    algorithm: str
    public_key: str
    signer: Signer | None


async def judge_key(record: Record, domain: str, look: Lookups, keys: Mapping[str, KeyFacts]) -> Finding:
    """Judge the record of one key. `keys` are all of the domain's, by selector."""
    key = keys[record.selector]
    answer = await look.ask(record.name, "TXT")
    if answer.status is Status.FAILURE:
        return unknown(record, answer)
    if not any("p=" in text for text in answer.records):
        return await judge_absence(
            record, domain, look, answer.records, lambda texts: any(key.public_key in text for text in texts)
        )
    sentence = _explain(answer.records, record, key, keys)
    if key.signer is None and not sentence:  # our own mistake, which says nothing of the domain
        return Finding(record=record, verdict=Verdict.UNKNOWN, found=answer.records, sentence=_say_sealed(key))
    verdict = Verdict.WRONG if sentence else Verdict.GOOD
    return Finding(
        record=record, verdict=verdict, found=answer.records, sentence=sentence or _advise(answer.records[0], record.name)
    )


def _explain(found: tuple[str, ...], record: Record, key: KeyFacts, keys: Mapping[str, KeyFacts]) -> str:
    """Return the first mistake in a published key; empty when a probe signed by our key verifies with it, or none can be."""
    if len(found) > 1:
        return f"There are {len(found)} TXT records at {record.name}, and receivers accept just one; remove the others."
    text = found[0]
    for is_so, sentence in _SPELLINGS:
        if is_so(text):
            return sentence
    tags = read_tags(text)
    if tags is None:
        return "The record is not a list of tags such as v=DKIM1; k=rsa; p=...; enter it as it is shown."
    return _explain_tags(tags, text, key, keys) or (_prove(text, key.signer) if key.signer else "")


def _explain_tags(tags: Mapping[str, str], text: str, key: KeyFacts, keys: Mapping[str, KeyFacts]) -> str:
    for is_so, sentence in _TAGS:
        if is_so(tags):
            return sentence
    if tags.get("k", "rsa") != key.algorithm:
        return f"The record says k={tags.get('k', 'rsa')}, but this is a key of kind k={key.algorithm}."
    return _explain_key("".join(tags["p"].split()), text, key, keys)


def _explain_key(public: str, text: str, key: KeyFacts, keys: Mapping[str, KeyFacts]) -> str:
    if public == key.public_key:
        return ""
    if key.public_key.startswith(public):
        cut = " after 255 characters; enter it as strings of at most 255 characters each" if len(text) == _STRING else ""
        return f"The key in p= is cut off{cut or '; enter the value whole'}."
    for other in keys.values():
        if public == other.public_key:
            return f"This is the key of selector {other.selector}; the values were swapped. Enter this selector's own."
    return "The key in p= is not this domain's; replace the record by the value shown."


def _say_sealed(key: KeyFacts) -> str:
    return (
        f"The record has the right key, but the private key of selector {key.selector} does not open on this server, so mail "
        "cannot be signed with it. Operator: look at GATEPOST_SECRET_KEYS; the secret that sealed the key is not among them. "
        "Nothing was changed; it is looked at again."
    )


def _prove(text: str, signer: Signer) -> str:
    """Sign a probe with our private key and have dkimpy verify it with the record as published."""
    head = f"From: probe@{signer.domain}\r\nTo: probe@{signer.domain}\r\nSubject: Probe\r\n".encode()
    signature = sign(head, hash_body(_BODY), [signer], when=0)
    return "" if _verifies(signature + head + b"\r\n" + _BODY, text) else _NOT_PROVEN


_NOT_PROVEN: Final = "A probe that was signed with this key does not verify with the record; replace it by the value shown."


def _verifies(probe: bytes, text: str) -> bool:
    def published(*_: object, **__: object) -> bytes:
        return text.encode()

    try:
        return bool(dkim.DKIM(probe).verify(dnsfunc=published))
    except (dkim.DKIMException, KeyError, ValueError):  # the latter where dkimpy does not expect what it reads
        return False


def _advise(text: str, name: str) -> str:
    """Return what could be better in a record that works."""
    tags = read_tags(text) or {}
    return "" if "v" in tags else f"It works, but v=DKIM1; is missing at the beginning of {name}; better add it."


_SPELLINGS: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda text: "\\;" in text, "The semicolons have backslashes before them (\\;); enter the value without backslashes."),
    (is_quoted, QUOTES),
)


def _has_version_later(tags: Mapping[str, str]) -> bool:
    return "v" in tags and next(iter(tags)) != "v"


def _lists(tags: Mapping[str, str], tag: str, default: str) -> set[str]:
    return {part.strip() for part in tags.get(tag, default).split(":")}


_TAGS: Final[tuple[tuple[Callable[[Mapping[str, str]], bool], str], ...]] = (
    (lambda tags: tags.get("v", "DKIM1") != "DKIM1", "The record must begin with v=DKIM1, in these letters."),
    (_has_version_later, "v=DKIM1 must be the first tag of the record (RFC 6376 3.6.1)."),
    (lambda tags: "p" not in tags, "The record has no key: p= is missing."),
    (lambda tags: not tags["p"], "The key is revoked: p= is empty. Publish the value shown, or rotate the keys."),
    (
        lambda tags: "y" in _lists(tags, "t", ""),
        "The record says t=y (testing), so receivers treat mail as if it were not signed; remove t=y.",
    ),
    (
        lambda tags: _lists(tags, "s", "*").isdisjoint({"*", "email"}),
        "The record's s= does not allow e-mail; remove s=.",
    ),
    (
        lambda tags: "sha256" not in _lists(tags, "h", "sha256"),
        "The record's h= does not allow sha256; remove h=.",
    ),
)
