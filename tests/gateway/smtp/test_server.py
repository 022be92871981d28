from __future__ import annotations

import base64
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.events import (
    AuthRequested,
    DataRequested,
    Event,
    HelloReceived,
    MailRequested,
    MessageReceived,
    RecipientRequested,
    Reply,
    TLSRequested,
)
from gateway.smtp.limits import MAX_AUTH_LINE, Limits
from gateway.smtp.policy import Auth, Policy
from gateway.smtp.server import Server

OPEN = Policy()
SUBMISSION = Policy(auth=Auth.ALWAYS)
GUARDED = Policy(auth=Auth.OVER_TLS, offers_tls=True)
SMALL = Policy(limits=Limits(size=100, recipients=2, errors=3))
ENVELOPE = b"MAIL FROM:<support@ifaxin.com>\r\nRCPT TO:<ben@ifaxin.com>\r\nDATA\r\n"
MESSAGE = b"From: support@ifaxin.com\r\nSubject: Hello\r\n\r\nHello Ben\r\n"


class Talk:
    """A session whose events are answered at once: passwords are right when they say so, messages are numbered."""

    def __init__(self, policy: Policy = OPEN, *, is_tls: bool = False) -> None:
        self.server = Server(policy, is_tls=is_tls)
        self.events: list[Event] = []
        self.server.greet()
        self.banner = self.server.data_to_send()

    def say(self, *pieces: bytes) -> list[bytes]:
        for piece in pieces:
            self.server.receive(piece)
            while (event := self.server.next_event()) is not None:
                self.events.append(event)
                self._answer(event)
        return self.server.data_to_send().splitlines()

    def _answer(self, event: Event) -> None:
        match event:
            case TLSRequested():
                self.server.tls_started()
            case AuthRequested(secret="wrong"):
                self.server.answer(Reply(535, "The name and secret are not right", "5.7.8"))
            case MessageReceived():
                self.server.answer(Reply(250, f"#{len(self.messages)}#Queued"))
            case _:
                self.server.answer()

    @property
    def messages(self) -> list[MessageReceived]:
        return [event for event in self.events if isinstance(event, MessageReceived)]


def greeted(policy: Policy = OPEN) -> Talk:
    talk = Talk(policy)
    talk.say(b"EHLO ifaxin.com\r\n")
    return talk


def codes(lines: Iterable[bytes]) -> list[int]:
    return [int(line[:3]) for line in lines]


def test_it_works() -> None:
    talk = Talk(SUBMISSION)
    assert talk.banner == b"220 Gatepost Inbound Server ESMTP Gatepost ready\r\n"
    assert talk.say(b"ehlo ifaxin.com\r\n") == [
        b"250-Gatepost Inbound Server Hello, Gatepost is at your service.",
        b"250-PIPELINING",
        b"250-8BITMIME",
        b"250-SMTPUTF8",
        b"250-SIZE 16000000",
        b"250 AUTH PLAIN LOGIN",
    ]
    assert talk.say(b"AUTH LOGIN " + base64.b64encode(b"api_user") + b"\r\n") == [b"334 UGFzc3dvcmQ6"]
    assert talk.say(base64.b64encode(b"api_key") + b"\r\n") == [b"235 Authentication successful"]
    assert talk.say(b"mail FROM:<support@ifaxin.com>\r\n") == [b"250 sender <support@ifaxin.com> OK"]
    assert talk.say(b"rcpt TO:<ben@ifaxin.com>\r\n") == [b"250 recipient <ben@ifaxin.com> OK"]
    assert talk.say(b"data\r\n") == [b"354 go ahead, make my day"]
    assert talk.say(MESSAGE, b".\r\n") == [b"250 #1#Queued"]
    assert talk.say(b"quit\r\n") == [b"221 Gatepost Inbound Server closing connection. Have a jolly good day"]
    assert talk.server.is_closed


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
    assert codes(lines) == [250] * 5 + 2 * [250, 250, 354, 250] + [221]
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
    assert len(talk.server._reader._buffer) < 10
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
    assert len(talk.server._reader._buffer) <= MAX_AUTH_LINE
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
    assert talk.say(b"EHLO a\r\n")[-1] == b"250 AUTH PLAIN LOGIN"
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


# AUTH -----------------------------------------------------------------------------------------------------------------
PLAIN = base64.b64encode(b"\0user\0secret")
USER, SECRET = base64.b64encode(b"user"), base64.b64encode(b"secret")


