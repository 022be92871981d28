from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.events import CommandRefused
from gateway.smtp.reader import Reader, find_stray

octets = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\0"]), max_size=20).map(b"".join)


def test_it_works() -> None:
    reader = Reader(max_size=100)
    reader.receive(b"NOOP\r\nDATA\r\n..\r\nhello\r\n.\r\nQUIT\r\n")
    assert [reader.read(), reader.read()] == [b"NOOP", b"DATA"]
    reader.begin_content()
    assert [reader.read(), reader.read(), reader.read()] == [b".\r\nhello\r\n", b"QUIT", None]


@given(octets)
def test_a_message_has_crlf_alone_or_something_stray(content: bytes) -> None:
    rest = content.replace(b"\r\n", b"")
    assert bool(find_stray(content)) == any(octet in rest for octet in (b"\r", b"\n", b"\0"))


@given(octets, st.integers(1, 5))
def test_what_was_stuffed_comes_back(content: bytes, step: int) -> None:
    content += b"\r\n"
    sent = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\nNOOP\r\n"
    reader = Reader(max_size=100)
    reader.begin_content()
    taken = []
    for place in range(0, len(sent), step):
        reader.receive(sent[place : place + step])
        while (unit := reader.read()) is not None:
            taken.append(unit)
    assert taken == [content, b"NOOP"]


@given(octets.filter(lambda said: b"\r\n" not in said))
def test_a_line_ends_with_crlf(said: bytes) -> None:
    reader = Reader(max_size=100)
    reader.receive(said + b"\r\n")
    if any(octet in said for octet in (b"\r", b"\n", b"\0")):
        with pytest.raises(CommandRefused):
            reader.read()
    else:
        assert reader.read() == said
