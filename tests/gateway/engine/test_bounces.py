"""What mails that came back say; last, on a corpus of what many mail systems write."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.engine.bounce_verdicts import Finding, Sort
from gateway.engine.bounces import read_returned

CORPUS = Path(__file__).resolve().parents[4] / "shared/corpora/bounces"
CORPORA = [CORPUS] if CORPUS.exists() else []

REPORT = """\
From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type={kind}; boundary="b"

--b
Content-Type: text/plain

{text}

--b
Content-Type: message/{kind}

{fields}

--b
Content-Type: text/rfc822-headers

Subject: 550 5.1.1 user unknown
--b--
"""
STATUS = """\
Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; bob@inbox.example
Action: {action}
Status: {status}
Remote-MTA: dns; mx.inbox.example
Diagnostic-Code: smtp; {said}
"""


def dsn(action="failed", status="5.1.1", said="550 5.1.1 <bob@inbox.example>: User unknown", text="Sorry.") -> bytes:
    fields = STATUS.format(action=action, status=status, said=said)
    return REPORT.format(kind="delivery-status", text=text, fields=fields).encode()


def arf(kind: str) -> bytes:
    fields = f"Feedback-Type: {kind}\nVersion: 1\nOriginal-Rcpt-To: <bob@inbox.example>\nReporting-MTA: dns; fbl.example\n"
    return REPORT.format(kind="feedback-report", text="A complaint.", fields=fields).encode()


def plain(subject: str, text: str, *, sender: str = "MAILER-DAEMON@mx.example", **fields: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = sender, subject
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return bytes(mail)


def read_one(raw: bytes) -> Finding:
    [finding] = read_returned(raw)
    return finding


def test_it_works():
    assert read_one(dsn()) == Finding(
        sort=Sort.BOUNCED,
        recipient="bob@inbox.example",
        code=550,
        enhanced="5.1.1",
        reply="5.1.1 <bob@inbox.example>: User unknown",
        host="mx.inbox.example",
        category="recipient",
    )


@pytest.mark.parametrize(
    ("action", "status", "sort"),
    [
        ("failed", "5.1.1", Sort.BOUNCED),
        ("FAILED (for good)", "5.1.1", Sort.BOUNCED),
        ("failed", "4.4.7", Sort.BOUNCED),
        ("delayed", "4.4.1", Sort.DELAYED),
        ("delayed", "5.1.1", Sort.DELAYED),
        ("delivered", "2.0.0", Sort.DELIVERED),
        ("relayed", "2.0.0", Sort.DELIVERED),
        ("expanded", "2.0.0", Sort.DELIVERED),
        ("", "4.4.1", Sort.DELAYED),
        ("", "2.1.5", Sort.DELIVERED),
        ("", "5.0.0", Sort.BOUNCED),
    ],
)
def test_the_action_of_a_notification_decides(action, status, sort):
    assert read_one(dsn(action, status)).sort is sort


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
def test_only_what_failed_is_hard(action):
    assert not read_one(dsn(action)).is_hard


@pytest.mark.parametrize(
    ("status", "said", "category", "is_hard"),
    [
        ("5.2.2", "552 5.2.2 Mailbox full", "full", False),
        ("5.0.0", "552 Quota exceeded", "full", False),
        ("5.7.1", "554 5.7.1 Message content rejected as spam", "content", False),
        ("5.7.1", "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org", "blocked", False),
        ("5.7.26", "550 5.7.26 Unauthenticated email is not accepted due to domain's DMARC policy", "authentication", False),
        ("5.1.8", "553 5.1.8 Domain of sender address does not exist", "sender", False),
        ("5.1.2", "550 Host unknown", "recipient", True),
        ("5.4.4", "Host or domain name not found. Name service error for name=a.example type=MX", "recipient", True),
        ("4.4.4", "DNS type 'mx' lookup responded with code SERVFAIL", "network", False),
        ("5.4.7", "delivery time expired", "network", False),
        ("5.0.0", "connect to mx.inbox.example[192.0.2.1]:25: Connection timed out", "network", False),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "mailbox", False),
        ("5.1.6", "551 5.1.6 user has moved; please try <new@inbox.example>", "recipient", True),
        ("5.0.0", "550 <bob@inbox.example>: User unknown (in reply to end of DATA command)", "mailbox", False),
        ("5.0.0", "550 No such user here", "recipient", True),
        ("5.0.0", "550 Go away", "mailbox", False),
    ],
)
def test_a_bounce_is_classified(status, said, category, is_hard):
    found = read_one(dsn(status=status, said=said))
    assert (found.category, found.is_hard) == (category, is_hard)


def test_the_words_around_tell_where_the_fields_do_not():
    text = "<bob@inbox.example>: host mx.inbox.example said:\n    550 5.2.2 Mailbox full"
    found = read_one(
        REPORT.format(
            kind="delivery-status", text=text, fields=STATUS.format(action="failed", status="5.0.0", said="")
        ).encode()
    )
    assert (found.category, found.code, found.enhanced) == ("full", 550, "5.2.2")


def test_what_is_quoted_of_our_own_mail_says_nothing():
    found = read_one(dsn(status="5.7.1", said="554 5.7.1 Denied by policy"))
    assert (found.category, found.is_hard) == ("policy", False)


def test_each_recipient_of_a_notification_is_found():
    fields = STATUS.format(action="failed", status="5.1.1", said="550 no such user")
    fields += "Final-Recipient: rfc822; eve@inbox.example\nAction: relayed\nStatus: 2.0.0\n"
    found = read_returned(REPORT.format(kind="delivery-status", text="", fields=fields).encode())
    assert [(each.recipient, each.sort) for each in found] == [
        ("bob@inbox.example", Sort.BOUNCED),
        ("eve@inbox.example", Sort.DELIVERED),
    ]


def test_fields_in_the_text_are_a_notification_too():
    text = (
        "Final-Recipient: rfc822; bob@inbox.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 User unknown\n"
    )
    assert read_one(plain("Delivery failure", text)).is_hard


@pytest.mark.parametrize(
    ("kind", "sort"),
    [
        ("abuse", Sort.COMPLAINED),
        ("Fraud", Sort.COMPLAINED),
        ("other", Sort.COMPLAINED),
        ("opt-out", Sort.OPTED_OUT),
        ("not-spam", Sort.UNKNOWN),
        ("auth-failure", Sort.UNKNOWN),
        ("", Sort.UNKNOWN),
    ],
)
def test_a_feedback_report(kind, sort):
    found = read_one(arf(kind))
    assert (found.sort, found.recipient, found.is_hard) == (sort, "bob@inbox.example", False)


@pytest.mark.parametrize(
    ("text", "category", "is_hard"),
    [
        (
            "<bob@inbox.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user",
            "recipient",
            True,
        ),
        ("bob@inbox.example\n    host mx.inbox.example [192.0.2.1]: 552 5.2.2 Mailbox full\n", "full", False),
        ("bob@inbox.example\n    retry timeout exceeded\n", "network", False),
        ("Your message to bob@inbox.example\nwas not delivered because:\n  No such user here", "recipient", True),
        ('bob@inbox.example\n   unrouteable mail domain "inbox.example"', "recipient", True),
    ],
)
def test_a_bounce_from_before_there_were_notifications(text, category, is_hard):
    found = read_one(plain("failure notice", f"Hi.\n\n{text}\n\n--- Below this line is a copy of the message.\n\nuser unknown"))
    assert (found.sort, found.recipient, found.category, found.is_hard) == (
        Sort.BOUNCED,
        "bob@inbox.example",
        category,
        is_hard,
    )


def test_a_warning_is_no_bounce():
    text = "THIS IS A WARNING MESSAGE ONLY.\n\nbob@inbox.example\n\n550 unknown user\n"
    assert read_one(plain("Delivery Status Notification (Delay)", text)).sort is Sort.DELAYED


@pytest.mark.parametrize(
    ("subject", "fields"),
    [
        ("Re: Hello", {"Auto_Submitted": "auto-replied (vacation)"}),
        ("Re: Hello", {"Precedence": "auto_reply"}),
        ("Out of office: Hello", {}),
        ("Automatic reply: Hello", {"X_Auto_Response_Suppress": "All"}),
        ("Abwesenheitsnotiz: ich bin abwesend", {}),
    ],
)
def test_an_automatic_answer_is_no_bounce(subject, fields):
    mail = plain(subject, "I am away and could not be reached; 550 things to do.", sender="bob@inbox.example", **fields)
    assert read_one(mail).sort is Sort.AUTOMATIC


def test_a_letter_is_no_bounce():
    assert read_one(plain("Hello", "How are you?", sender="bob@inbox.example")).sort is Sort.UNKNOWN


@pytest.mark.parametrize("raw", [b"", b"\n", b"\0", b"Content-Type: multipart/report; boundary=b\n\n--b", b"\xff" * 100])
def test_a_mail_that_is_none(raw):
    assert read_one(raw).sort is Sort.UNKNOWN


# What kinds stand for the reasons of the corpus, whose words divide the world in another way.
KINDS = {
    "authfailure": {"authentication"},
    "badreputation": {"blocked", "rate"},
    "blocked": {"blocked", "policy"},
    "contenterror": {"content"},
    "exceedlimit": {"size"},
    "expired": {"network", "system"},
    "filtered": {"recipient", "mailbox", "policy", "content"},
    "hasmoved": {"recipient"},
    "hostunknown": {"network", "recipient"},
    "mailboxfull": {"full"},
    "mesgtoobig": {"size"},
    "networkerror": {"network"},
    "norelaying": {"network", "policy"},
    "notaccept": {"network", "policy", "recipient"},
    "notcompliantrfc": {"content", "protocol"},
    "policyviolation": {"policy", "content", "protocol", "system"},
    "rejected": {"sender", "policy"},
    "requireptr": {"blocked"},
    "securityerror": {"policy", "authentication", "protocol"},
    "spamdetected": {"content"},
    "speeding": {"rate"},
    "suspend": {"mailbox"},
    "syntaxerror": {"protocol"},
    "systemerror": {"system", "network"},
    "toomanyconn": {"rate"},
    "userunknown": {"recipient", "mailbox"},
    "virusdetected": {"content"},
}
SORTS = {"abuse": Sort.COMPLAINED, "opt-out": Sort.OPTED_OUT, "auth-failure": Sort.UNKNOWN}


def agrees(expected, found: Finding) -> bool:
    if expected["reason"] == "vacation":
        return found.sort is Sort.AUTOMATIC
    if expected["reason"] == "delivered":
        return found.sort is Sort.DELIVERED
    if expected["reason"] == "feedback":
        return found.sort is SORTS[expected["feedbacktype"]]
    return found.category in KINDS[expected["reason"]]


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_corpus(corpus):
    expected = json.loads((corpus / "EXPECTED.json").read_text())
    pairs, understood = [], 0
    for name, recipients in expected.items():
        found = read_returned((corpus / name).read_bytes())
        understood += found[0].sort is not Sort.UNKNOWN
        same = found if len(found) == len(recipients) else [found[0]] * len(recipients)
        pairs += zip(recipients, same, strict=True)
    feedback = [(one, found) for one, found in pairs if one["feedbacktype"]]
    wrongly_hard = [one for one, found in pairs if found.is_hard and not one["hardbounce"] and one["reason"] != "filtered"]
    assert all(agrees(one, found) for one, found in feedback)
    assert understood / len(expected) > 0.97
    assert sum(found.is_hard == one["hardbounce"] for one, found in pairs) / len(pairs) > 0.9
    assert sum(agrees(one, found) for one, found in pairs) / len(pairs) > 0.87
    assert len(wrongly_hard) / len(pairs) < 0.02
