"""What attackers put into text fields (T1, T2 and T4 of our threats), as a list and as strategies for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.gateway.smtp.test_server import NOT_THE_END, SMUGGLED

EVE = "eve@evil.example"
_BCC = f"Bcc: {EVE}"

BREAKS = ("\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x7f", "\x85", "\u2028", "\u2029")
SMUGGLING = tuple((ending + SMUGGLED).decode("latin-1") for ending in NOT_THE_END)
ADDRESSES = (
    EVE,
    f", {EVE}",
    f"; {EVE}",
    f'" <{EVE}>',
    f"> SIZE=1 <{EVE}",
    f"> NOTIFY=SUCCESS ORCPT=rfc822;{EVE}",
    f"@b.example>\r\nRCPT TO:<{EVE}",
    f"@b.example>\nRCPT TO:<{EVE}",
    f"<{EVE}>",
    "<>",
    "(comment)",
    '"',
    "\\",
    "\\\r\n",
)
ENCODED = (
    "=?utf-8?q?=0d=0aBcc:_eve=40evil.example?=",
    "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
    "=?utf-8?q?a?= =?utf-8?q?=0d=0ab?=",
    "=?",
    f"%0d%0a{_BCC}",
    "%0D%0A%0D%0Abody",
    f"\\u000d\\u000a{_BCC}",
    f"\\r\\n{_BCC}",
    f"&#13;&#10;{_BCC}",
)
FOLDED = ("\r\n\tfolded", "\r\n folded", "\r\n\t\r\n", "\r\n\r\nbody", "\n\n", "\t", " ", "\xa0")
SURROGATES = ("\ud800", "\udfff", "\udc0a", "\ud83d x", "\udcff\r\n")
LONG = ("x" * 76, "x" * 998, "x" * 999, "é" * 1000, "\U0001f600" * 300, "x " * 5000, "x" + " " * 998 + "x", "x" * 100_000)
DOTS = (".", "..", "\r\n.", "\r\n.\r\n", "\n.\n", ".\r\n", "\r\n..\r\n")
UNICODE = ("\u202ecod.exe", "\u200b", "\ufeff", "\u00ad", "\u0301", "ß", "＠evil.example", "。", "İ", "\ufffe", "\U000e0041")
MARKS = ("%name%", "[name]", "{{ NAME }}", "{% raw %}", "%%user_defined_unsubscribe_link%%", "{{unsubscribe_url}}", "%", "{{")
PARTS = ("\r\n--=_0\r\nContent-Type: text/html\r\n\r\n", '"; name="b', "; charset=utf-7", 'a"\r\nX-A: b', "../../etc/passwd")

VALUES: tuple[str, ...] = (
    *(end + _BCC for end in BREAKS),
    *BREAKS,
    *SMUGGLING,
    *ADDRESSES,
    *ENCODED,
    *FOLDED,
    *SURROGATES,
    *LONG,
    *DOTS,
    *UNICODE,
    *MARKS,
    *PARTS,
)

_WORDS = ("a", "Hello", "é", "日本", "\U0001f600", *":;,@<>=?_\t", "a@b.example", "X-A")
_pieces = st.one_of(
    st.sampled_from([value for value in VALUES if len(value) < 2000]),
    st.sampled_from(_WORDS),
    st.text(max_size=12),
    st.builds(str.__mul__, st.sampled_from("x é\u202e."), st.sampled_from([75, 76, 77, 900, 997, 998, 999])),
)


def hostile() -> st.SearchStrategy[str]:
    """Return a strategy for texts made of such pieces, among them lone surrogates."""
    return st.lists(_pieces, min_size=1, max_size=5).map("".join).filter(bool)


def within(text: str, value: str) -> tuple[str, ...]:
    """Return the ways in which a hostile value stands in a field whose harmless text is `text`."""
    middle = len(text) // 2
    return tuple(dict.fromkeys((value, text + value, value + text, text[:middle] + value + text[middle:])))
