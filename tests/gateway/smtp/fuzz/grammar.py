"""What hypothesis makes up for each machine: sessions that could be, with faults put into some of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hypothesis import strategies as st

from tests.gateway.smtp.fuzz import addresses, client, exchange, proxy, server
from tests.gateway.smtp.fuzz.client import TURN
from tests.gateway.smtp.fuzz.server import HANDSHAKE

Octets = st.SearchStrategy[bytes]


def _joined(*parts: Octets | bytes) -> Octets:
    return st.tuples(*(st.just(part) if isinstance(part, bytes) else part for part in parts)).map(b"".join)


def _any_of(*parts: bytes) -> Octets:
    return st.sampled_from(parts)


def _several(part: Octets, least: int = 0, most: int = 4) -> Octets:
    return st.lists(part, min_size=least, max_size=most).map(b"".join)


@st.composite
def _with_faults(draw: st.DrawFn, made: Octets, words: tuple[bytes, ...]) -> bytes:
    """Put words where they do not belong, drop and repeat pieces; two in three stay as they are."""
    octets = draw(made)
    for _ in range(max(0, draw(st.integers(-5, 3)))):
        begin, end = sorted(draw(st.tuples(*[st.integers(0, len(octets))] * 2)))
        piece = draw(st.one_of(st.sampled_from(words), st.binary(max_size=4), st.just(2 * octets[begin:end])))
        octets = octets[:begin] + piece + octets[end:]
    return octets


def _head(most_choices: int) -> Octets:
    """Make the choices of a case: one answer in four is another than the first."""
    choice = st.one_of(*[st.just(b"0")] * 3, st.sampled_from([b"%d" % n for n in range(1, 8)]))
    return _joined(
        st.sampled_from([b"%d" % n for n in range(8)]), st.binary(min_size=1, max_size=1), _several(choice, 0, most_choices)
    )


_PARAMETERS = _several(_any_of(b" SIZE=90", b" SIZE=999", b" BODY=8BITMIME", b" SMTPUTF8", b" AUTH=<>", b" RET=HDRS"), 0, 2)
_PATH = _any_of(
    b"<a@b.example>", b"<>", b'<"a> b"@c.example>', b"<\xc3\xa9@b.example>", b"<a@b>", b"a@b.example", b" <a@b.example> "
)
_LINE = _several(_any_of(b"hello", b".", b"..", b"\r\n", b"\r\n", b"\r\n.", b"\n", b"\r", b"\0", b"\xff", b"x" * 60), 0, 6)
_BY_DATA = _joined(b"DATA\r\n", _LINE, _any_of(b"\r\n.\r\n", b"\r\n.\r\n", b".\r\n", b"\n.\r\n", b"\r\n.\n", b""))


def _chunk(last: bytes) -> Octets:
    """Make a chunk, one in six of which has another size than it says."""
    off = st.sampled_from([0, 0, 0, 0, 0, -1, 1])
    return st.tuples(_LINE, off).map(lambda made: b"BDAT %d%b\r\n%b" % (max(0, len(made[0]) + made[1]), last, made[0]))


_BETWEEN = _any_of(b"", b"", b"", b"NOOP\r\n", b"RSET\r\n", b"DATA\r\n", b"RCPT TO:<c@d.example>\r\n", b"BDAT x\r\n")
_BY_BDAT = _joined(_several(_chunk(b""), 0, 2), _BETWEEN, _chunk(b" LAST"))
_MESSAGE = st.one_of(_BY_DATA, _BY_BDAT)
_TRANSACTION = _joined(
    _joined(b"MAIL FROM:", _PATH, _PARAMETERS, b"\r\n"),
    _several(_joined(b"RCPT TO:", _PATH, b"\r\n"), 1, 4),
    _MESSAGE,
)
_GOOD_TRANSACTION = _joined(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n", _MESSAGE)
_AUTH = _any_of(
    b"AUTH PLAIN AGEAYg==\r\n",
    b"AUTH PLAIN\r\nAGEAYg==\r\n",
    b"AUTH LOGIN\r\nYQ==\r\nYg==\r\n",
    b"AUTH LOGIN YQ==\r\n*\r\n",
    b"",
)
_TLS = _joined(b"STARTTLS\r\n", _any_of(b"", b"", b"MAIL FROM:<>\r\n", b"EHLO"), HANDSHAKE, b"EHLO a\r\n")
_OTHER = _any_of(
    b"RSET\r\n", b"NOOP\r\n", b"HELP\r\n", b"VRFY a\r\n", b"QUIT\r\n", b"WHAT\r\n", b"EHLO b\r\n", b"NOOP\n", b"DATA\r\n"
)
_SESSION = _joined(
    _any_of(b"EHLO a\r\n", b"EHLO a\r\n", b"HELO a\r\n", b""),
    st.one_of(_TLS, st.just(b"")),
    _AUTH,
    _several(st.one_of(_TRANSACTION, _GOOD_TRANSACTION, _OTHER), 0, 5),
)

_NO = _any_of(b"421 no\r\n", b"451 no\r\n", b"503 no\r\n", b"550 no\r\nagain", b"550-no\r\n550 no\r\n")
_YES = _any_of(b"250 ok\r\n", b"250-well\r\n250 ok\r\n")
_OFFERS = _several(_any_of(b"250-8BITMIME\r\n", b"250-SMTPUTF8\r\n", b"250-SIZE 1000\r\n", b"250-DSN\r\n"), 0, 3)
_EHLO = _joined(b"250-mx\r\n", _any_of(b"250-PIPELINING\r\n", b"250-PIPELINING\r\n", b""), _OFFERS, b"250 HELP\r\n")
_ANY = st.one_of(_YES, _NO, _any_of(b"354 go\r\n", b"220 go\r\n"))
_GO_AHEAD = _joined(_YES, _YES, b"354 go\r\n", TURN)
_GO_AHEAD_IN_TURN = _joined(_YES, TURN, _YES, TURN, b"354 go\r\n", TURN)
_REFUSED = _joined(_any_of(b"", b"250 ok\r\n"), _NO, st.one_of(_ANY, st.just(TURN)), _ANY, TURN, st.one_of(_ANY, st.just(b"")))
_REPLIES = _joined(
    b"220 mx\r\n" + TURN,
    _EHLO,
    st.one_of(
        st.just(TURN),
        _joined(b"250-STARTTLS\r\n250 x\r\n", TURN, b"220 go\r\n", st.one_of(_ANY, st.just(b"")), TURN, _EHLO, TURN),
    ),
    _several(st.one_of(_GO_AHEAD, _GO_AHEAD_IN_TURN, _REFUSED, _joined(_ANY, TURN), _ANY), 0, 8),
)

_WORD_OF_ADDRESSES = st.sampled_from(addresses.WORDS)
_LOCAL = _several(st.one_of(_WORD_OF_ADDRESSES, _any_of(b"a", b"b", b".")), 1, 4)
_DOMAIN = _several(st.one_of(_WORD_OF_ADDRESSES, _any_of(b"a", b"b.", b".c")), 0, 3)
_ADDRESS = _joined(_LOCAL, b"@", _DOMAIN, _any_of(b"", b".example"))
_QUOTED = _joined(b'"', _LOCAL, b'"@', _any_of(b"b.example", "ß.example".encode()))

_LINES = _joined(
    b"PROXY TCP",
    _any_of(b"4 192.0.2.1 192.0.2.9", b"6 2001:db8::1 ::1", b"6 ::ffff:192.0.2.1 ::1", b"4 ::1 ::1"),
    _any_of(b" 1 25\r\n", b" 65535 0\r\n", b" 65536 25\r\n"),
)
_BINARIES = st.tuples(
    st.sampled_from([0x20, 0x21, 0x21]), st.sampled_from([0x00, 0x11, 0x11, 0x21, 0x31, 0x22]), st.binary(max_size=60)
).map(lambda made: proxy.SIGNATURE + bytes([made[0], made[1], 0, len(made[2])]) + made[2])

# The cases of each machine, as likely as not to be well-formed; and octets of any kind.
CASES: Final[Mapping[str, Octets]] = {
    "server": _joined(_head(10), b"\n", _with_faults(_SESSION, server.WORDS)),
    "client": _joined(_head(8), b"\n", _with_faults(_REPLIES, client.WORDS)),
    "exchange": _joined(_head(3), b"\n", st.one_of(st.binary(max_size=200), _several(st.sampled_from(exchange.WORDS), 0, 20))),
    "proxy": _joined(
        _head(0), b"\n", _with_faults(_joined(st.one_of(_LINES, _BINARIES), _any_of(b"", b"EHLO a\r\n")), proxy.WORDS)
    ),
    "addresses": _with_faults(
        st.one_of(
            _ADDRESS,
            _QUOTED,
            _joined(b"<", st.one_of(_ADDRESS, _QUOTED), b">"),
            st.text().map(lambda t: t.encode("utf-8", "replace")),
        ),
        addresses.WORDS,
    ),
}
