"""DKIM signatures (RFC 6376), relaxed/relaxed, by RSA and Ed25519 (RFC 8463). Bytes in, bytes out; no Django.

A signature is built for speed: header fields and body are brought to their canonical form once for all keys of a message.
There is no `l=`: nothing can be appended to what we signed. Fields that a reader sees are signed once more than they occur
("oversigned", RFC 6376 8.15), so that nobody can add another.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

# Signed as often as they occur and once more, also where they do not occur.
OVERSIGNED = (b"From", b"To", b"Cc", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type")
# Signed as often as they occur.
SIGNED = (
    b"Sender",
    b"Content-Transfer-Encoding",
    b"Content-ID",
    b"Content-Description",
    b"In-Reply-To",
    b"References",
    b"List-ID",
    b"List-Help",
    b"List-Subscribe",
    b"List-Unsubscribe",
    b"List-Unsubscribe-Post",
    b"List-Post",
    b"List-Owner",
    b"List-Archive",
    b"Feedback-ID",
    b"Auto-Submitted",
    b"Precedence",
)
# Name as written in h=, name in lower case, how often more than it occurs.
_PLAN = (*((name, name.lower(), 1) for name in OVERSIGNED), *((name, name.lower(), 0) for name in SIGNED))
_WATCHED = frozenset(key for _, key, _ in _PLAN)

_FIELD = re.compile(rb"([^:\r\n]+):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_BLANKS = re.compile(rb"[ \t\r\n]+")
_LONG_BLANKS = re.compile(rb"  ++")
_LINE = 74


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A private key and where its public key is published: `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    key: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    def __str__(self) -> str:
        return f"{self.domain}/{self.selector}"

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(digest, _PADDING, _PREHASHED)
        return self.key.sign(digest)  # RFC 8463 3: PureEdDSA over the digest


_PADDING, _PREHASHED = PKCS1v15(), Prehashed(SHA256())


def hash_body(body: bytes) -> bytes:
    """Return the SHA-256 of a body in its relaxed form (RFC 6376 3.4.4), to be shared by all signatures over it."""
    return hashlib.sha256(relax_body(body)).digest()


def relax_body(body: bytes) -> bytes:
    """Return `body`, whose lines end with CRLF, in its relaxed canonical form."""
    # Tabs first: what begins with two spaces is found several times as fast as either of them. Most mail has none, which
    # searching from the end tells in the least time.
    body = body.replace(b"\t", b" ")
    if body.rfind(b"  ") >= 0:
        body = _LONG_BLANKS.sub(b" ", body)
    if body.rfind(b" \r\n") >= 0:
        body = body.replace(b" \r\n", b"\r\n")
    body = body.rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def sign(head: bytes, body_hash: bytes, signers: Sequence[Signer], *, when: int) -> bytes:
    """Return the DKIM-Signature fields of all `signers`, to be put before `head`.

    `head` is the header block, each field ending with CRLF, without the empty line; `body_hash` comes from hash_body; `when` is
    in seconds since 1970.
    """
    names, canonical = _choose_fields(_group_fields(head))
    hashed = hashlib.sha256(canonical)
    return b"".join([_sign_one(signer, tuple(names), hashed.copy(), body_hash, when) for signer in signers])


def _group_fields(head: bytes) -> Mapping[bytes, list[bytes]]:
    """Return the relaxed forms of the fields that can be signed, by lower-case name, in their order."""
    groups: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(head):
        key = name.rstrip(b" \t").lower()
        if key in _WATCHED:
            groups.setdefault(key, []).append(key + b":" + _relax(value) + b"\r\n")
    return groups


def _relax(value: bytes) -> bytes:
    """Return the relaxed form of a field's value (RFC 6376 3.4.2)."""
    if b"  " in value or b"\t" in value or b"\n" in value:
        value = _BLANKS.sub(b" ", value)
    return value.strip(b" ")


def _choose_fields(groups: Mapping[bytes, Sequence[bytes]]) -> tuple[list[bytes], bytes]:
    """Return the names for h= and the signed fields; those of one name from the last to the first (RFC 6376 5.4.2)."""
    names: list[bytes] = []
    fields: list[bytes] = []
    for name, key, extra in _PLAN:
        found = groups.get(key, ())
        if found or extra:
            names += [name] * (len(found) + extra)
            fields += reversed(found)
    return names, b"".join(fields)


def _sign_one(signer: Signer, names: tuple[bytes, ...], hashed: hashlib._Hash, body_hash: bytes, when: int) -> bytes:
    written, relaxed = _form(signer.algorithm, signer.domain, signer.selector, names)
    values = (b"%d" % when, base64.b64encode(body_hash))
    hashed.update(relaxed % values)
    signature = base64.b64encode(signer.sign(hashed.digest()))
    pieces = [signature[begin : begin + _LINE - 2] for begin in range(0, len(signature), _LINE - 2)]
    return written % values + b"\r\n\t".join(pieces) + b"\r\n"


@lru_cache(maxsize=1000)
def _form(algorithm: str, domain: str, selector: str, names: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Return a signature field up to its b=, as it is written and in relaxed form, with %b for t= and bh=.

    Mail of one sender mostly has the same fields, and the values that go in have no blanks.
    """
    tags = (
        f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n\ts={selector}; t=".encode(),
        b";\r\n\t" + _fold_names(names) + b";\r\n\tbh=",
        b";\r\n\tb=",
    )
    written = b"%b".join([tag.replace(b"%", b"%%") for tag in tags])
    name, _, value = written.partition(b":")
    return written, name.lower() + b":" + _relax(value)


def _fold_names(names: tuple[bytes, ...]) -> bytes:
    lines: list[bytes] = []
    line = b"h=" + names[0]
    for name in names[1:]:
        if len(line) + 1 + len(name) > _LINE:
            lines.append(line)
            line = b":" + name
        else:
            line += b":" + name
    return b"\r\n\t".join([*lines, line])
