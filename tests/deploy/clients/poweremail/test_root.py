"""Where the API is, by what customers call its domain."""

from __future__ import annotations

import pytest

import PowerEmail


@pytest.mark.parametrize(
    ("app_domain", "root"),
    [
        ("us1-mta1.example", "https://api.us1-mta1.example/v1.0/"),
        ("mail.example:8443", "https://api.mail.example:8443/v1.0/"),
        ("https://mail.example", "https://mail.example/v1.0/"),
        ("https://mail.example/", "https://mail.example/v1.0/"),
        ("https://mail.example/v1.0/", "https://mail.example/v1.0/"),
        ("https://mail.example/gatepost", "https://mail.example/gatepost/v1.0/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1.0/"),
        ("http://[::1]:8000", "http://[::1]:8000/v1.0/"),
    ],
)
def test_it_works(app_domain: str, root: str) -> None:
    assert PowerEmail.PowerEmail("acme", "token", app_domain).root == root


@pytest.mark.parametrize(
    "app_domain",
    [
        *("", " ", "https://", "ftp://mail.example", "mail example", "mail.example\r\nX: y", "http://mail.example:port"),
        *("https://me:secret@mail.example", "me:secret@mail.example", "https://mail.example?x", "https://mail.example#x"),
        *("mäil.example", "http://[::1", "https://mail.example:99999"),
    ],
)
def test_nothing_else_is_taken(app_domain: str) -> None:
    with pytest.raises(PowerEmail.ValidationError) as raised:
        PowerEmail.PowerEmail("acme", "token", app_domain)
    assert "secret" not in str(raised.value)


def test_what_lacks_is_named() -> None:
    for arguments, words in (((), "an owner id"), (("acme",), "a token"), (("acme", "token"), "an app domain")):
        with pytest.raises(PowerEmail.Error, match=f"You must provide {words}"):
            PowerEmail.PowerEmail(*arguments)


def test_the_names_of_the_vendor_s_library_work() -> None:
    client = PowerEmail.PowerEmail(owner_id=7, apikey="token", appDomain="mail.example", debug=True)
    assert (client.owner_id, client.root) == ("7", "https://api.mail.example/v1.0/")
