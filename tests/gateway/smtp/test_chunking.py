"""BDAT (RFC 3030): what is in a chunk is never a command, and a message is the same however it came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.events import DataRequested, MessageReceived, Reply
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Policy
from gateway.smtp.server import Server
from tests.gateway.smtp.talk import MESSAGE, SMALL, SUBMISSION, Talk, codes, greeted

ENVELOPE = b"MAIL FROM:<support@ifaxin.com>\r\nRCPT TO:<ben@ifaxin.com>\r\n"
EVIL = b"\r\n.\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<victim@d.example>\r\nDATA\r\nevil\r\n.\r\nQUIT\r\n"


def chunk(octets: bytes, *, last: bool = False) -> bytes:
    return b"BDAT %d%b\r\n%b" % (len(octets), b" LAST" if last else b"", octets)


def test_it_works() -> None:
    talk = greeted()
    talk.say(ENVELOPE)
    assert talk.say(b"BDAT 10\r\n" + MESSAGE[:10]) == [b"250 10 octets received"]
    assert talk.say(chunk(MESSAGE[10:])) == [b"250 %d octets received" % (len(MESSAGE) - 10)]
    assert talk.say(b"BDAT 0 LAST\r\n") == [b"250 #1#Queued"]
    [message] = talk.messages
    assert message.content == MESSAGE
    assert [str(recipient) for recipient in message.recipients] == ["ben@ifaxin.com"]


def test_it_is_offered_where_the_policy_has_it() -> None:
    assert b"250 CHUNKING" in Talk().say(b"EHLO a\r\n")
    without = greeted(Policy(extensions=("PIPELINING",)))
    assert codes(without.say(ENVELOPE, chunk(EVIL, last=True), b"NOOP\r\n")) == [250, 250, 502, 250]


def test_the_client_may_say_all_at_once() -> None:
    talk = greeted()
    pieces = [chunk(MESSAGE[place : place + 7]) for place in range(0, len(MESSAGE), 7)]
    lines = talk.say(2 * (ENVELOPE + b"".join(pieces) + chunk(b"", last=True)) + b"QUIT\r\n")
    assert codes(lines) == 2 * [250] * (len(pieces) + 3) + [221]
    assert [message.content for message in talk.messages] == [MESSAGE, MESSAGE]


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5).map(sorted))
def test_it_is_the_message_that_data_would_have_brought(content: bytes, cuts: list[int]) -> None:
    content = content.replace(b"\r", b"").replace(b"\0", b"").replace(b"\n", b"\r\n")
    pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    by_chunks, by_data = greeted(), greeted()
    by_chunks.say(ENVELOPE, *(chunk(piece) for piece in pieces[:-1]), chunk(pieces[-1], last=True))
    end = b"\r\n" if content and not content.endswith(b"\r\n") else b""
    stuffed = (b"\r\n" + content + end).replace(b"\r\n.", b"\r\n..")[2:]
    by_data.say(ENVELOPE, b"DATA\r\n", stuffed, b".\r\n")
    assert by_chunks.messages == by_data.messages
    assert len(by_chunks.messages) == 1


@given(st.lists(st.integers(0, 400), max_size=30).map(sorted))
def test_how_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    said = ENVELOPE + chunk(b"a\r") + chunk(b"\nb\n") + chunk(b"", last=True) + chunk(EVIL) + ENVELOPE + chunk(EVIL, last=True)
    whole, cut = greeted(), greeted()
    assert cut.say(*(said[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True))) == whole.say(said)
    assert [message.content for message in cut.messages] == [EVIL]


@pytest.mark.parametrize(
    "stray", [b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n", b"a\n", b"a\r", b"\n", b"\r\r\n", b"\n.\n", b"\r\n.\r"]
)
def test_bare_newlines_and_nul_are_refused(stray: bytes) -> None:
    talk = greeted()
    lines = talk.say(ENVELOPE, chunk(stray[:1]), chunk(stray[1:], last=True), b"NOOP\r\n")
    assert codes(lines) == [250, 250, 250, 550, 250]
    assert lines[3].startswith(b"550 5.6.0 The message has a")
    assert talk.messages == []


# What is refused, and read to its end ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (b"", 503),
        (b"MAIL FROM:<a@b.example>\r\n", 554),
        (b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bad>\r\n", 554),
        (ENVELOPE + b"RSET\r\n", 503),
        (ENVELOPE + chunk(b"lost\r\n") + b"RSET\r\n", 503),
        (ENVELOPE + chunk(b"lost\r\n") + b"EHLO a\r\n", 503),
        (ENVELOPE + chunk(b"lost\r\n") + b"DATA\r\n", 503),
        (ENVELOPE + chunk(MESSAGE, last=True), 503),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_chunk_out_of_place_is_thrown_away(before: bytes, expected: int, last: bool) -> None:
    talk = greeted()
    talk.say(before)
    known = len(talk.messages)
    assert codes(talk.say(chunk(EVIL, last=last), b"NOOP\r\n")) == [expected, 250]
    assert len(talk.messages) == known
    assert codes(talk.say(ENVELOPE, chunk(MESSAGE, last=True)))[-1] in {250, 503}


def test_strangers_chunks_are_thrown_away() -> None:
    assert codes(greeted(SUBMISSION).say(ENVELOPE, chunk(EVIL, last=True), b"NOOP\r\n")) == [530, 530, 530, 250]


def test_a_recipient_too_many_spoils_it() -> None:
    talk = greeted(SMALL)
    lines = talk.say(b"MAIL FROM:<>\r\n" + b"RCPT TO:<a@b.example>\r\n" * 3, chunk(EVIL, last=True), b"NOOP\r\n")
    assert codes(lines) == [250, 250, 250, 452, 550, 250]


def test_neither_recipients_nor_data_come_within() -> None:
    talk = greeted()
    lines = talk.say(ENVELOPE, chunk(b"a"), b"RCPT TO:<late@d.example>\r\n", b"NOOP\r\n", chunk(b"b", last=True))
    assert codes(lines) == [250, 250, 250, 503, 250, 250]
    assert [str(recipient) for recipient in talk.messages[0].recipients] == ["ben@ifaxin.com"]
    assert codes(talk.say(ENVELOPE, b"DATA\r\n", b"BDAT 2 LAST\r\n.\r\n")) == [250, 250, 354, 250]
    assert talk.messages[1].content == b"BDAT 2 LAST\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"x",
        b"-1",
        b"+1",
        b"1.5",
        b"0x10",
        b" 5",
        b"5 FIRST",
        b"5 LAST LAST",
        b"5LAST",
        b"\xd9\xa3",
        b"1" * 21,
        b"5\t",
    ],
)
def test_a_chunk_of_unknown_size_ends_the_session(line: bytes) -> None:
    talk = greeted()
    assert codes(talk.say(ENVELOPE, b"BDAT " + line + b"\r\n" + EVIL)) == [250, 250, 501]
    assert talk.server.is_closed
    assert talk.messages == []


@pytest.mark.parametrize("line", [b"BDAT 5\n", b"BDAT 5\r\r\n", b"bdat 5\0\r\n", b"BDAT 5" + b" " * 2000 + b"\r\n"])
def test_a_bdat_that_is_no_line_ends_the_session(line: bytes) -> None:
    talk = greeted()
    assert codes(talk.say(ENVELOPE, line + EVIL)) == [250, 250, 500]
    assert talk.server.is_closed


# Size -----------------------------------------------------------------------------------------------------------------
def test_the_limit_is_of_all_chunks() -> None:
    talk = greeted(SMALL)
    assert codes(talk.say(ENVELOPE, chunk(b"x" * 49 + b"\r\n"), chunk(b"y" * 47 + b"\r\n", last=True))) == [250] * 4
    lines = talk.say(ENVELOPE, chunk(b"x" * 51), chunk(b"y" * 50), chunk(b"z", last=True), b"NOOP\r\n")
    assert lines[3:] == [
        b"552 5.3.4 The message is larger than 100 bytes",
        b"503 5.5.1 BDAT comes after MAIL and RCPT",
        b"250 OK",
    ]
    assert codes(talk.say(ENVELOPE, chunk(b"x" * 99, last=True))) == [250, 250, 552]  # with the CRLF that it lacks
    assert len(talk.messages) == 1


def test_what_is_too_large_is_not_kept() -> None:
    talk = greeted(SMALL)
    assert codes(talk.say(ENVELOPE, b"BDAT 100000\r\n", *[b"x" * 1000] * 99)) == [250, 250]
    assert len(talk.server.reader._buffer) == 0
    assert talk.server.transaction is None
    assert codes(talk.say(b"x" * 1000, b"NOOP\r\n")) == [552, 250]


def test_many_small_chunks_are_held_once() -> None:
    talk = greeted(Policy(limits=Limits(size=10_000)))
    talk.say(ENVELOPE, *[chunk(b"ab")] * 4999)
    assert talk.server.is_holding
    assert codes(talk.say(chunk(b"\r\n", last=True))) == [250]
    assert talk.messages[0].content == b"ab" * 4999 + b"\r\n"
    assert not talk.server.is_holding


# Policies that ask ----------------------------------------------------------------------------------------------------
def asked(reply: Reply | None) -> tuple[Server, bytes]:
    """Answer a DataRequested, then say what is left; return what the server said to it."""
    server = Server(Policy(asks=frozenset({DataRequested})))
    server.receive(b"EHLO a\r\n" + ENVELOPE + chunk(MESSAGE[:5]) + chunk(MESSAGE[5:], last=True) + b"NOOP\r\n")
    assert server.next_event() == DataRequested()
    server.data_to_send()
    server.answer(reply)
    while (event := server.next_event()) is not None:
        assert isinstance(event, MessageReceived)
        assert event.content == MESSAGE
        server.answer()
    return server, server.data_to_send()


@pytest.mark.parametrize("reply", [None, Reply(250, "Well")])
def test_a_policy_is_asked_once(reply: Reply | None) -> None:
    assert asked(reply)[1] == b"250 5 octets received\r\n250 Queued\r\n250 OK\r\n"


def test_a_policy_may_refuse() -> None:
    server, said = asked(Reply(452, "Too much mail", "4.3.1"))
    assert said == b"452 4.3.1 Too much mail\r\n503 5.5.1 BDAT comes after MAIL and RCPT\r\n250 OK\r\n"
    assert not server.is_busy


def test_a_policy_may_end_the_session() -> None:
    server, said = asked(Reply(421, "Too much mail", "4.3.1"))
    assert said == b"421 4.3.1 Too much mail\r\n"
    assert server.is_closed
