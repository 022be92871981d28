"""DKIM keys of sender domains: made, sealed, and brought to the signer."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from domains.dkim import PrivateKey, Signer
from domains.models import DKIMKey, SenderDomain
from gateway.base import clock, sealing
from gateway.base.cache import TimedCache
from gateway.base.sealing import CannotOpen

RSA_BITS = 2048  # what every receiver verifies and RFC 8301 asks for
_LETTERS = {DKIMKey.Algorithm.RSA: "r", DKIMKey.Algorithm.ED25519: "e"}


def make_private_key(algorithm: str) -> PrivateKey:
    """Return a new private key of `algorithm`, one of DKIMKey.Algorithm."""
    if algorithm == DKIMKey.Algorithm.ED25519:
        return Ed25519PrivateKey.generate()
    return generate_private_key(65537, RSA_BITS)


def write_public_key(key: PrivateKey) -> str:
    """Return what stands in p= of the record: SubjectPublicKeyInfo for RSA, the bare 32 octets for Ed25519 (RFC 8463 4)."""
    if isinstance(key, RSAPrivateKey):
        octets = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        octets = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(octets).decode()


def write_record(key: DKIMKey) -> str:
    """Return the value of the TXT record to publish for `key`; a DNS panel cuts it into strings of 255 octets itself."""
    return f"v=DKIM1; k={key.algorithm}; p={key.public_key}"


def add_keys(domain: SenderDomain, *, is_active: bool = True) -> list[DKIMKey]:
    """Make a key of each algorithm for `domain` and return them. They sign once their records are published.

    With `is_active` False they are to follow others, which sign until then: see rotation.py.
    """
    return [_add_key(domain, algorithm, is_active=is_active) for algorithm in DKIMKey.Algorithm]


def _add_key(domain: SenderDomain, algorithm: DKIMKey.Algorithm, *, is_active: bool) -> DKIMKey:
    private_key = make_private_key(algorithm)
    selector = _choose_selector(domain, algorithm)
    octets = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DKIMKey.objects.create(
        domain=domain,
        selector=selector,
        algorithm=algorithm,
        public_key=write_public_key(private_key),
        sealed_private_key=sealing.seal(octets, _place_of(domain, selector)),
        is_active=is_active,
    )


def _choose_selector(domain: SenderDomain, algorithm: DKIMKey.Algorithm) -> str:
    """Return gp2611r, or gp2611r2, gp2611r3, ...: year, month, algorithm, number.

    The number follows the highest there is: the selector of a deleted key is not given to another while DNS may remember it.
    """
    base = f"gp{clock.now():%y%m}{_LETTERS[algorithm]}"
    taken = domain.dkim_keys.filter(selector__startswith=base).values_list("selector", flat=True)
    numbers = [int(name.removeprefix(base) or 1) for name in taken if name.removeprefix(base).isdigit() or name == base]
    return f"{base}{max(numbers) + 1}" if numbers else base


def signers_for(domain_id: int) -> tuple[Signer, ...]:
    """Return the keys that sign for a sender domain now, RSA first; none when no key is published.

    A domain that is trusted by command line signs with every active key. What is answered is at most four seconds old.
    Raises CannotOpen where none of its keys opens; one that does not is passed over beside one that does.
    """
    return _signers.get(domain_id, _load_signers)


def _load_signers(domain_id: int) -> tuple[Signer, ...]:
    rows = DKIMKey.objects.filter(domain_id=domain_id, is_active=True).select_related("domain").order_by("-algorithm", "id")
    keys = [key for key in rows if key.published_at is not None or key.domain.is_trusted]
    signers, failures = [], []
    for key in keys:
        try:
            signers.append(make_signer(key))
        except CannotOpen as error:
            failures.append(error)
    if failures and not signers:
        raise failures[0]
    return tuple(signers)


def forget() -> None:
    """Forget who signs, so that this process sees a change at once."""
    _signers.clear()


def make_signer(key: DKIMKey) -> Signer:
    """Return what signs with a key, whether it is in use or not; raise CannotOpen when it was sealed elsewhere."""
    private_key = _private_keys.get(key.pk, lambda _: open_private_key(key))
    return Signer(domain=key.domain.name, selector=key.selector, key=private_key)


def open_private_key(key: DKIMKey) -> PrivateKey:
    """Return the private key of a row; raise CannotOpen when it was sealed elsewhere."""
    octets = sealing.unseal(bytes(key.sealed_private_key), _place_of(key.domain, key.selector))
    # The seal proves that the key is what we made; checking its primes again costs 38 ms.
    private_key = load_der_private_key(octets, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private_key, RSAPrivateKey | Ed25519PrivateKey):
        raise TypeError(f"DKIM key {key.pk} is neither RSA nor Ed25519")
    return private_key


def _place_of(domain: SenderDomain, selector: str) -> str:
    return f"account:{domain.account_id}/dkim:{domain.name}/{selector}"


_signers: TimedCache[int, tuple[Signer, ...]] = TimedCache(seconds=4)
_private_keys: TimedCache[int, PrivateKey] = TimedCache(seconds=3600)
