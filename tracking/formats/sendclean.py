"""SendClean's bodies (contracts 1.3): a form field with a JSON array of up to a hundred events, signed by Mandrill's rule.

Success is status 200. A URL that is added must also answer a test with the text that the vendor's receivers answer.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings

from tracking.formats.base import TEST, Format, Parcel, Reply, Telling, by_name, write_json
from tracking.models import BounceType, EventType

FIELD: Final = "{vendor}tes_events"
HEADER: Final = "X-{vendor}TES-SIGNATURE"
VENDORS: Final = ("SendClean", "PowerEmail")  # whose receivers move here unchanged

WORDS: Final[Mapping[str, str]] = {
    EventType.DELIVERED: "send",
    EventType.OPENED: "open",
    EventType.CLICKED: "click",
    EventType.BOUNCED: "hard_bounce",  # or soft_bounce, see _word
    EventType.EXPIRED: "soft_bounce",
    EventType.COMPLAINED: "spam",
    TEST: "send",
}

# What a webhook is told of, in the words of addWebhook, as Webhook.events has it.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "send": (EventType.DELIVERED,),
    "open": (EventType.OPENED,),
    "click": (EventType.CLICKED,),
    "soft_bounce": (BounceType.SOFT, EventType.EXPIRED),
    "hard_bounce": (BounceType.HARD,),
    "spam": (EventType.COMPLAINED,),
}


def write(parcel: Parcel) -> bytes:
    return urlencode({_branded(FIELD): _array(parcel)}).encode()


def sign(parcel: Parcel, body: bytes, now: datetime) -> Mapping[str, str]:  # noqa: ARG001 - the shape of all formats
    """Return the signature: HMAC-SHA1 over the URL and, sorted by name, each field's name and value."""
    signed = parcel.url.encode() + _branded(FIELD).encode() + _array(parcel)
    return {_branded(HEADER): base64.b64encode(hmac.digest(parcel.key.encode(), signed, "sha1")).decode()}


def find_fault(reply: Reply) -> str:
    """Say what is missing in the answer of a URL that is to be saved: one text, with our name in it or a vendor's."""
    words, _, name = reply.body.decode("utf-8", "replace").strip().partition(", ")
    if words == "God bless you" and name in {settings.GATEPOST_BRAND, *VENDORS}:
        return ""
    return f'It must answer the text "God bless you, {settings.GATEPOST_BRAND}", and nothing else.'


def _branded(name: str) -> str:
    """Return a name as the product is sold under: a vendor's brand stands in it, SendClean's in place of ours."""
    brand = settings.GATEPOST_BRAND
    return name.format(vendor=brand if brand in VENDORS else VENDORS[0])


def _array(parcel: Parcel) -> bytes:
    return write_json([_event(telling) for telling in parcel.tellings])


def _word(telling: Telling) -> str:
    return "soft_bounce" if telling.bounce_class not in {"", "hard"} else WORDS[telling.type]


def _event(telling: Telling) -> dict[str, Any]:
    seconds = int(telling.at.timestamp())
    word = _word(telling)
    event: dict[str, Any] = {"event": word, "ts": seconds, "_id": telling.id}
    if word in {"open", "click"}:
        event |= {"ip": telling.address, "user_agent": telling.agent}
    if word == "click":
        event["url"] = telling.url
    return event | {"msg": _message(telling, word, seconds)}


def _message(telling: Telling, word: str, seconds: int) -> dict[str, Any]:
    message: dict[str, Any] = {
        "ts": seconds,
        "_id": str(telling.public_id),
        "subject": telling.subject,
        "email": telling.recipient,
        "sender": telling.sender,
        "tags": list(telling.tags),
        "metadata": by_name(telling.headers),
        "smtp_user_name": telling.smtp_user,
    }
    if word.endswith("bounce"):
        message |= {"bounce_description": telling.category or telling.type, "diag": _diagnosis(telling)}
    return message


def _diagnosis(telling: Telling) -> str:
    return " ".join(part for part in (str(telling.code or ""), telling.enhanced, telling.reply) if part)


SENDCLEAN: Final = Format(
    words=WORDS,
    write=write,
    sign=sign,
    content_type="application/x-www-form-urlencoded",
    batch=100,
    is_success=lambda reply: reply.status == 200,
    tries_url=True,
    find_fault=find_fault,
)
