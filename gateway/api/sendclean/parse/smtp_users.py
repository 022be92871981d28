"""What the calls about SMTP users take."""

from __future__ import annotations

from typing import Final

from gateway.api.fields import Field
from gateway.api.sendclean.parse.settings import name, positive, switch

NEW: Final = (Field("total_limit", positive, required=True), Field("hourly_limit", positive, required=True))
ONE: Final = (Field("smtp_user_name", name, required=True),)
EDITED: Final = (*ONE, Field("total_limit", positive), Field("hourly_limit", positive), Field("status", switch))
