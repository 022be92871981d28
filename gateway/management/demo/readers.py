"""What readers of the demo's mail do, with nothing of ours inside: open it, follow its link, unsubscribe by one click."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from django.core.management import CommandError

from gateway.management.demo.watch import read_journal

TIMEOUT = 30  # seconds for a call
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Gatepost demo reader"
_PIXEL = re.compile(r"""<img[^>]+src=["']?([^"'\s>]+/t/o/[^"'\s>]+)""", re.IGNORECASE)
_LINK = re.compile(r"""<a[^>]+href=["']?([^"'\s>]+/t/c/[^"'\s>]+)""", re.IGNORECASE)
_WAY_OUT = re.compile(r"<(https?://[^>]+/t/u/[^>]+)>")


def open_mail(mail: EmailMessage) -> None:
    """Show the mail, as a program that loads its pictures does."""
    _call(_find(_PIXEL, _html_of(mail), "pixel"))


def click(mail: EmailMessage) -> None:
    """Follow the first tracked link as far as it leads to; that page itself is on the Internet, and not asked for."""
    _call(_find(_LINK, _html_of(mail), "tracked link"))


def unsubscribe(mail: EmailMessage) -> None:
    """Unsubscribe by one click, as a mail program's button does (RFC 8058)."""
    if mail["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        raise CommandError("The mail offers no one-click unsubscribe.")
    _call(_find(_WAY_OUT, str(mail["List-Unsubscribe"]), "List-Unsubscribe"), b"List-Unsubscribe=One-Click")


DEEDS: Mapping[str, Callable[[EmailMessage], None]] = {"opened": open_mail, "clicked": click, "unsubscribed": unsubscribe}


def find_mail(inbox: Path, recipient: str) -> EmailMessage:
    """Return the mail that the receiving server caught for `recipient`; raise CommandError where there is none."""
    for entry in read_journal(inbox):
        if "path" in entry and any(one["address"] == recipient for one in entry["rcpt_to"]):
            mail = message_from_bytes((inbox / entry["path"]).read_bytes(), policy=policy.default)
            if isinstance(mail, EmailMessage):
                return mail
    raise CommandError(f"No mail for {recipient} was caught.")


def _html_of(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("html",))
    return str(part.get_content()) if part is not None else ""


def _find(pattern: re.Pattern[str], text: str, what: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise CommandError(f"The mail has no {what}.")
    return unescape(found[1])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def _call(url: str, body: bytes | None = None) -> None:
    request = urllib.request.Request(url, body, {"User-Agent": AGENT})  # noqa: S310 - a link of our own
    try:
        urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:
        if error.code != 302:
            raise CommandError(f"{url[:100]} answered {error.code}.") from None
