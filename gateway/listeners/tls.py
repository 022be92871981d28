"""TLS on the receiving side: the operator's certificate, or one that we sign ourselves and keep."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from gateway.base import clock

_YEARS = 10
_ALWAYS = ("localhost", "127.0.0.1", "::1")


def get_context() -> ssl.SSLContext:
    """Return the context of this installation's listeners; raise ImproperlyConfigured where there is no certificate."""
    if settings.GATEPOST_TLS_CERT:
        return _load(settings.GATEPOST_TLS_CERT, settings.GATEPOST_TLS_KEY or None)
    if not settings.EMBEDDED:
        raise ImproperlyConfigured(
            "GATEPOST_TLS_CERT and GATEPOST_TLS_KEY are not set; SMTP needs a certificate in production."
        )
    return make_context(keep_self_signed(settings.GATEPOST_DATA / "tls.pem", settings.GATEPOST_HOSTNAME))


def make_context(certificate: str | Path, key: str | Path | None = None) -> ssl.SSLContext:
    """Return a context for servers, TLS 1.2 and later; `certificate` may hold the key too. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def keep_self_signed(path: Path, hostname: str) -> Path:
    """Return `path`, a PEM file with a key and a certificate that it signs; make it where it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        made.touch(mode=0o600)
        made.write_bytes(_sign_self((hostname, *_ALWAYS)))
        with suppress(FileExistsError):  # two processes that start at once agree on the first one's
            os.link(made, path)
        made.unlink()
    return path


def _load(certificate: str, key: str | None) -> ssl.SSLContext:
    try:
        return make_context(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise ImproperlyConfigured(
            f"GATEPOST_TLS_CERT {certificate!r} and GATEPOST_TLS_KEY {key or ''!r} cannot be used: {error}."
        ) from None


def _sign_self(names: Sequence[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName([_general_name(each) for each in dict.fromkeys(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + certificate.public_bytes(Encoding.PEM)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
