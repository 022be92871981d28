"""The receiving machine under any octets in any segmentation, with an application that gives any answer.

A case: the policy, a seed, and the application's answers in turn; then what the client says, where `<TLS>` stands for the
handshake that a client begins. What it says between STARTTLS and that mark is in clear, and nobody may ever act on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.smtp.events import (
    DataRequested,
    Event,
    HelloReceived,
    MailRequested,
    RecipientRequested,
    Reply,
    ResetRequested,
    TLSRequested,
)
from gateway.smtp.limits import MAX_AUTH_LINE, MAX_REPLY, Limits
from gateway.smtp.policy import Auth, Policy
from gateway.smtp.server import Server
from tests.gateway.smtp.fuzz.case import Case, Cut, pick, read_case
from tests.gateway.smtp.fuzz.dialogue import Dialogue

HANDSHAKE: Final = b"<TLS>"
_SMALL: Final = Limits(size=100, recipients=2, errors=3)
_ALL: Final = frozenset({HelloReceived, MailRequested, RecipientRequested, DataRequested, ResetRequested})
POLICIES: Final = (
    Policy(),
    Policy(auth=Auth.ALWAYS, asks=frozenset({DataRequested})),
    Policy(auth=Auth.OVER_TLS, offers_tls=True, asks=frozenset({DataRequested})),
    Policy(limits=_SMALL, asks=_ALL),
    Policy(limits=_SMALL, auth=Auth.ALWAYS, offers_tls=True, asks=_ALL),
    Policy(limits=_SMALL, extensions=(), offers_tls=True),
    Policy(limits=Limits(size=300, recipients=3), asks=_ALL, takes_bare_newlines=True),
    Policy(limits=Limits(size=3, recipients=1, errors=0)),
)

HANG_UP: Final = Reply(421, "Too slow", "4.4.2")  # said without being asked for it
ANSWERS: Final = (
    None,
    Reply(450, "Try again later", "4.7.1"),
    Reply(550, "Nobody of that name\nhas ever lived here", "5.1.1"),
    Reply(421, "Come back tomorrow"),
    HANG_UP,
    Reply(554, "x\r\n.\r\n250 OK\x00\x1b[31m\u2028\ud800" + "\u00e9\U0001f4a9" * 300, "5.7.1"),
    Reply(299, "yes\n\n" + "y" * 1000),
    Reply(535, ""),
)

# What is worth saying, for whoever makes up cases.
WORDS: Final = (
    b"EHLO a\r\n", b"HELO a\r\n", b"STARTTLS\r\n", HANDSHAKE, b"AUTH PLAIN AGEAYg==\r\n", b"AUTH LOGIN\r\n",
    b"AUTH PLAIN\r\n", b"YQ==\r\n", b"=\r\n", b"*\r\n", b"MAIL FROM:<a@b.example>\r\n", b"MAIL FROM:<>\r\n", b" SIZE=99",
    b" BODY=8BITMIME", b" SMTPUTF8", b" AUTH=<>", b"MAIL FROM:<\xc3\xa9@b.example> SMTPUTF8\r\n",
    b"RCPT TO:<c@d.example>\r\n", b"DATA\r\n", b"BDAT 7\r\n", b"BDAT 0 LAST\r\n", b"BDAT 7 LAST\r\n", b"BDAT 99\r\n",
    b"BDAT ", b" LAST", b"RSET\r\n", b"NOOP\r\n", b"VRFY a\r\n", b"HELP\r\n", b"QUIT\r\n",
    b"\r\n.\r\n", b".\r\n", b"..\r\n", b"\r\n", b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r", b"\n", b"\0", b".",
    b" ", b"<", b">", b'"', b"x" * 120, b"x" * 1100, b"x" * 13_000,
)  # fmt: skip


@dataclass(slots=True)
class _Session:
    """What one session came to. Where there is `patience`, its application takes its time to answer while more comes in."""

    server: Server
    patience: Random | None
    events: list[Event] = field(default_factory=list)
    said: bytearray = field(default_factory=bytearray)
    owed: Event | None = None


def run(octets: bytes) -> None:
    """Run one case; raise AssertionError where a promise is broken, and whatever the machine should not have raised."""
    case = read_case(octets)
    policy = pick(case.kind, POLICIES)
    speeches = case.wire.split(HANDSHAKE)
    expected = Dialogue(policy, lambda place, event: answer_of(case, place, event))
    expected.hear(speeches)
    for name, cut in case.cuts().items():
        session = _talk(case, policy, speeches, cut, is_late=name == "cut at random")
        assert session.events == expected.events, name
        assert read_codes(session.said) == expected.codes, name
        assert session.server.is_closed == expected.is_closed, name
        assert session.said.isascii() or expected.may_be_utf8, name
    # The words are the same too: compared to the last session, as the model knows codes alone.
    assert _talk(case, policy, speeches, case.cuts()["in one piece"], is_late=False).said == session.said


def answer_of(case: Case, place: int, event: Event) -> Reply | None:
    """Return the application's answer to the event at `place`."""
    answer = case.choose(place, ANSWERS)
    if answer is not None and answer.code == 299:
        return Reply(354 if isinstance(event, DataRequested) else 250, answer.text)
    return answer


