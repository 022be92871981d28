"""Names that an account may add: real ones, in one spelling, that are neither ours nor everybody's (promises T8, T19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.names import can_track, clean_domain, clean_label, organization_of, tracking_target
from gateway.base.errors import FieldInvalid


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("example.com", "example.com"),
        ("  Mail.EXAMPLE.co.uk. ", "mail.example.co.uk"),
        ("раypal.com", "xn--ypal-43d9g.com"),  # Cyrillic letters: shown as what they are
        ("faß.de", "xn--fa-hia.de"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a。example｡com．", "a.example.com"),  # dots of other scripts
        ("ＥＸＡＭＰＬＥ.com", "example.com"),
        ("shop.github.io", "shop.github.io"),
        ("www.ck", "www.ck"),  # an exception of the public suffix list
    ],
)
def test_names_have_one_spelling(typed: str, name: str) -> None:
    assert clean_domain(typed) == name


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        *(
            (typed, "is not a domain name")
            for typed in ("", "a b.com", "https://a.com", "@a.com", "*.a.com", "_x.com", "a..b", "1.2.3.4")
        ),
        *(
            (typed, "is not a domain name")
            for typed in ("xn--a.com", "-a.com", "a.com\r\nX: y", "a\x00.com", "a" * 64 + ".com")
        ),
        *((typed, "public suffix") for typed in ("co.uk", "CO.UK.", "github.io", "foo.ck", "xn--55qx5d.cn")),
        ("com", "is not a domain name"),
        ("localhost", "name of this server itself"),
        ("mail.localhost", "name of this server itself"),
        (".".join(["a" * 60] * 4) + ".com", "too long"),
    ],
)
def test_other_names_are_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(FieldInvalid, match=sentence) as caught:
        clean_domain(typed)
    assert caught.value.field == "domain"


@pytest.mark.parametrize(
    "name", ["mail.platform.example", "a.returns.platform.example", "t.platform.example", "x.t.platform.example"]
)
def test_our_own_names_are_refused(name: str, settings) -> None:
    settings.GATEPOST_HOSTNAME = "mail.platform.example"
    settings.GATEPOST_RETURN_DOMAIN = "Returns.Platform.example"
    settings.GATEPOST_URL = "https://t.platform.example"
    with pytest.raises(FieldInvalid, match="name of this server itself"):
        clean_domain(name)
    assert clean_domain("platform.example") == "platform.example"  # the operator's own domain sends mail too


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_name_or_refused(text: str) -> None:
    try:
        name = clean_domain(text)
    except FieldInvalid:
        return
    assert clean_domain(name) == name
    assert name.isascii()


@pytest.mark.parametrize(
    ("name", "above"), [("mail.shop.co.uk", "shop.co.uk"), ("shop.co.uk", "shop.co.uk"), ("a.b.example", "b.example")]
)
def test_the_organisation_of_a_name(name: str, above: str) -> None:
    assert organization_of(name) == above


@pytest.mark.parametrize("label", ["track", "Links", "a-1", "links.mail"])
def test_prefixes(label: str) -> None:
    assert clean_label(label, field="subdomain") == label.lower()


@pytest.mark.parametrize("label", ["", "-a", "a-", "a_b", "a b", "a..b", ".", "a." * 20, "ü", "a\n"[:-1] + "/"])
def test_what_is_no_prefix(label: str) -> None:
    with pytest.raises(FieldInvalid, match="no prefix"):
        clean_label(label, field="subdomain")


@pytest.mark.parametrize(
    ("url", "is_so", "target"),
    [
        ("https://mail.platform.example", True, "mail.platform.example"),
        ("http://mail.platform.example:80", True, "mail.platform.example"),
        ("http://mail.platform.example:8000", False, "host.example"),
        ("http://127.0.0.1:8000", False, "host.example"),
        ("http://192.0.2.1", False, "host.example"),
        ("https://[2001:db8::1]", False, "host.example"),
        ("http://localhost", False, "host.example"),
    ],
)
def test_where_tracking_hosts_point(url: str, is_so: bool, target: str, settings) -> None:
    settings.GATEPOST_URL, settings.GATEPOST_HOSTNAME = url, "host.example"
    assert (can_track(), tracking_target()) == (is_so, target)