@pytest.mark.parametrize(
    "pieces",
    [
        [b"AUTH PLAIN " + PLAIN + b"\r\n"],
        [b"AUTH PLAIN\r\n", PLAIN + b"\r\n"],
        [b"auth login\r\n", USER + b"\r\n", SECRET + b"\r\n"],
        [b"AUTH LOGIN " + USER + b"\r\n" + SECRET + b"\r\n"],
        [b"AUTH PLAIN " + base64.b64encode(b"user\0user\0secret") + b"\r\n"],
    ],
)
def test_a_name_and_a_secret_are_asked_about(pieces: list[bytes]) -> None:
    talk = greeted(SUBMISSION)
    assert codes(talk.say(*pieces))[-1] == 235
    assert AuthRequested("user", "secret") in talk.events


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"AUTH\r\n", 504),
        (b"AUTH CRAM-MD5\r\n", 504),
        (b"AUTH PLAIN !!!\r\n", 501),
        (b"AUTH PLAIN =\r\n", 501),
        (b"AUTH PLAIN\r\n*\r\n", 501),
        (b"AUTH LOGIN\r\n*\r\n", 501),
        (b"AUTH LOGIN\r\n" + USER + b"\r\n*\r\n", 501),
        (b"AUTH LOGIN\r\n" + base64.b64encode(b"us\0er") + b"\r\n" + SECRET + b"\r\n", 501),
        (b"AUTH LOGIN\r\n" + base64.b64encode(b"\xff") + b"\r\n", 501),
        (b"AUTH PLAIN " + base64.b64encode(b"root\0user\0secret") + b"\r\n", 535),
        (b"AUTH PLAIN " + base64.b64encode(b"\0user\0wrong") + b"\r\n", 535),
        (b"AUTH PLAIN\r\n" + b"x" * 13_000 + b"\r\n", 500),
        (b"AUTH PLAIN " + PLAIN + b"\r\nAUTH PLAIN " + PLAIN + b"\r\n", 503),
    ],
)
def test_other_ways_to_say_who_one_is_are_refused(said: bytes, code: int) -> None:
    talk = greeted(SUBMISSION)
    lines = talk.say(said)
    assert codes(lines)[-1] == code
    assert talk.say(b"NOOP\r\n") == [b"250 OK"]


def test_strangers_may_not_send() -> None:
    assert codes(greeted(SUBMISSION).say(ENVELOPE)) == [530, 530, 530]


def test_without_tls_no_secret_is_asked_for() -> None:
    talk = Talk(GUARDED)
    assert not any(b"AUTH" in line for line in talk.say(b"EHLO a\r\n"))
    assert talk.say(b"AUTH PLAIN " + PLAIN + b"\r\n") == [b"530 5.7.0 Must issue a STARTTLS command first"]
    assert talk.events == []


def test_guessing_ends_the_session() -> None:
    talk = greeted(Policy(auth=Auth.ALWAYS, limits=Limits(errors=3)))
    wrong = b"AUTH PLAIN " + base64.b64encode(b"\0user\0wrong") + b"\r\n"
    assert codes(talk.say(wrong * 10)) == [535, 535, 535, 535, 421]


def test_a_secret_is_in_no_repr() -> None:
    assert "secret" not in repr(AuthRequested("user", "secret"))


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


# Replies --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reply", "wire"),
    [
        (Reply(250, "OK"), b"250 OK\r\n"),
        (Reply(550, "No", "5.1.1"), b"550 5.1.1 No\r\n"),
        (Reply(250, "a\nb"), b"250-a\r\n250 b\r\n"),
        (Reply(550, "a\nb", "5.0.0"), b"550-5.0.0 a\r\n550 5.0.0 b\r\n"),
        (Reply(550, "a\r\tb\0\x1b[1m\x85\u2028"), b"550 a??b??[1m??\r\n"),
        (Reply(550, "für"), b"550 f\\xfcr\r\n"),
    ],
)
def test_a_reply_is_safe_on_the_wire(reply: Reply, wire: bytes) -> None:
    assert reply.encode() == wire


@given(st.text(max_size=3000), st.booleans())
def test_no_text_breaks_a_reply(text: str, is_utf8: bool) -> None:
    wire = Reply(550, text, "5.7.1").encode(is_utf8=is_utf8)
    lines = wire.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 510 and b"\n" not in line and b"\r" not in line for line in lines)
    assert [line[:4] for line in lines] == [b"550-"] * (len(lines) - 1) + [b"550 "]
    assert wire.decode()