def _talk(case: Case, policy: Policy, speeches: list[bytes], cut: Cut, *, is_late: bool) -> _Session:
    session = _Session(Server(policy), Random(case.seed) if is_late else None)
    session.server.greet()
    for speech in speeches:
        if session.server.is_waiting:
            session.server.tls_started()
        for piece in cut(speech):
            session.server.receive(piece)
            _advance(session, case)
        session.patience, patience = None, session.patience
        _advance(session, case)
        session.patience = patience
    return session


def _advance(session: _Session, case: Case) -> None:
    server = session.server
    while (event := session.owed or server.next_event()) is not None:
        assert server.is_waiting
        assert server.is_busy
        session.owed = None
        if session.patience is not None and session.patience.random() < 0.5:
            session.owed = event
            return
        session.events.append(event)
        if isinstance(event, TLSRequested):
            break
        place = sum(not isinstance(each, TLSRequested) for each in session.events) - 1
        _answer(server, answer_of(case, place, event))
    session.said += server.data_to_send()
    _check_memory(server)


def _answer(server: Server, answer: Reply | None) -> None:
    if answer is HANG_UP:
        server.close(HANG_UP)
    else:
        server.answer(answer)


def _check_memory(server: Server) -> None:
    held = len(server.reader._buffer)
    if server.is_closed or server.is_waiting:
        assert held == 0  # of what follows STARTTLS, too
    elif server.reader.is_in_content:
        assert held <= server.policy.limits.size * 4 // 3 + 8  # of a chunk that is refused, too
    else:
        assert held <= MAX_AUTH_LINE
    if server.transaction is not None:
        assert len(server.transaction.recipients) <= server.policy.limits.recipients
        assert len(server.transaction.chunks or b"") <= server.policy.limits.size


def read_codes(said: bytes | bytearray) -> list[int]:
    """Return the codes of the replies in `said`; raise AssertionError where they are not as RFC 5321 4.2 wants them."""
    *lines, rest = bytes(said).split(b"\r\n")
    assert not rest
    codes, previous = [], b""
    for line in lines:
        assert len(line) + 2 <= MAX_REPLY
        assert not set(line) & {*range(32), 127}
        assert line[:3].isdigit()
        assert b"200" <= line[:3] <= b"599"
        assert line[3:4] in {b" ", b"-"}
        assert not previous or previous == line[:3], "the lines of one reply have one code"
        line.decode()
        if line[3:4] == b" ":
            codes.append(int(line[:3]))
        previous = line[:3] if line[3:4] == b"-" else b""
    assert not previous, "the last reply has an end"
    return codes
