"""The sending machine before a server that says anything at all, at any stage and in any segmentation.

A case: whether TLS is wanted and the next transaction goes right behind the dot, a seed, and which transactions are wanted;
then what the server says, in turns that `~~` parts. The application acts at the end of a turn, as one does that has read all
there was to read; what the server says too early in a turn is therefore said before it was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gateway.smtp.client import ClientSession, Closed, DotHeld, Event, HandshakeWanted, Ready, Settled, Stage
from gateway.smtp.reply import MAX_REPLY, MAX_REPLY_LINE, Extensions
from gateway.smtp.transaction import Transaction, find_obstacle
from tests.gateway.smtp.fuzz.case import Case, Cut, pick, read_case
from tests.gateway.smtp.fuzz.commands import Commands

TURN: Final = b"~~"
HOST: Final = "us.example"
MODES: Final = ((False, True), (True, True), (True, False), (False, False))  # wants TLS, sends the next behind the dot


def _letter(
    wire: bytes = b"Subject: a\r\n\r\nb\r\n", *, sender: str = "b@us.example", to: str = "c@x.example", **needs: bool
) -> Transaction:
    return Transaction(mail_from=sender, rcpt_to=to, wire=wire, **needs)


LETTERS: Final = (
    _letter(),
    _letter(sender=""),
    _letter(b".\r\n"),
    _letter(b"..\r\n.\r\n\r\n.x\r\n", to='".\\" <>"@x.example'),
    _letter("é\r\n".encode(), needs_8bit=True),
    _letter("Subject: é\r\n".encode(), to="é@x.example", needs_8bit=True, needs_smtputf8=True),
    _letter(b"\r\n" * 600),
    _letter(b"QUIT\r\nRSET\r\nMAIL FROM:<x@y.example>\r\nRCPT TO:<z@y.example>\r\nDATA\r\n"),
)

# What is worth saying, for whoever makes up cases.
WORDS: Final = (
    TURN, b"220 mx.example\r\n", b"250-mx.example\r\n", b"250-PIPELINING\r\n", b"250-STARTTLS\r\n", b"250-8BITMIME\r\n",
    b"250-SMTPUTF8\r\n", b"250-SIZE 1000\r\n", b"250 SIZE\r\n", b"250 ok\r\n", b"250-", b"354 go\r\n", b"221 bye\r\n",
    b"220 go\r\n", b"421 no\r\n", b"451 no\r\n", b"452 no\r\n", b"503 no\r\n", b"550 no\r\n", b"554 no\r\n",
    b"250 ok\r\n250 ok\r\n354 go\r\n", b"334 AA==\r\n", b"199 no\r\n", b"600 no\r\n", b"25", b"\r\n", b"\n", b"\r", b"\0",
    b"\xff", b"-", b"x" * 4100, b"250-" + b"x" * 4000 + b"\r\n",
)  # fmt: skip


@dataclass(slots=True)
class _Talk:
    """One session: `turns` has what happened in each, and what was sent at its end."""

    session: ClientSession
    wanted: list[Transaction]
    commands: Commands
    sends_ahead: bool
    begun: list[Transaction] = field(default_factory=list)
    settled: int = 0
    is_ready: bool = False
    is_over: bool = False
    turns: list[tuple[list[Event], bytes]] = field(default_factory=list)


def run(octets: bytes) -> None:
    """Run one case; raise AssertionError where a promise is broken, and whatever the machine should not have raised."""
    case = read_case(octets)
    talks = [_talk(case, cut) for cut in case.cuts().values()]
    for talk in talks:
        assert talk.turns == talks[0].turns
        assert _state_of(talk.session) == _state_of(talks[0].session)
    _talk(case, case.cuts()["cut at random"], is_eager=True)


def _state_of(session: ClientSession) -> tuple:
    return session.waiting_for, session.is_closed, session.extensions, session.pipelines


def _talk(case: Case, cut: Cut, *, is_eager: bool = False) -> _Talk:
    """Let the server say it all; an eager application acts after each piece, as the engine's does."""
    wants_tls, sends_ahead = pick(case.kind, MODES)
    wanted = [pick(choice, LETTERS) for choice in case.choices[:8] or b"0"]
    talk = _Talk(ClientSession(HOST, wants_tls=wants_tls), wanted, Commands(HOST, wants_tls=wants_tls), sends_ahead)
    for turn in case.wire.split(TURN):
        events: list[Event] = []
        sent = b""
        for piece in cut(turn):
            heard = talk.session.receive(piece)
            events += heard
            _check_memory(talk.session)
            sent += _send(talk)
            if is_eager:
                _act(talk, heard)
                sent += _send(talk)
        if not is_eager:
            _act(talk, events)
        sent += _send(talk)
        talk.turns.append((events, b"" if talk.session.is_closed else sent))
    _check_end(talk)
    return talk


