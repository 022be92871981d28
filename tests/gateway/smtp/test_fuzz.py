"""The machines of SMTP over the corpus, and over what hypothesis makes up; `fuzz/` says what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.smtp import addresses, authentication, chunking, client, events, mailing, proxy, reader
from gateway.smtp.client import ClientSession
from gateway.smtp.events import Reply
from gateway.smtp.reader import Reader
from gateway.smtp.reply import ReplyReader
from gateway.smtp.session import Session, Transaction
from tests.gateway.smtp.fuzz import corpus
from tests.gateway.smtp.fuzz.grammar import CASES

EXAMPLES: Final = {
    "server": 800,
    "client": 800,
    "exchange": 500,
    "proxy": 500,
    "addresses": 1000,
}  # what takes some seconds each


@pytest.mark.parametrize("machine", corpus.MACHINES)
def test_what_was_found_once_holds(machine: str) -> None:
    run, _ = corpus.load(machine)
    assert corpus.replay(run, corpus.cases(machine)) > 10


@pytest.mark.parametrize("machine", corpus.MACHINES)
def test_it_holds_for_sessions_that_could_be(machine: str) -> None:
    run, _ = corpus.load(machine)

    @settings(max_examples=EXAMPLES[machine], suppress_health_check=[HealthCheck.too_slow])
    @given(CASES[machine])
    def check(octets: bytes) -> None:
        run(octets)

    check()


@pytest.mark.parametrize("machine", corpus.MACHINES)
def test_it_holds_for_any_octets(machine: str) -> None:
    run, words = corpus.load(machine)

    @settings(max_examples=100)
    @given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(words)), max_size=20).map(b"".join))
    def check(octets: bytes) -> None:
        run(octets)

    check()


def test_the_corpus_is_small() -> None:
    files = [path for machine in corpus.MACHINES for path in corpus.cases(machine)]
    assert sum(path.stat().st_size for path in files) < 1_000_000


# The fuzzing itself: each fault, put into a machine, shows in the corpus -----------------------------------------------
def _answer_no_more(self: Reader) -> bytes | None:
    return None


def _feed_all(feed: Callable[..., Any]) -> Callable[..., list[Any]]:
    return lambda self, octets: list(feed(self, octets))


def _without_dots(receive: Callable[..., Any]) -> Callable[..., Any]:
    return lambda session, transaction, content: receive(session, transaction, content.replace(b"\r\n.", b"\r\n"))


def _read_on(session: Session, _: int, reply: Reply) -> None:
    session.transaction = None
    session.refuse(reply)


def _by_the_end(self: Reader, _: int) -> bytes | None:
    self._left = None
    return self._take_content()


def _add_up(transaction: Transaction, chunk: bytes) -> None:
    transaction.chunks = bytearray(chunk)


def _ignore(*_: Any, **__: Any) -> None:
    return None


# Name -> machine, where the fault goes, and what is put there.
FAULTS: Final[Mapping[str, tuple[str, Any, str, Any]]] = {
    "a message ends with LF.CRLF": ("server", reader, "_END", b"\n.\r\n"),
    "a message ends with CRLF.LF": ("server", reader, "_END", b"\r\n.\n"),
    "a dot too many is taken away": ("server", mailing, "receive_message", _without_dots(mailing.receive_message)),
    "bare newlines are taken": ("server", mailing, "find_stray", lambda _: ""),
    "what is behind STARTTLS is kept": ("server", Reader, "clear", _ignore),
    "a message without end is kept": ("server", Reader, "_bound_content", _ignore),
    "a line without end is kept": ("server", Reader, "_bound_line", _ignore),
    "nobody need log in": ("server", Session, "check_authenticated", _ignore),
    "passwords are taken in clear": ("server", authentication, "_check_auth", _ignore),
    "a session without greeting": ("server", Session, "forget_transaction", _ignore),
    "a line is never answered": ("server", Reader, "_take_line", _answer_no_more),
    "controls stay in replies": ("server", events, "_unprintable", lambda _, line: line),
    "errors have no end": ("server", Session, "refuse", Session.send),
    "a chunk that is refused is read as commands": ("server", chunking, "_discard", _read_on),
    "a chunk ends with a dot": ("server", Reader, "_take_chunk", _by_the_end),
    "chunks before the last are lost": ("server", chunking, "_keep", _add_up),
    "a message without a last CRLF": ("server", chunking, "_end_line", lambda content: content),
    "what a server said in clear counts": ("client", ReplyReader, "clear", _ignore),
    "dots are not stuffed": ("client", client, "stuff", lambda wire: wire),
    "a breach takes back what came before": ("client", ReplyReader, "feed", _feed_all(ReplyReader.feed)),
    "a second transaction without RSET": ("client", ClientSession, "_needs_reset", property(lambda _: False, _ignore)),
    "dots are lost on the way": ("exchange", client, "stuff", lambda wire: wire),
    "a header of a proxy without end is kept": ("proxy", proxy, "LONGEST_LINE", 10_000),
    "a header of a proxy may have any size": ("proxy", proxy, "LONGEST", 100_000),
    "a proxy may speak of any family": ("proxy", proxy, "_SIZES", {**proxy._SIZES, 0x41: 12}),
    "quotes stay": ("addresses", addresses, "_needs_no_quotes", lambda _: False),
    "controls are let through": ("addresses", addresses, "_check_characters", _ignore),
}


@pytest.fixture
def _no_faulty_addresses() -> Iterator[None]:
    """Let nobody get an address from memory that was read by a machine with a fault."""
    yield
    addresses.parse_address.cache_clear()
    addresses.parse_domain.cache_clear()


@pytest.mark.usefixtures("_no_faulty_addresses")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, place, attribute, fault = FAULTS[name]
    run, _ = corpus.load(machine)
    monkeypatch.setattr(place, attribute, fault, raising=False)
    with pytest.raises(Exception):  # noqa: B017, PT011 - of whatever kind
        corpus.replay(run, corpus.cases(machine))
