from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.base import errors
from gateway.base.errors import (
    BadCredentials,
    FieldInvalid,
    FieldMissing,
    MessageTooLarge,
    QuotaExceeded,
    RateExceeded,
    Refused,
    Unavailable,
)
from gateway.listeners.replies import LEADS, REPLIES, reply_to, reply_to_auth
from gateway.smtp.events import Reply


def leaves(top: type[Refused] = Refused) -> Iterator[type[Refused]]:
    below = [each for each in top.__subclasses__() if each.__module__ == errors.__name__]
    for each in below:
        yield from leaves(each)
    if not below:
        yield top


def example(leaf: type[Refused]) -> Refused:
    """Return a refusal of this class, however it is made."""
    refusal = leaf.__new__(leaf)
    Refused.__init__(refusal, "What happened.")
    return refusal


@pytest.mark.parametrize("leaf", list(leaves()))
def test_every_refusal_has_a_reply(leaf: type[Refused]) -> None:
    reply = reply_to(example(leaf))
    assert reply.text == LEADS.get(leaf, "") + "What happened."
    assert reply.enhanced[0] == str(reply.code)[0]
    assert str(reply.code)[0] in "45"
    assert any(above in REPLIES for above in leaf.__mro__[:-3]), "only the last resort knows it"


@pytest.mark.parametrize("leaf", list(leaves()))
def test_a_refused_auth_has_a_code_of_auth(leaf: type[Refused]) -> None:
    assert reply_to_auth(example(leaf)).code in {454, 535}


@pytest.mark.parametrize(
    ("refusal", "reply"),
    [
        (MessageTooLarge("Too large."), Reply(552, "Too large.", "5.3.4")),
        (RateExceeded("Slow down."), Reply(450, "frequency limited: Slow down.", "4.7.1")),
        (QuotaExceeded("All is sent."), Reply(452, "Request quota exceeded: All is sent.", "4.7.1")),
        (Unavailable("Later."), Reply(451, "Later.", "4.3.0")),
        (FieldInvalid("xsmtpapi", "It is no JSON."), Reply(550, "xsmtpapi error: It is no JSON.", "5.6.0")),
        (FieldMissing("xsmtpapi.to", "to is missing."), Reply(550, "xsmtpapi error: to is missing.", "5.6.0")),
    ],
)
def test_the_words_are_the_refusals_own(refusal: Refused, reply: Reply) -> None:
    assert reply_to(refusal) == reply


def test_what_can_be_tried_again_says_so() -> None:
    assert reply_to_auth(Unavailable()).code == 454
    assert reply_to_auth(BadCredentials()) == Reply(535, BadCredentials.message, "5.7.8")
