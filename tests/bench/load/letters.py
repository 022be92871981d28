"""The letters of the load: 10 KB of text and HTML, the same but for a token, which names one letter of one load.

A token is the local part of the recipient's address; it stands in the subject and in both bodies too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SIZE = 10_000  # bytes of a whole message, nearly
DOMAINS = 20  # that the recipients are spread over
LINKS = 5
WORDS = 300  # that the bodies choose from
HOLE = "TOKENTOKENTOKEN"  # where a token goes, and as long
_SYLLABLES = ("ta", "ri", "mon", "el", "sa", "ver", "di", "pro", "con", "lo", "ne", "ca", "ti", "su", "fer", "ent", "ou", "ing")


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to send. `content` is an RFC 5322 message, or the whole HTTP request, by who made it."""

    token: str
    recipient: str
    content: bytes


Writer = Callable[[int], Letter]
"""Number of the letter -> the letter."""


def mails(run: str, sender: str) -> Writer:
    """Return the writer of messages, dots stuffed and with the final dot, as they follow DATA. `run` has four letters."""
    text, html = make_bodies()
    message = f"""\
From: Bench <{sender}>
To: Reader <{HOLE}@DOMAIN>
Subject: Your order {HOLE} has left our warehouse
Date: Thu, 01 Jan 2026 09:00:00 +0000
Message-ID: <{HOLE}@{sender.rpartition("@")[2]}>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=-part-of-the-bench"

--=-part-of-the-bench
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

{text}
--=-part-of-the-bench
Content-Type: text/html; charset=us-ascii
Content-Transfer-Encoding: 7bit

{html}
--=-part-of-the-bench--
.
"""
    return _writer(run, message.replace("\n", "\r\n"))


def calls(run: str, sender: str, endpoint: str, key: str) -> Writer:
    """Return the writer of calls to Octeth's /api/v1/email at `endpoint` (host:port), with a key of the sender's domain."""
    text, html = make_bodies()
    body = json.dumps(
        {
            "From": {"email": sender, "name": "Bench"},
            "To": [{"email": f"{HOLE}@DOMAIN", "name": "Reader"}],
            "Subject": f"Your order {HOLE} has left our warehouse",
            "ContentType": "both",
            "HtmlContent": html,
            "PlainContent": text,
        }
    )
    length = len(body) - len("DOMAIN") + len(_domain(0))
    head = [
        "POST /api/v1/email HTTP/1.1",
        f"Host: {endpoint}",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    ]
    return _writer(run, "\r\n".join([*head, "", body]))


def token_of(run: str, number: int) -> str:
    return f"{run}-{number:010d}"


def _writer(run: str, text: str) -> Writer:
    holes = [part.encode() for part in text.split(HOLE)]
    ends = [[part.replace(b"DOMAIN", _domain(place).encode()) for part in holes] for place in range(DOMAINS)]

    def write(number: int) -> Letter:
        token = token_of(run, number)
        place = number % DOMAINS
        return Letter(token, f"{token}@{_domain(place)}", token.encode().join(ends[place]))

    return write


def _domain(place: int) -> str:
    return f"mail{place:02d}.example"


def make_bodies() -> tuple[str, str]:
    """Return a text and an HTML body that make a message of SIZE bytes, with lines of less than 110 characters, and holes."""
    text = "\n".join(_fill(SIZE * 3 // 10, "{}"))
    links = "\n".join(
        f'<p><a href="https://shop.bench.example/{HOLE}/{number}">Look {number}</a></p>' for number in range(LINKS)
    )
    rows = "\n".join(_fill(SIZE * 6 // 10, '<p class="row">{}</p>'))
    html = f"<!DOCTYPE html>\n<html>\n<body>\n<h1>Order {HOLE}</h1>\n{links}\n{rows}\n</body>\n</html>"
    return f"Order {HOLE}\n{text}", html


def _fill(size: int, pattern: str) -> Iterator[str]:
    """Yield lines of words, which LZ4 and its like make as small as those of real mail of this size: to two fifths."""
    dice = random.Random(1)
    words = ["".join(dice.choices(_SYLLABLES, k=dice.choice((1, 2, 2, 3)))) for _ in range(WORDS)]
    length = 0
    while length < size:
        line = pattern.format(" ".join(dice.choices(words, k=12)).capitalize() + ".")
        length += len(line) + 2
        yield line
