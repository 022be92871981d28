"""messages/getMessageInfo: which mail is asked about. TES_APP_DOMAIN, which the seed lists too, is the host that was called."""

from __future__ import annotations

from gateway.api.fields import Field
from gateway.api.sendclean.parse.settings import PAGES

GET_MESSAGE_INFO = (Field("x_unique_id", required=True), *PAGES)
