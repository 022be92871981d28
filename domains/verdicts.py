"""What a receiver would say of a message's DKIM signatures, by dkimpy: not the code that signed them."""

from __future__ import annotations

import dkim

from gateway.base.resolver import Status, default_resolver

PASS, FAIL, NONE = "pass", "fail", "none"
_MOST = 10  # signatures looked at


def judge(message: bytes) -> str:
    """Return `pass` when every DKIM signature of a message is right, `fail` when one is not, `none` when there is none.

    Keys are looked up in DNS.
    """
    try:
        verifier = dkim.DKIM(message)
        count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
        verdicts = [verifier.verify(idx=number, dnsfunc=_find_key) for number in range(min(count, _MOST))]
    except (dkim.DKIMException, IndexError, ValueError):  # dkimpy trips over what is hardly a message
        return FAIL
    if not verdicts:
        return NONE
    return PASS if all(verdicts) else FAIL


def _find_key(name: bytes, timeout: int = 5) -> bytes:
    answer = default_resolver().look_up(name.decode("ascii", "replace"), "TXT", deadline=timeout)
    return "".join(answer.records[:1]).encode() if answer.status is Status.ANSWER else b""
