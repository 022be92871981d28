"""What receivers' words mean to us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.replies import MAX_RETRY_AFTER, Kind, classify, find_enhanced, find_retry_after

FINAL, LATER = False, True

# code, text, kind, whether we try again
REPLIES = (
    (550, "5.1.1 <u@example.com>: Recipient address rejected: User unknown in virtual mailbox table", Kind.RECIPIENT, FINAL),
    (550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking", Kind.RECIPIENT, FINAL),
    (550, "5.2.1 The email account that you tried to reach is disabled.", Kind.MAILBOX, FINAL),
    (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", Kind.RECIPIENT, FINAL),
    (550, "No such user here", Kind.RECIPIENT, FINAL),
    (554, "delivery error: dd This user doesn't have a example.com account (u@example.com) [-5]", Kind.RECIPIENT, FINAL),
    (554, "30 Sorry, your message to u@example.com cannot be delivered. This mailbox is disabled", Kind.MAILBOX, FINAL),
    (550, "5.1.1 RESOLVER.ADR.RecipNotFound; not found", Kind.RECIPIENT, FINAL),
    (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", Kind.RECIPIENT, FINAL),
    (550, "Message was not accepted -- invalid mailbox. Local mailbox u@example.com is unavailable", Kind.RECIPIENT, FINAL),
    (550, "Mailbox unavailable or access denied", Kind.RECIPIENT, FINAL),
    (550, "Unrouteable address", Kind.RECIPIENT, FINAL),
    (450, "4.1.1 <u@example.com>: Recipient address rejected: unverified address", Kind.RECIPIENT, LATER),
    (552, "5.2.2 The email account that you tried to reach is over quota", Kind.FULL, FINAL),
    (452, "4.2.2 The email account that you tried to reach is over quota", Kind.FULL, LATER),
    (554, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", Kind.FULL, FINAL),
    (552, "Requested mail action aborted: exceeded storage allocation", Kind.FULL, FINAL),
    (552, "5.2.2 Mailbox full, try again later", Kind.FULL, LATER),
    (421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume", Kind.RATE, LATER),
    (421, "4.7.28 Our system has detected an unusual rate of mail originating from your IP address.", Kind.RATE, LATER),
    (450, "4.2.1 The user you are trying to contact is receiving mail too quickly.", Kind.RATE, LATER),
    (450, "4.7.1 Error: too much mail from 192.0.2.1", Kind.RATE, LATER),
    (550, "5.7.1 Sender rate limit exceeded", Kind.RATE, LATER),
    (550, "Ip frequency limited.", Kind.RATE, LATER),
    (554, "Too many connections from your host.", Kind.RATE, LATER),
    (421, "Too many spams from your IP (192.0.2.1), please visit http://postmaster.example/", Kind.RATE, LATER),
    (450, "4.2.0 <u@example.com>: Recipient address rejected: Greylisted, see http://example.com/", Kind.GREYLIST, LATER),
    (550, "Greylisted, please try again in 300 seconds", Kind.GREYLIST, LATER),
    (550, "5.7.26 Unauthenticated email from example.com is not accepted due to DMARC policy.", Kind.AUTHENTICATION, FINAL),
    (550, "5.7.23 The message was rejected because of Sender Policy Framework violation", Kind.AUTHENTICATION, FINAL),
    (550, "SPF check failed for [192.0.2.1]", Kind.AUTHENTICATION, FINAL),
    (554, "Your access to this mail system has been rejected due to the sending MTA's poor reputation.", Kind.BLOCKED, LATER),
    (550, "5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record setup", Kind.BLOCKED, LATER),
    (554, "mx.example Service not available 554-No SMTP service 554-Bad DNS PTR resource record.", Kind.BLOCKED, LATER),
    (450, "4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", Kind.BLOCKED, LATER),
    (521, "5.3.0 flpd573 DNSBL:RBL 521< 192.0.2.1 >_is_blocked.", Kind.BLOCKED, LATER),
    (554, "IP=192.0.2.1 - A problem occurred. Ask your postmaster for help", Kind.BLOCKED, LATER),
    (554, "mta.example 192.0.2.1 Example block for spam. Please see http://postmaster.example/", Kind.BLOCKED, LATER),
    (
        550,
        "5.7.1 mail from [192.0.2.1] wasn't sent; part of their network is on our block list (S3140).",
        Kind.BLOCKED,
        LATER,
    ),
    (550, "Access from ip address 192.0.2.1 blocked. Visit http://help.example/", Kind.BLOCKED, LATER),
    (554, "No SMTP service 554-IP address is black listed. 554 For explanation visit http://a.example/", Kind.BLOCKED, LATER),
    (550, "5.7.1 message is suspicious due to the very low reputation of the sending IP address.", Kind.BLOCKED, LATER),
    (550, "5.7.1 message is suspicious due to the very low reputation of the sending domain.", Kind.SENDER, FINAL),
    (554, "5.7.1 Message rejected: the link in the message is on SURBL", Kind.CONTENT, FINAL),
    (554, "5.7.1 Spam message rejected", Kind.CONTENT, FINAL),
    (550, "High probability of spam", Kind.CONTENT, FINAL),
    (552, "5.7.0 This message was blocked because its content presents a potential security issue", Kind.CONTENT, FINAL),
    (554, "5.6.0 Message contains a virus", Kind.CONTENT, FINAL),
    (550, "Mail content denied.", Kind.CONTENT, FINAL),
    (550, "5.7.1 Mail appears to be unsolicited", Kind.CONTENT, FINAL),
    (550, "5.1.8 <a@example.net>: Sender address rejected: Domain not found", Kind.SENDER, FINAL),
    (550, "Sender verify failed", Kind.SENDER, FINAL),
    (550, "5.1.7 The sender's address was invalid", Kind.SENDER, FINAL),
    (554, "5.7.9 Message not accepted for policy reasons", Kind.POLICY, FINAL),
    (550, "Administrative prohibition - envelope refused", Kind.POLICY, FINAL),
    (571, "Delivery not authorized, message refused", Kind.POLICY, FINAL),
    (550, "5.7.1 Service refused, please try later.", Kind.POLICY, LATER),
    (552, "5.3.4 Message size exceeds fixed limit", Kind.SIZE, FINAL),
    (554, "5.4.6 Too many hops", Kind.NETWORK, FINAL),
    (554, "5.7.1 <u@example.com>: Relay access denied", Kind.NETWORK, FINAL),
    (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Kind.NETWORK, FINAL),
    (451, "4.3.0 Temporary lookup failure", Kind.NETWORK, LATER),
    (452, "4.3.1 Insufficient system storage", Kind.SYSTEM, LATER),
    (421, "4.3.2 All server ports are busy", Kind.SYSTEM, LATER),
    (451, "4.7.500 Server busy. Please try again later from [192.0.2.1]", Kind.SYSTEM, LATER),
    (503, "5.5.1 Bad sequence of commands", Kind.PROTOCOL, FINAL),
    (550, "", Kind.RECIPIENT, FINAL),
    (554, "5.7.1 No.", Kind.POLICY, FINAL),
    (554, "No.", Kind.OTHER, FINAL),
    (499, "Hm.", Kind.OTHER, LATER),
)
CORPUS = Path(__file__).resolve().parents[4] / "shared/corpora/smtp-replies/replies.json"
SAMPLES = json.loads(CORPUS.read_text()) if CORPUS.exists() else []


@pytest.mark.parametrize(("code", "text", "kind", "is_temporary"), REPLIES)
def test_it_works(code, text, kind, is_temporary):
    found = classify(code, "", text)
    assert (found.kind, found.is_temporary) == (kind, is_temporary)


def test_real_replies_are_acted_on_as_their_collectors_say():
    wrong = [sample["reply"] for sample in SAMPLES if _is_later(sample["reply"]) == (sample["action"] == "reject")]
    assert wrong == []


def _is_later(reply):
    return classify(int(reply[:3]), "", reply[4:]).is_temporary


@pytest.mark.parametrize("text", ["5.2.1 Out for lunch", "User suspended", "5.1.1 Account inactive", "Mailbox is locked"])
def test_a_mailbox_that_sleeps_is_no_missing_address(text):
    assert classify(550, "", text).kind is Kind.MAILBOX


@pytest.mark.parametrize("text", ["", "5.1.1 User unknown", "5.2.1 Account disabled", "5.2.2 Mailbox full"])
def test_what_is_said_before_the_recipient_was_named_is_not_about_it(text):
    assert classify(550, "", text, knows_recipient=False).kind is Kind.POLICY


def test_only_a_complaint_about_speed_slows():
    assert classify(421, "", "Too many connections").slows
    assert not classify(451, "4.7.1", "Greylisted").slows


@pytest.mark.parametrize(
    ("code", "text", "enhanced"),
    [
        (550, "5.1.1 unknown", "5.1.1"),
        (550, "Mail not allowed - 5.7.1 [BL23]", "5.7.1"),
        (550, "#5.7.1 refused", "5.7.1"),
        (553, "sorry (#5.7.1)", "5.7.1"),
        (550, "host 5.1.2.3 is bad", ""),
        (550, "4.2.2 full", ""),
        (250, "2.0.0 Ok: queued as 5.1.1", "2.0.0"),
    ],
)
def test_the_enhanced_code_is_found_in_the_text(code, text, enhanced):
    assert find_enhanced(code, text) == enhanced


def test_a_reply_without_enhanced_code_gets_ours():
    assert classify(550, "", "No such user").enhanced == "5.1.1"
    assert classify(452, "", "Mailbox full").enhanced == "4.2.2"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Greylisted for 300 seconds", 300),
        ("please try again in 5 minutes", 300),
        ("Try again after 1 hour", 3600),
        ("retry in 00:05:00", 300),
        ("retry in 02:30", 150),
        ("try again in 90s", 90),
        ("try again in 9 hours", MAX_RETRY_AFTER),
        ("please try again later", 0),
        ("Requested action not taken", 0),
    ],
)
def test_the_time_that_a_receiver_names_is_read(text, seconds):
    assert find_retry_after(text) == seconds


@given(code=st.integers(400, 599), text=st.text(max_size=3000))
def test_any_text_has_a_meaning(code, text):
    found = classify(code, "", text)
    assert found.enhanced.startswith(str(code // 100))
    assert found.is_temporary or code >= 500
