from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.events import (
    DataRequested,
    Event,
    HelloReceived,
    MailRequested,
    MessageReceived,
    RecipientRequested,
    Reply,
    TLSRequested,
)
from gateway.smtp.limits import MAX_AUTH_LINE
from gateway.smtp.policy import Auth, Policy
from gateway.smtp.server import Server
from tests.gateway.smtp.talk import ENVELOPE, GUARDED, MESSAGE, OPEN, SMALL, SUBMISSION, Talk, codes, greeted


def test_a_message_arrives_with_its_envelope() -> None:
    talk = greeted()
    talk.say(ENVELOPE, MESSAGE, b".\r\n")
    [message] = talk.messages
    assert message.content == MESSAGE
    assert str(message.sender) == "support@ifaxin.com"
    assert [str(recipient) for recipient in message.recipients] == ["ben@ifaxin.com"]


def test_the_client_may_say_all_at_once() -> None:
    talk = Talk()
    lines = talk.say(b"EHLO a\r\n" + 2 * (ENVELOPE + MESSAGE + b".\r\n") + b"QUIT\r\n")
    assert codes(lines) == [250] * 6 + 2 * [250, 250, 354, 250] + [221]
    assert [message.content for message in talk.messages] == [MESSAGE, MESSAGE]


def test_what_is_pipelined_waits_for_the_answer() -> None:
    server = Server(OPEN)
    server.receive(b"EHLO a\r\n" + ENVELOPE + MESSAGE + b".\r\nRSET\r\n")
    assert isinstance(server.next_event(), MessageReceived)
    server.data_to_send()
    assert server.is_waiting
    assert server.next_event() is None
    assert server.data_to_send() == b""
    server.answer(Reply(451, "Try again", "4.3.0"))
    assert server.next_event() is None
    assert server.data_to_send() == b"451 4.3.0 Try again\r\n250 OK\r\n"


def test_an_answer_without_an_event_is_a_mistake_of_ours() -> None:
    with pytest.raises(RuntimeError):
        Server(OPEN).answer()
    with pytest.raises(RuntimeError):
        Server(OPEN).tls_started()


DIALOGUE = (
    b"EHLO a\r\nNOOP\r\nMAIL FROM:<a@b.example> SIZE=100\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<bad>\r\nDATA\r\n"
    b"..one\r\n.two\r\n\r\n...\r\nthree\r\n.\r\n"
    b"MAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n.\r\n"
    b"MAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n\r\n.\nx\r\n.\r\n"
    b"MAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + b"x" * 200 + b"\r\n.\r\nBLA\r\nNOOP\nQUIT\r\nNOOP\r\n"
)


@given(st.lists(st.integers(0, len(DIALOGUE)), max_size=40).map(sorted))
def test_how_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    pieces = [DIALOGUE[a:b] for a, b in zip([0, *cuts], [*cuts, len(DIALOGUE)], strict=True)]
    whole, cut = Talk(SMALL), Talk(SMALL)
    assert cut.say(*pieces) == whole.say(DIALOGUE)
    assert cut.events == whole.events
    assert [m.content for m in cut.messages] == [b".one\r\ntwo\r\n\r\n..\r\nthree\r\n", b""]


PIECES = [b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA", b"EHLO a", b"AUTH PLAIN", b"RSET", b"STARTTLS"]
PIECES += [b"\r\n", b"\r", b"\n", b".", b"\0", b"AGEAYg==", b"*", b"\xff", b" ", b"x" * 2000]


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([OPEN, SUBMISSION, GUARDED, SMALL]))
def test_whatever_arrives_each_line_gets_a_reply_and_nothing_breaks(pieces: list[bytes], policy: Policy) -> None:
    whole, cut = Talk(policy), Talk(policy)
    lines = whole.say(b"".join(pieces))
    if b"STARTTLS" not in pieces:
        assert cut.say(*pieces) == lines
    assert all(line[:3].isdigit() and line[3:4] in b" -" for line in lines)
    assert all(b"\n" not in message.content.replace(b"\r\n", b"") for message in whole.messages)


