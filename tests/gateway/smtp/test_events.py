from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.events import Reply


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
