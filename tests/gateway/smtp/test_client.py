"""The sender's state machine, without a socket."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.client import ClientSession, Closed, DotHeld, HandshakeWanted, Ready, Settled, Stage
from gateway.smtp.reply import MAX_REPLY, MAX_REPLY_LINE, Extensions, Reply
from gateway.smtp.transaction import Transaction, find_obstacle, is_canonical, stuff

WIRE = b"Subject: Hello\r\n\r\nHello.\r\n"
PIPELINING = b"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000\r\n"
GREETING, HELLO = b"220 mx.example ESMTP\r\n", b"EHLO us.example\r\n"


def make_session(*, hello: bytes = PIPELINING, wants_tls: bool = True) -> ClientSession:
    session = ClientSession("us.example", wants_tls=wants_tls)
    session.receive(GREETING + hello)
    session.take()
    return session


def letter(**changes) -> Transaction:
    return Transaction(**({"mail_from": "b+1@us.example", "rcpt_to": "bob@inbox.example", "wire": WIRE} | changes))


def sent(session: ClientSession) -> bytes:
    return b"".join(session.take())


def test_it_works():
    session = ClientSession("us.example")
    assert session.receive(GREETING) == []
    assert sent(session) == HELLO
    assert isinstance(session.receive(PIPELINING)[0], Ready)
    session.start(letter())
    assert sent(session) == b"MAIL FROM:<b+1@us.example> SIZE=26\r\nRCPT TO:<bob@inbox.example>\r\nDATA\r\n"
    assert session.receive(b"250 ok\r\n250 ok\r\n354 go\r\n") == [DotHeld(letter())]
    assert sent(session) == WIRE
    session.finish()
    assert sent(session) == b".\r\n"
    assert session.receive(b"250 2.0.0 queued\r\n") == [Settled(letter(), Stage.DOT, Reply(250, ("2.0.0 queued",)))]
    session.quit()
    assert sent(session) == b"QUIT\r\n"
    assert isinstance(session.receive(b"221 bye\r\n")[0], Closed)


def test_without_pipelining_each_command_waits_for_its_reply():
    session = make_session(hello=b"250 mx.example\r\n")
    session.start(letter())
    for command in (b"MAIL FROM:<b+1@us.example>\r\n", b"RCPT TO:<bob@inbox.example>\r\n", b"DATA\r\n"):
        assert sent(session) == command
        assert session.receive(b"354 go\r\n" if command == b"DATA\r\n" else b"250 ok\r\n") in ([], [DotHeld(letter())])
    assert sent(session) == WIRE
    with pytest.raises(RuntimeError):
        session.finish(letter())


def test_the_next_transaction_goes_right_behind_the_dot():
    session, second = make_session(), letter(rcpt_to="eve@inbox.example")
    session.start(letter())
    session.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    session.take()
    session.finish(second)
    assert sent(session).startswith(b".\r\nMAIL FROM:")
    events = session.receive(b"250 done\r\n250 ok\r\n250 ok\r\n354 go\r\n")
    assert events == [Settled(letter(), Stage.DOT, Reply(250, ("done",))), DotHeld(second)]


@pytest.mark.parametrize(
    ("replies", "stage", "code"),
    [
        (b"451 no\r\n503 no\r\n503 no\r\n", Stage.MAIL, 451),
        (b"250 ok\r\n550 no\r\n503 no\r\n", Stage.RCPT, 550),
        (b"250 ok\r\n250 ok\r\n451 no\r\n", Stage.DATA, 451),
        (b"250 ok\r\n421 bye\r\n", Stage.RCPT, 421),
        (b"250 ok\r\n550 no\r\n421 bye\r\n", Stage.RCPT, 550),
    ],
)
def test_the_first_refusal_decides(replies, stage, code):
    session = make_session()
    session.start(letter())
    settled = session.receive(replies)[0]
    assert isinstance(settled, Settled)
    assert (settled.stage, settled.reply.code) == (stage, code)


def test_a_refused_transaction_is_reset_before_the_next():
    session = make_session()
    session.start(letter())
    session.receive(b"250 ok\r\n550 no\r\n503 no\r\n")
    session.take()
    session.start(letter())
    assert sent(session).startswith(b"RSET\r\nMAIL FROM:")
    assert session.receive(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n") == [DotHeld(letter())]


def test_a_reset_waits_too_where_commands_go_one_by_one():
    session = make_session(hello=b"250 mx.example\r\n")
    session.start(letter())
    session.receive(b"550 no\r\n")
    session.take()
    session.start(letter())
    assert sent(session) == b"RSET\r\n"
    session.receive(b"250 ok\r\n")
    assert sent(session) == b"MAIL FROM:<b+1@us.example>\r\n"


def test_a_server_that_wants_data_without_a_recipient_gets_none():
    session = make_session()
    session.start(letter())
    session.take()
    assert session.receive(b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n") == []
    assert sent(session) == b".\r\n"
    assert session.receive(b"250 oh well\r\n") == [Settled(letter(), Stage.RCPT, Reply(550, ("5.1.1 no",)))]


def test_an_old_server_is_greeted_the_old_way():
    session = ClientSession("us.example")
    session.receive(GREETING + b"502 what\r\n")
    assert sent(session) == HELLO + b"HELO us.example\r\n"
    assert session.receive(b"250 hello\r\n") == [Ready(Extensions())]


@pytest.mark.parametrize(
    "received", [b"554 no\r\n", b"421 busy\r\n", GREETING + b"421 no\r\n", GREETING + b"550 no\r\n550 no\r\n"]
)
def test_a_refused_session_is_closed_with_the_reply(received):
    (closed,) = ClientSession("us.example").receive(received)
    assert isinstance(closed, Closed)
    assert closed.reply is not None
    assert closed.reply.code >= 400


@pytest.mark.parametrize(
    "received",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"99 what\r\n",
        b"250 not a greeting\r\n",
        b"220_what\r\n",
        b"x" * (MAX_REPLY_LINE + 1),
        b"220 " + b"x" * MAX_REPLY_LINE + b"\r\n",
        b"220-x\r\n" * MAX_REPLY,
    ],
)
def test_what_is_no_smtp_closes_the_session(received):
    (closed,) = ClientSession("us.example").receive(received)
    assert isinstance(closed, Closed)
    assert closed.reply is None


@pytest.mark.parametrize("reply", [b"354 what\r\n", b"250 ok\r\n354 what\r\n", b"250 ok\r\n250 ok\r\n250 what\r\n"])
def test_a_good_reply_of_the_wrong_kind_closes_the_session(reply):
    session = make_session()
    session.start(letter())
    (closed,) = session.receive(reply)
    assert isinstance(closed, Closed)


def test_a_server_that_speaks_unasked_is_heard_as_closing():
    (closed,) = make_session().receive(b"421 4.4.2 idle for too long\r\n")
    assert isinstance(closed, Closed)
    assert closed.reply == Reply(421, ("4.4.2 idle for too long",))


def test_tls_begins_the_session_anew():
    session = ClientSession("us.example")
    session.receive(GREETING + b"250-mx.example\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
    assert sent(session) == HELLO + b"STARTTLS\r\n"
    assert session.receive(b"220 go ahead\r\n") == [HandshakeWanted()]
    session.tls_started()
    assert sent(session) == HELLO
    assert session.receive(PIPELINING) == [Ready(session.extensions)]
    assert "AUTH" not in session.extensions


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_injected_before_the_handshake_is_dropped(at_once):
    session = make_session(hello=b"250-mx.example\r\n250 STARTTLS\r\n")
    injected = b"250-evil\r\n250-PIPELINING\r\n250 SIZE 1\r\n"
    if at_once:
        assert session.receive(b"220 go ahead\r\n" + injected) == [HandshakeWanted()]
    else:
        session.receive(b"220 go ahead\r\n")
        assert session.receive(injected) == []
    session.tls_started()
    assert session.receive(b"250 mx.example\r\n") == [Ready(Extensions())]


def test_a_server_that_will_not_start_tls_is_spoken_to_in_clear():
    session = make_session(hello=b"250-mx.example\r\n250 STARTTLS\r\n")
    assert isinstance(session.receive(b"454 not now\r\n")[0], Ready)


def test_tls_is_left_alone_where_it_is_not_wanted():
    session = ClientSession("us.example", wants_tls=False)
    assert isinstance(session.receive(GREETING + b"250-mx.example\r\n250 STARTTLS\r\n")[0], Ready)


def test_parameters_go_only_where_they_are_offered():
    eight = letter(needs_8bit=True, needs_smtputf8=True, rcpt_to="bö@inbox.example")
    session = make_session(hello=b"250-mx.example\r\n250-SMTPUTF8\r\n250-SIZE\r\n250-8BITMIME\r\n250 PIPELINING\r\n")
    session.start(eight)
    assert sent(session).decode().startswith("MAIL FROM:<b+1@us.example> SIZE=26 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<bö@")


@pytest.mark.parametrize(
    ("changes", "offers", "enhanced"),
    [
        ({}, {}, None),
        ({"needs_8bit": True}, {}, "5.6.3"),
        ({"needs_8bit": True}, {"8BITMIME": ""}, None),
        ({"needs_smtputf8": True}, {"8BITMIME": ""}, "5.6.7"),
        ({}, {"SIZE": "25"}, "5.3.4"),
        ({}, {"SIZE": "26"}, None),
        ({}, {"SIZE": "0"}, None),
        ({}, {"SIZE": "lots"}, None),
    ],
)
def test_what_a_server_cannot_take_is_known_before(changes, offers, enhanced):
    obstacle = find_obstacle(letter(**changes), Extensions(offers))
    assert (obstacle[0] if obstacle else None) == enhanced


@pytest.mark.parametrize(
    "address",
    [
        "a@b>\r\nRCPT TO:<x@y",
        "a@b> SIZE=1",
        "a b@c.example",
        "a@b.example\n",
        "a@b.example\r",
        "a\0@b.example",
        "a@b\x7f.example",
        "<a@b.example>",
        "a",
        "a@b@c d",
        '"a\r\nb"@c.example',
    ],
)
@pytest.mark.parametrize("place", ["mail_from", "rcpt_to"])
def test_no_address_reaches_beyond_its_command(address, place):
    with pytest.raises(ValueError, match="cannot stand"):
        letter(**{place: address})


@pytest.mark.parametrize("address", ['"a b"@c.example', '"a>b"@c.example', "o'hara+x@c.example", "a=b@c.example"])
def test_strange_but_right_addresses_pass(address):
    assert letter(rcpt_to=address).rcpt_to == address


def test_the_null_sender_is_written_empty():
    session = make_session()
    session.start(letter(mail_from=""))
    assert sent(session).startswith(b"MAIL FROM:<> SIZE")


def test_a_recipient_and_its_alphabet_are_required():
    with pytest.raises(ValueError, match="no recipient"):
        letter(rcpt_to="")
    with pytest.raises(ValueError, match="SMTPUTF8"):
        letter(rcpt_to="bö@inbox.example")


@pytest.mark.parametrize("wire", [b"a\n", b"a\rb\r\n", b"a\r\n.\nb\r\n", b"a\0\r\n", b"a", b"", b"a\r\n\r", b"a\r\r\n"])
def test_only_canonical_line_ends_leave_us(wire):
    with pytest.raises(ValueError, match="bare"):
        letter(wire=wire)


@given(st.lists(st.sampled_from([b".", b"\r\n", b"a", b"..", b"\r\n."])).map(b"".join))
def test_stuffing_hides_every_leading_dot(text):
    wire = text + b"\r\n"
    stuffed = stuff(wire)
    assert b"\r\n.\r\n" not in b"\r\n" + stuffed
    assert re.sub(rb"(^|\r\n)\.", rb"\1", stuffed) == wire


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\0"])).map(b"".join))
def test_canonical_is_what_the_pattern_says(wire):
    assert is_canonical(wire) == bool(re.fullmatch(rb"(?:[^\r\n\0]*\r\n)+", wire))


@given(st.binary(max_size=300), st.integers(1, 7))
def test_no_bytes_break_it_however_they_are_cut(received, step):
    session = ClientSession("us.example")
    for at in range(0, len(received), step):
        session.receive(received[at : at + step])
    assert session.waiting_for or session.is_closed


@given(st.lists(st.integers(1, 9), max_size=40))
def test_replies_may_be_cut_anywhere(cuts):
    session = make_session()
    session.start(letter())
    replies, events = b"250-a\r\n250 b\r\n250 ok\n354 go\r\n", []
    for cut in [*cuts, len(replies)]:
        events += session.receive(replies[:cut])
        replies = replies[cut:]
    assert events == [DotHeld(letter())]


def test_control_characters_do_not_come_through():
    session = make_session()
    session.start(letter())
    (settled,) = session.receive(b"550 a\0b\x1b[2Jc\xff\r\n503 no\r\n503 no\r\n")
    assert settled.reply.text == "a b [2Jc\ufffd"


@pytest.mark.parametrize("breach", [b"bye\r\n", b"x" * (MAX_REPLY_LINE + 1), b"250 and more\r\n", b"100 no\r\n"])
def test_a_breach_takes_nothing_back_of_what_was_said_before_it(breach: bytes) -> None:
    session = make_session()
    session.start(letter())
    session.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    session.finish()
    settled, closed = session.receive(b"250 done\r\n" + breach)
    assert settled == Settled(letter(), Stage.DOT, Reply(250, ("done",)))
    assert isinstance(closed, Closed)


def test_no_dot_is_left_of_a_session_that_ended_before_its_message_went() -> None:
    session = make_session()
    session.start(letter())
    session.take()
    held, closed = session.receive(b"250 ok\r\n250 ok\r\n354 go\r\n421 no\r\n")
    assert isinstance(held, DotHeld)
    assert isinstance(closed, Closed)
    for act in (session.finish, session.quit, lambda: session.start(letter())):
        with pytest.raises(RuntimeError):
            act()
    assert sent(session) == b""
