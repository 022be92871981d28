"""Letters, copies and signing keys for tests of what goes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domains.dkim import Signer
from domains.keys import write_public_key
from gateway.engine.letter import Copy, Letter
from gateway.engine.submission import Kind, Mailbox

GOLDEN = Path(__file__).parent.parent / "golden"
NOW = datetime(2026, 11, 21, 8, 30, 5, tzinfo=UTC)
UUID = "019347a2-5b1c-7def-8123-456789abcdef"


def _load_rsa() -> RSAPrivateKey:
    key = load_pem_private_key((GOLDEN / "keys" / "rsa.pem").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


SIGNERS = (
    Signer(domain="acme.example", selector="gp2611r", key=_load_rsa()),
    Signer(domain="acme.example", selector="gp2611e", key=Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
)


def _record_of(signer: Signer) -> str:
    return f"v=DKIM1; k={signer.algorithm.partition('-')[0]}; p={write_public_key(signer.key)}"


RECORDS = {f"{signer.selector}._domainkey.{signer.domain}": _record_of(signer) for signer in SIGNERS}


def make_letter(**changes: Any) -> Letter:
    letter = Letter(
        message_id=1,
        public_id=UUID,
        account_id=1,
        domain_id=1,
        smtp_user_id=1,
        door="smtp",
        accepted_at=NOW,
        subject="Hello",
        sender=Mailbox(email="news@acme.example", name="Acme"),
        to=(Mailbox(email="jane@example.net"),),
        text="Hello Jane\n",
        client="192.0.2.7",
        ehlo="client.example.org",
    )
    return replace(letter, **changes)


def make_copy(letter: Letter, **changes: Any) -> Copy:
    copy = Copy(
        recipient_id=1, letter=letter, position=0, kind=Kind.TO, email="jane@example.net", name="", domain="example.net"
    )
    return replace(copy, **changes)


def parse(octets: bytes) -> EmailMessage:
    """Return a mail as the standard library reads it."""
    message = message_from_bytes(octets, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts_of(message: EmailMessage) -> Iterator[tuple[str, Any]]:
    """Yield type and decoded content of each part that has one."""
    for part in message.walk():
        if not part.is_multipart():
            yield part.get_content_type(), part.get_content()


def verify_with_dkimpy(message: bytes) -> list[bool]:
    """Return whether each signature is right, from the first on."""

    def find_record(name: bytes, timeout: int = 5) -> bytes:
        return RECORDS[name.decode().rstrip(".")].encode()

    count = message.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:")
    return [_verify(message, index, find_record) for index in range(count)]


def _verify(message: bytes, index: int, find_record: Any) -> bool:
    try:
        return bool(dkim.DKIM(message).verify(index, dnsfunc=find_record))
    except dkim.DKIMException:
        return False
