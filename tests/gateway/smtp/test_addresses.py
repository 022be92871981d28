from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.addresses import MAX_ADDRESS, Address, AddressError, parse_address, parse_domain, parse_path

TAKEN = {
    "ben@ifaxin.com": "ben@ifaxin.com",
    "user@localhost": "user@localhost",
    "b+k3j2@returns.localhost": "b+k3j2@returns.localhost",
    "First.Last@Example.COM": "First.Last@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com": "!#$%&'*+-/=?^_`{|}~@example.com",
    "a@r3---x.example": "a@r3---x.example",
    "a@1.2.3.example": "a@1.2.3.example",
    "x" * 64 + "@example.com": "x" * 64 + "@example.com",
    '"john doe"@example.com': '"john doe"@example.com',
    '"john.doe"@example.com': "john.doe@example.com",
    '"\\j\\o"@example.com': "jo@example.com",
    '"a\\"b\\\\c"@example.com': '"a\\"b\\\\c"@example.com',
    '"x@evil.example y"@internal.example': '"x@evil.example y"@internal.example',
    '"münchen ost"@example.com': '"münchen ost"@example.com',
    "münchen@example.com": "münchen@example.com",
    '"münchen"@example.com': "münchen@example.com",
    "mu\u0308nchen@example.com": "münchen@example.com",
    "a@faß.de": "a@xn--fa-hia.de",
    "a@XN--FA-HIA.de": "a@xn--fa-hia.de",
    "a@例え。テスト": "a@xn--r8jz45g.xn--zckzah",
    "a@ｅｘａｍｐｌｅ．com": "a@example.com",
    "a@раypal.com": "a@xn--ypal-43d9g.com",
}

REFUSED = [
    "",
    "@",
    "ben",
    "ben@",
    "@example.com",
    "ben@example",
    "ben@example.com.",
    "ben@.example.com",
    "ben@exa_mple.com",
    "ben@-example.com",
    "ben@example-.com",
    "ben@exam..ple.com",
    "ben@1.2.3.4",
    "ben@[192.0.2.1]",
    "ben@[IPv6:::1]",
    "ben@" + "a" * 64 + ".com",
    "x" * 65 + "@example.com",
    "é" * 33 + "@example.com",
    "a@" + ".".join(["b" * 60] * 5),
    ".ben@example.com",
    "ben.@example.com",
    "b..n@example.com",
    "b n@example.com",
    " ben@example.com",
    "ben@example.com ",
    "ben@example.com\n",
    "ben\r\nRCPT TO:<x@y.example>@example.com",
    "ben\0@example.com",
    "ben\x7f@example.com",
    "<ben@example.com>",
    "Ben <ben@example.com>",
    "ben@example.com, joe@example.com",
    "alice@example.org)bob@example.com",
    "ben(comment)@example.com",
    "ben@example.com(comment)",
    "@relay.example:ben@example.com",
    "ben@evil.example@example.com",
    "ben＠evil.example@example.com",
    "=?utf-8?q?ben=40evil.example?=@example.com",
    '"=?utf-8?q?ben?="@example.com',
    '""@example.com',
    '"ben@example.com',
    '"be"n@example.com',
    '"ben\t"@example.com',
    '"ben\\"@example.com',
    "zero\u200bwidth@example.com",
    "no\u00a0break@example.com",
    "left\u202eright@example.com",
    "\u0301accent@example.com",
    "ben\ud800@example.com",
    "ben@exa\ud800mple.com",
    "ben@☃.example",
    "ben@xn--a.example",
    "ben@exa\u200bmple..com",
]


@pytest.mark.parametrize(("text", "normal"), TAKEN.items())
def test_it_works(text: str, normal: str) -> None:
    assert parse_address(text).text == normal


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(AddressError, match=r"is not an address that can be used: .+"):
        parse_address(text)


@pytest.mark.parametrize("text", TAKEN)
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    address = parse_address(text)
    assert parse_address(address.text) == address


def test_only_letters_beyond_ascii_before_the_at_need_smtputf8() -> None:
    assert parse_address("münchen@example.com").needs_smtputf8
    assert not parse_address("a@münchen.example").needs_smtputf8


def test_a_reason_never_carries_line_breaks() -> None:
    with pytest.raises(AddressError) as refused:
        parse_address("a\r\nb@example.com")
    assert "\r" not in str(refused.value)
    assert "\n" not in str(refused.value)


def _peer_accepts(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True, allow_quoted_local=True, strict=True)
    except EmailNotValidError:
        return False
    return True


# Where we differ from email-validator, on purpose.
OURS_ONLY = {"user@localhost", "b+k3j2@returns.localhost", "a@r3---x.example"}
PEER_ONLY = {
    "=?utf-8?q?ben=40evil.example?=@example.com",  # an encoded-word to some programs
    '"=?utf-8?q?ben?="@example.com',
    "ben＠evil.example@example.com",  # an @ to some programs
    "é" * 33 + "@example.com",  # it counts characters, RFC 5321 octets
}


@pytest.mark.parametrize("text", sorted(set(TAKEN) - OURS_ONLY))
def test_email_validator_takes_what_we_take(text: str) -> None:
    assert _peer_accepts(text)


@pytest.mark.parametrize("text", [text for text in REFUSED if text not in PEER_ONLY and "\ud800" not in text])
def test_email_validator_refuses_what_we_refuse(text: str) -> None:
    assert not _peer_accepts(text)


@given(st.text(st.sampled_from('ab1.-_+"\\@ <>(),:;[]=?\r\n\0éß。＠\u0301\u200bxn'), max_size=40))
def test_any_text_is_an_address_that_email_validator_takes_too_or_is_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert _peer_accepts(address.text)
    assert parse_address(address.text) == address


@given(st.text(max_size=400))
def test_any_text_at_all_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert len(address.text.encode()) <= MAX_ADDRESS
    assert not set(address.text) & set("\r\n\0\t")


def test_a_domain_alone_has_the_same_normal_form() -> None:
    assert parse_domain("Straße.Example") == "xn--strae-oqa.example"


def test_a_path_is_an_address_and_its_parameters() -> None:
    path = parse_path("<Ben@Example.com> size=1000 BODY=8BITMIME SMTPUTF8")
    assert path.address == Address("Ben", "example.com")
    assert path.parameters == {"SIZE": "1000", "BODY": "8BITMIME", "SMTPUTF8": ""}


def test_the_null_sender_is_a_path_without_an_address() -> None:
    assert parse_path("<>").address is None


def test_brackets_in_a_quoted_part_do_not_end_the_path() -> None:
    path = parse_path(' <"a> b"@example.com> SIZE=1 ')
    assert path.address == Address('"a> b"', "example.com")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ben@example.com",
        "<ben@example.com",
        "<<ben@example.com>>",
        "<ben@example.com>>",
        "<ben@example.com>SIZE=1",
        "<ben@example.com> =1",
        "<ben@example.com> SIZE=1 SIZE=2",
        "<ben@example.com> SI ZE==1",
        "<ben @example.com>",
        "< >",
        "<@relay.example:ben@example.com>",
        "<a@b.example>\r\nRCPT TO:<x@y.example",
        "<a@b.example> <x@y.example>",
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_path(text)


@given(st.text(st.sampled_from('<>ab@."\\ =\r\n1'), max_size=30))
def test_any_path_is_read_or_refused(text: str) -> None:
    try:
        path = parse_path(text)
    except AddressError:
        return
    assert path.address is None or parse_address(path.address.text) == path.address
