from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from gateway.listeners.tls import get_context, keep_self_signed


def test_it_works(settings: Settings, tmp_path: Path) -> None:
    settings.GATEPOST_DATA = tmp_path
    assert get_context().get_ca_certs() == []
    kept = (tmp_path / "tls.pem").read_bytes()
    get_context()
    assert (tmp_path / "tls.pem").read_bytes() == kept


def test_the_certificate_is_for_the_host_and_for_loopback(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(keep_self_signed(tmp_path / "tls.pem", "mx.example").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx.example", "localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_the_key_is_for_our_eyes_only(tmp_path: Path) -> None:
    assert keep_self_signed(tmp_path / "tls.pem", "mx.example").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["tls.pem"]


def test_production_needs_a_certificate(settings: Settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured, match="GATEPOST_TLS_CERT and GATEPOST_TLS_KEY are not set"):
        get_context()


def test_the_operators_certificate_is_used(settings: Settings, certificate: Path) -> None:
    settings.EMBEDDED = False
    settings.GATEPOST_TLS_CERT = settings.GATEPOST_TLS_KEY = str(certificate)
    assert get_context() is not None


def test_a_certificate_that_cannot_be_read_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.GATEPOST_TLS_CERT = str(tmp_path / "none.pem")
    with pytest.raises(ImproperlyConfigured, match=r"none\.pem.*No such file"):
        get_context()
