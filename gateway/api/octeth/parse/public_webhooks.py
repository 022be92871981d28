"""What the calls of /api/v1/webhooks take."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field, text
from gateway.api.octeth.parse.base import PAGE, identifier
from gateway.api.octeth.parse.webhooks import event
from gateway.base.weburls import read_url


def web_url(value: Any) -> str:
    """Take a URL of the web; who is called is judged when the webhook is made."""
    url = text(value).strip()
    read_url(url)
    return url


ADD: Final = (
    Field("Event", event, required=True, missing=2, invalid=3),
    Field("WebhookURL", web_url, required=True, missing=5, invalid=6),
)
LIST: Final = PAGE
DELETE: Final = (Field("WebhookID", identifier, required=True, missing=1),)
