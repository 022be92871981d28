"""One reading of an address: the domain that was checked is the domain in RCPT TO and the one that readers see (T6)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import idna
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.smtp.test_addresses import REFUSED, TAKEN
from tests.wire.doors import Doors
from tests.wire.judge import Sight
from tests.wire.places import CALLS, May, Place, find_places
from tests.wire.trials import Trial, is_long, searching, try_all

# After the kinds of isemail's and email-validator's own tests, and what peers fell for.
CROOKED = [
    'first."quoted".last@example.com',
    '"first..last"@example.com',
    '"first\\\\last"@example.com',
    '"Abc@def"@example.com',
    '"joe@evil.example joe"@example.com',
    '"joe@evil.example"@example.com',
    '"joe<joe@evil.example>"@example.com',
    '"joe>\\r\\nRCPT TO:<eve@evil.example"@example.com',
    "joe@evil.example@example.com",
    "joe%evil.example@example.com",
    "evil.example!joe@example.com",
    "joe@example.com@evil.example",
    "joe@example.com(@evil.example)",
    "joe@example.com,eve@evil.example",
    "joe@example.com;eve@evil.example",
    "joe@example.com eve@evil.example",
    "joe@example.com\teve@evil.example",
    "joe@example.com%00@evil.example",
    "joe@example.com>,<eve@evil.example",
    "<joe@example.com> <eve@evil.example>",
    "joe <joe@example.com",
    "alice@example.org)bob@example.com",
    "(eve@evil.example)joe@example.com",
    "Friends:joe@example.com,eve@evil.example;",
    "a:b:c:d:;",
    "@hop.example,@evil.example:joe@example.com",
    "=?utf-8?q?joe=40evil.example=3E=00?=foo@example.com",
    "=?iso-8859-1?q?joe=40evil.example=2c?=@example.com",
    "=?x?q?joe=40=5bx@example.com?=",
    "joe@=?utf-8?q?evil.example?=",
    "xn--joe@example.com",
    "joe@xn--nxasmq6b.example",
    "joe@xn--0.example",
    "joe@exam\u00adple.com",
    "joe@example\u3002com",
    "joe@example\uff0ecom",
    "joe@\uff45xample.com",
    "joe@e\u0301xample.com",
    "joe@K\u212aample.com",
    "joe@faß.example",
    "joe@\u202eexample.com",
    "jo\u00e9@example.com",
    "joe\uff20evil.example@example.com",
    "JOE@EXAMPLE.COM",
    "joe@[127.0.0.1]",
    "joe@127.0.0.1",
    "joe@0x7f000001",
    "joe@localhost",
    "joe@example.com.",
    "joe@.example.com",
    "joe@-example.com",
    "joe@example..com",
    "joe@" + "a." * 120 + "com",
    "j" * 64 + "@example.com",
    "j" * 65 + "@example.com",
    "joe@" + "a" * 63 + ".com",
    "joe@" + "a" * 64 + ".com",
]
# X-SMTPAPI's recipients stand instead of the call's.
GIVEN_ELSEWHERE = {"sendcloud each", "sendcloud template", "sendcloud v1 template", "smtp sendcloud"}
ADDRESSES = [*TAKEN, *REFUSED, *CROOKED]


def places_of(door: str) -> list[Place]:
    """Return the places of a door that hold an address and nothing else."""
    found = [place for place in find_places(door) if re.search(r"(email|rcpt|/bcc|sender|/to)$", place.key)]
    return [place for place in found if not (door in GIVEN_ELSEWHERE and re.fullmatch("body/(to|cc|bcc|rcpt)", place.key))]


def check_reading(trial: Trial, seen: Sequence[Sight]) -> None:
    """Fail unless a third reader of addresses finds the same domain in what was handed in as stands on the wire."""
    if not May.PEOPLE & trial.place.may or "@" not in trial.text or re.search("[;<>]", trial.text):
        return  # SendCloud's lists, and what stands in brackets, are more than an address
    if trial.place.key == "body/rcpt" and len(seen) < len(CALLS["smtp"]["body"]["rcpt"]):
        return  # SMTP refuses one recipient and takes the others
    domain = read_domain(trial.text)
    assert domain in {one.recipient.rpartition("@")[2] for one in seen}, f"{domain} is not among the recipients"


def read_domain(text: str) -> str:
    """Return the domain as email-validator reads it, or where it is stricter than we are, what IDNA makes of it (UTS 46)."""
    try:
        read = validate_email(text.strip(), check_deliverability=False, test_environment=True, allow_quoted_local=True)
    except EmailNotValidError:
        domain = text.strip().rpartition("@")[2]
        return domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    return read.ascii_domain


@pytest.mark.parametrize("door", CALLS)
def test_domains_agree(doors: Doors, door: str) -> None:
    share = 1 if is_long() else 3
    trials = (
        Trial(place=place, text=text)
        for number, place in enumerate(places_of(door))
        for text in ADDRESSES[number % share :: share]
    )
    tally = try_all(doors, door, trials, check_reading)
    assert not tally.faults, tally.say()


_pieces = st.sampled_from(
    [*'ab1.-_+"\\@ <>(),:;[]=?\r\néß。＠\u0301\u200b\u00ad', "xn--", "example.com", "evil.example", "=?utf-8?q?"]
)


@pytest.mark.parametrize("door", ["sendclean", "sendcloud all", "mailup", "octeth", "smtp"])
def test_domains_of_any_text_agree(doors: Doors, door: str) -> None:
    places = places_of(door)
    texts = st.one_of(
        st.lists(_pieces, max_size=14).map("".join),
        st.builds("{}@{}".format, st.lists(_pieces, max_size=6).map("".join), st.lists(_pieces, max_size=6).map("".join)),
    )
    trials = st.builds(lambda place, text: Trial(place=place, text=text), st.sampled_from(places), texts)

    @searching
    @given(st.lists(trials, min_size=1, max_size=20))
    def check(some: list[Trial]) -> None:
        tally = try_all(doors, door, some, check_reading)
        assert not tally.faults, tally.say()

    check()
