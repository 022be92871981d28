"""A newsletter with fields, five links and a pixel, the members that it goes to, and whether a copy is as it has to be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from gateway.engine.submission import Mailbox, Submission, Syntax
from templates_app.members import Entry
from tests.bench.system import DOMAIN
from tracking.links import Purpose, read_token

RUN: Final = "list"  # tokens (the local parts of addresses) begin with it
LINKS: Final = 5
DOMAINS: Final = 211
ROWS: Final = 110
_ROW = "<p>Dear %NAME%, here is what is new in %CITY% this week, and what you may like.</p>\n"
_SHOP = "https://shop.example/%CODE%/{}"
_HREF = re.compile(r'href="([^"]+)"')
_PIXEL = re.compile(r'<img src="([^"]+)" width="1"')


def token_of(place: int) -> str:
    return f"{RUN}-{place:010d}"


def make_member(place: int) -> Entry:
    """Return the member that is at `place` over all lists."""
    variables = {"NAME": _name(place), "CITY": f"Town {place % 977}", "CODE": f"{place:08x}"}
    return Entry(email=f"{token_of(place)}@host{place % DOMAINS}.example", name=_name(place), variables=variables)


def make_submission(account_id: int) -> Submission:
    """Return the newsletter, of some 10 KB of HTML."""
    links = "".join(f'<p><a href="{_SHOP.format(number)}">Offer {number}</a></p>\n' for number in range(LINKS))
    return Submission(
        account_id=account_id,
        door="sendcloud",
        sender=Mailbox(email=f"news@{DOMAIN}", name="News"),
        recipients=(),
        subject="Hello %NAME%",
        html=f"<html><body>\n{links}{_ROW * ROWS}</body></html>",
        syntax=Syntax.SENDCLOUD,
    )


def check(copies: Sequence[bytes]) -> list[str]:
    """Return a sentence for each thing that is wrong with a copy; one if there are no copies."""
    if not copies:
        return ["No copy was kept to look at."]
    found = [problem for copy in copies for problem in _check_copy(copy)]
    return sorted({*found})[:10]


def _check_copy(copy: bytes) -> list[str]:
    message = message_from_bytes(copy, policy=policy.default)
    token = message["To"].addresses[0].username
    place = int(token.removeprefix(f"{RUN}-"))
    body = message.get_body(("html",))
    html = body.get_content() if body else ""
    clicks = [_read(url, Purpose.CLICK) for url in map(unescape, _HREF.findall(html)) if f"/t/{Purpose.CLICK}/" in url]
    targets = [link.target for link in clicks if link]
    recipients = {link.recipient_id for link in [*clicks, *(_read(url, Purpose.OPEN) for url in _PIXEL.findall(html))] if link}
    expected = [_SHOP.format(number).replace("%CODE%", f"{place:08x}") for number in range(LINKS)]
    faults = {
        "has another's subject": message["Subject"] != f"Hello {_name(place)}",
        "has another's values": html.count(f"Dear {_name(place)}, here is what is new in Town {place % 977} this week") != ROWS,
        "has a field that is not filled in": "%" in html,
        "has other links than five that are tracked": targets != expected,
        "has a link that is not tracked": "https://shop.example/" in html,
        "has links of no, or of several recipients": len(recipients) != 1,
        "has no pixel": not _PIXEL.search(html),
    }
    return [f"The copy of {token} {fault}." for fault, is_so in faults.items() if is_so]


def _name(place: int) -> str:
    return f"Person {place}"


def _read(url: str, purpose: Purpose):
    """Return the link that a tracked URL stands for, None where it is not ours."""
    parts = urlsplit(url)
    return read_token(parts.path.rpartition("/")[2], purpose, parts.netloc)