# The end of a message --------------------------------------------------------------------------------------------------
NOT_THE_END = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\r\n.\r\r\n", b"\r\n.\r\r\n",
    b"\r\r\n.\r\n\0", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\0\n.\n", b"\n\n.\r\n",
]  # fmt: skip
SMUGGLED = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<victim@d.example>\r\nDATA\r\nevil\r\n.\r\n"


@pytest.mark.parametrize("ending", [ending for ending in NOT_THE_END if b"\r\n.\r\n" not in ending])
def test_nothing_else_ends_a_message_and_such_a_message_is_refused_whole(ending: bytes) -> None:
    talk = greeted()
    lines = talk.say(ENVELOPE, b"Subject: a\r\n\r\nhello" + ending + b"MAIL FROM:<evil@b.example>\r\n.\r\n")
    assert codes(lines) == [250, 250, 354, 550]
    assert b"5.6.0" in lines[-1]
    assert talk.messages == []


@pytest.mark.parametrize("ending", NOT_THE_END)
def test_no_smuggled_transaction_is_handed_on(ending: bytes) -> None:
    talk = greeted()
    talk.say(ENVELOPE, b"Subject: a\r\n\r\nhello" + ending + SMUGGLED)
    assert [m for m in talk.messages if m.content != b"evil\r\n"] == []
    if b"\r\n.\r\n" not in ending:
        assert talk.messages == []


@pytest.mark.parametrize(
    ("octets", "name"), [(b"a\nb", b"bare LF"), (b"a\rb", b"bare CR"), (b"a\0b", b"NUL"), (b"\n", b"LF"), (b"a\r\r\n", b"CR")]
)
def test_the_refusal_names_what_is_wrong(octets: bytes, name: bytes) -> None:
    talk = greeted()
    lines = talk.say(ENVELOPE, b"Subject: x\r\n\r\n" + octets + b"\r\n.\r\n", b"NOOP\r\n")
    assert name in lines[3]
    assert codes(lines) == [250, 250, 354, 550, 250]


def test_a_receiver_of_tests_takes_stray_newlines_as_they_are() -> None:
    talk = greeted(Policy(takes_bare_newlines=True))
    talk.say(ENVELOPE, b"a\nb\r\n.\r\n")
    assert talk.messages[0].content == b"a\nb\r\n"


def test_a_message_too_large_is_read_to_its_end_and_refused() -> None:
    talk = greeted(SMALL)
    lines = talk.say(ENVELOPE, b"x" * 101 + b"\r\n.\r\n", b"NOOP\r\n")
    assert lines[3:] == [b"552 5.3.4 The message is larger than 100 bytes", b"250 OK"]
    assert talk.messages == []


def test_dots_that_were_stuffed_do_not_count() -> None:
    talk = greeted(SMALL)
    talk.say(ENVELOPE, b"..\r\n" * 33, b".\r\n")
    assert talk.messages[0].content == b".\r\n" * 33


def test_what_is_too_large_is_not_kept() -> None:
    talk = greeted(SMALL)
    talk.say(ENVELOPE, *[b"x" * 1000] * 100)
    assert len(talk.server.reader._buffer) < 10
    assert codes(talk.say(b"\r", b"\n.\r", b"\n")) == [552]


def test_a_message_declared_too_large_is_refused_at_once() -> None:
    assert codes(greeted(SMALL).say(b"MAIL FROM:<a@b.example> SIZE=101\r\n")) == [552]


# Lines ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("line", [b"NOOP\n", b"NO\rOP\r\n", b"NOOP\0\r\n", b"NOOP\r\r\n", b"\n", b"\r\n", b"BLA\r\n"])
def test_what_is_no_command_line_is_refused(line: bytes) -> None:
    assert codes(Talk().say(line)) == [500]


def test_a_line_that_never_ends_is_not_kept() -> None:
    talk = Talk()
    assert talk.say(*[b"x" * 5000] * 20) == []
    assert len(talk.server.reader._buffer) <= MAX_AUTH_LINE
    assert codes(talk.say(b"\r\nNOOP\r\n")) == [500, 250]


