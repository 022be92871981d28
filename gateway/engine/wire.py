"""The form that mail has on the wire: lines of at most 998 octets that end with CRLF, and no NUL (RFC 5322 2.1.1)."""

from __future__ import annotations

from gateway.smtp.transaction import is_canonical

LONGEST_LINE = 998  # without CRLF


def find_fault(octets: bytes) -> str:
    """Return what is wrong with the lines of `octets`, to follow "it has"; empty where nothing is."""
    if is_canonical(octets) and find_long_line(octets) < 0:
        return ""
    if b"\0" in octets:
        return "a NUL character"
    ends = octets.count(b"\r\n")
    if octets.count(b"\r") != ends:
        return "a CR that no LF follows"
    if octets.count(b"\n") != ends:
        return "a LF that no CR precedes"
    if not octets.endswith(b"\r\n"):
        return "a last line without CRLF"
    return f"a line of more than {LONGEST_LINE} octets"


def find_long_line(octets: bytes, begin: int = 0) -> int:
    """Return where the first line of more than 998 octets begins, at or after the line at `begin`; -1 where none does.

    Jumps over as many lines as 1,000 octets hold, instead of visiting each.
    """
    step = LONGEST_LINE + 2
    while len(octets) - begin > step:
        end = octets.rfind(b"\n", begin, begin + step)
        if end < 0:
            return begin
        begin = end + 1
    # What is left may be a line that has no end yet.
    return begin if len(octets) - begin > LONGEST_LINE and octets.find(b"\n", begin) < 0 else -1