def _send(talk: _Talk) -> bytes:
    out = talk.session.take()
    assert not (talk.session.is_closed and out), "nothing is said to who has closed"
    for chunk in out:
        talk.commands.judge(chunk)
    assert talk.session.take() == []
    return b"".join(out)


# The application -------------------------------------------------------------------------------------------------------
def _act(talk: _Talk, events: list[Event]) -> None:
    for event in events:
        assert not talk.is_over, "nothing follows the end"
        match event:
            case Ready():
                assert not talk.is_ready
                talk.is_ready = True
            case HandshakeWanted():
                talk.session.receive(b"250-us.example\r\n250 INJECTED\r\n")
                assert talk.session.take() == [], "nothing is said in clear once TLS was agreed on"
                assert not talk.session._reader._buffer, "nothing of what was said in clear is left"
                talk.commands.shake_hands()
                talk.session.tls_started()
                assert talk.session.extensions == Extensions(), "nothing that was said in clear counts"
            case DotHeld():
                assert event.transaction is talk.begun[talk.settled]
            case Settled():
                _settle(talk, event)
            case Closed():
                talk.is_over = True
    if talk.is_ready and not talk.session.is_closed:
        _go_on(talk, events)


def _go_on(talk: _Talk, events: list[Event]) -> None:
    """Send the dot that is held, begin what is next, or part."""
    if events and isinstance(events[-1], DotHeld):
        _send(talk)
        following = _next(talk) if talk.sends_ahead and talk.session.pipelines else None
        talk.commands.finish()
        talk.session.finish(following)
    elif talk.session.waiting_for is None and talk.settled == len(talk.begun):
        transaction = _next(talk)
        if transaction is not None:
            talk.session.start(transaction)
        else:
            talk.session.quit()


def _next(talk: _Talk) -> Transaction | None:
    while talk.wanted:
        transaction = talk.wanted.pop(0)
        if find_obstacle(transaction, talk.session.extensions) is None:
            talk.begun.append(transaction)
            talk.commands.begin(transaction, talk.session.extensions)
            return transaction
    return None


def _settle(talk: _Talk, settled: Settled) -> None:
    assert settled.transaction is talk.begun[talk.settled], "each is settled once, in their order"
    talk.settled += 1
    if settled.stage is Stage.DOT:
        assert talk.commands.was_sent(settled.transaction), "the whole message went before its dot was answered"
        assert settled.reply.is_good or settled.reply.code >= 400
    else:
        assert settled.reply.code >= 400, "nothing but the reply to the dot means that it was delivered"


# What must hold --------------------------------------------------------------------------------------------------------
def _check_memory(session: ClientSession) -> None:
    reader = session._reader
    assert len(reader._buffer) <= MAX_REPLY_LINE or session.is_closed
    assert reader._size <= MAX_REPLY or session.is_closed
    assert len(session._expected) <= 5


def _check_end(talk: _Talk) -> None:
    """See that whatever was begun has its outcome, is on its way in an open session, or lost its session."""
    is_on_its_way = talk.session.waiting_for is not None or talk.session._held is not None
    assert talk.settled == len(talk.begun) or talk.session.is_closed or is_on_its_way
    assert talk.is_over == talk.session.is_closed
    if talk.session.is_closed:
        for act in (lambda: talk.session.start(LETTERS[0]), talk.session.finish, talk.session.quit):
            _check_impossible(act)
        assert talk.session.take() == []


def _check_impossible(act: Callable[[], None]) -> None:
    try:
        act()
    except RuntimeError:
        return
    raise AssertionError("something can be begun in a session that is over")