def test_a_long_line_is_for_auth_alone() -> None:
    talk = greeted(SUBMISSION)
    assert talk.say(b"NOOP " + b"x" * 2000 + b"\r\n") == [b"500 5.5.6 Line too long"]
    secret = base64.b64encode(b"\0user\0" + b"x" * 2000)
    assert codes(talk.say(b"AUTH PLAIN " + secret + b"\r\n")) == [235]


def test_many_faults_end_the_session() -> None:
    talk = Talk(SMALL)
    assert codes(talk.say(b"BLA\r\n" * 10)) == [500, 500, 500, 500, 421]
    assert talk.server.is_closed


def test_addresses_that_are_refused_do_not_end_the_session() -> None:
    talk = greeted(SMALL)
    assert codes(talk.say(b"MAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<bad>\r\n" * 20)) == [250] + [553] * 20


def test_a_greeting_name_cannot_do_harm() -> None:
    talk = Talk()
    talk.say(b"EHLO <b>(x) \xff;y\r\n")
    assert talk.server.hello == "?b??x????y"


# Order ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"MAIL FROM:<a@b.example>\r\n", 503),
        (b"EHLO a\r\nRCPT TO:<a@b.example>\r\n", 503),
        (b"EHLO a\r\nDATA\r\n", 503),
        (b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n", 554),
        (b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\n", 503),
        (b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRSET\r\nRCPT TO:<a@b.example>\r\n", 503),
        (b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nEHLO a\r\nRCPT TO:<a@b.example>\r\n", 503),
        (b"EHLO\r\n", 501),
        (b"EHLO a\r\nMAIL TO:<a@b.example>\r\n", 501),
        (b"EHLO a\r\nMAIL FROM:a@b.example\r\n", 553),
        (b"EHLO a\r\nMAIL FROM:<a@b.example> BODY=9BIT\r\n", 501),
        (b"EHLO a\r\nMAIL FROM:<a@b.example> SIZE=x\r\n", 501),
        (b"EHLO a\r\nMAIL FROM:<a@b.example> AUTH=<>\r\n", 555),
        (b"EHLO a\r\nMAIL FROM:<a@b.example> RET=HDRS\r\n", 555),
        (b"EHLO a\r\nMAIL FROM:<\xff@b.example>\r\n", 501),
        (b"EHLO a\r\nMAIL FROM:<\xc3\xbc@b.example>\r\n", 553),
        (b"EHLO a\r\nMAIL FROM:<\xc3\xbc@b.example> SMTPUTF8\r\n", 250),
        (b"EHLO a\r\nMAIL FROM:<a@b.example> BODY=8bitmime SIZE=10\r\n", 250),
        (b"EHLO a\r\nMAIL FROM:<>\r\n", 250),
        (b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\n", 553),
        (b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example> NOTIFY=NEVER\r\n", 555),
        (b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<\xc3\xbc@b.example>\r\n", 553),
        (b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA now\r\n", 501),
        (b"EHLO a\r\nSTARTTLS\r\n", 503),
        (b"EHLO a\r\nAUTH PLAIN\r\n", 502),
        (b"HELO a\r\nMAIL FROM:<a@b.example>\r\n", 250),
        (b"QUIT now\r\n", 501),
        (b"RSET now\r\n", 501),
        (b"NOOP now\r\n", 250),
        (b"VRFY ben\r\n", 252),
        (b"EXPN list\r\n", 500),
        (b"HELP\r\n", 214),
    ],
)
def test_each_command_has_its_place(said: bytes, code: int) -> None:
    assert codes(Talk().say(said))[-1] == code


def test_an_address_is_said_back_in_utf8_to_who_can_read_it() -> None:
    talk = greeted()
    assert talk.say("MAIL FROM:<bühne@b.example> SMTPUTF8\r\n".encode()) == ["250 sender <bühne@b.example> OK".encode()]


def test_one_recipient_too_many_spoils_the_message() -> None:
    talk = greeted(SMALL)
    lines = talk.say(b"MAIL FROM:<>\r\n" + b"RCPT TO:<a@b.example>\r\n" * 3 + b"DATA\r\n", ENVELOPE)
    assert codes(lines) == [250, 250, 250, 452, 550, 503, 452, 550]
    assert lines[4] == b"550 5.5.3 More than 2 recipients; nothing was sent"
    assert codes(talk.say(b"RSET\r\n", ENVELOPE, MESSAGE, b".\r\n")) == [250, 250, 250, 354, 250]


# STARTTLS -------------------------------------------------------------------------------------------------------------
def test_tls_is_offered_until_it_is_on() -> None:
    talk = Talk(GUARDED)
    assert b"250 STARTTLS" in talk.say(b"EHLO a\r\n")
    assert talk.say(b"STARTTLS\r\n") == [b"220 Ready to start TLS"]
    assert talk.say(b"EHLO a\r\n")[-1] == b"250 AUTH LOGIN PLAIN"
    assert codes(talk.say(b"STARTTLS\r\n")) == [503]


def test_nothing_said_before_tls_counts_after_it() -> None:
    server = Server(GUARDED)
    server.receive(b"EHLO before\r\nSTARTTLS\r\nEHLO injected\r\nMAIL FROM:<a@b.example>\r\n")
    assert server.next_event() == TLSRequested()
    server.receive(b"NOOP\r\n")
    assert server.next_event() is None
    server.data_to_send()
    server.tls_started()
    assert server.next_event() is None
    assert server.data_to_send() == b""
    assert server.hello == ""
    server.receive(b"MAIL FROM:<a@b.example>\r\n")
    assert server.next_event() is None
    assert server.data_to_send().startswith(b"530")


def test_who_was_known_before_tls_is_a_stranger_after_it() -> None:
    talk = greeted(Policy(auth=Auth.ALWAYS, offers_tls=True))
    assert codes(talk.say(b"AUTH PLAIN AHVzZXIAc2VjcmV0\r\n", b"STARTTLS\r\n", b"EHLO a\r\n"))[:2] == [235, 220]
    assert codes(talk.say(b"MAIL FROM:<a@b.example>\r\n")) == [530]


# Policies that ask ----------------------------------------------------------------------------------------------------
ALL = frozenset({HelloReceived, MailRequested, RecipientRequested, DataRequested})


def test_a_policy_may_ask_about_each_step() -> None:
    talk = Talk(Policy(asks=ALL))
    assert codes(talk.say(b"EHLO a\r\n", ENVELOPE, MESSAGE, b".\r\n"))[-4:] == [250, 250, 354, 250]
    assert [type(event) for event in talk.events] == [
        HelloReceived, MailRequested, RecipientRequested, DataRequested, MessageReceived,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (HelloReceived, [450, 503, 503, 503]),
        (MailRequested, [450, 503, 503]),
        (RecipientRequested, [450, 554]),
        (DataRequested, [450]),
    ],
)
def test_a_refused_step_is_not_made(refused: type[Event], expected: list[int]) -> None:
    server = Server(Policy(asks=frozenset({refused})))
    server.receive(b"EHLO a\r\n" + ENVELOPE)
    assert isinstance(server.next_event(), refused)
    server.data_to_send()
    server.answer(Reply(450, "Not now"))
    assert server.next_event() is None
    assert codes(server.data_to_send().splitlines()) == expected


def test_421_ends_the_session() -> None:
    server = Server(Policy(asks=ALL))
    server.receive(b"EHLO a\r\n" + ENVELOPE)
    server.next_event()
    server.answer(Reply(421, "Go away", "4.3.2"))
    assert server.is_closed
    assert server.next_event() is None
    assert server.data_to_send() == b"421 4.3.2 Go away\r\n"


def test_a_client_can_be_turned_away_at_the_door() -> None:
    server = Server(OPEN)
    server.greet(Reply(554, "No"))
    assert server.is_closed
    assert server.data_to_send() == b"554 No\r\n"


def test_extensions_can_be_left_out() -> None:
    talk = Talk(Policy(extensions=()))
    assert codes(talk.say(b"EHLO a\r\n")) == [250]
    assert codes(talk.say(b"MAIL FROM:<a@b.example> BODY=8BITMIME\r\n")) == [555]
