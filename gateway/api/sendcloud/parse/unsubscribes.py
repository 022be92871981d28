"""What unsubscribe/* takes."""

from __future__ import annotations

from typing import Final

from gateway.api.fields import Field
from gateway.api.sendcloud.parse.kinds import email
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.api.sendcloud.parse.spans import API_USERS, BY_EMAIL_OR_DAYS, LABEL_IDS

LIST: Final = (*BY_EMAIL_OR_DAYS, API_USERS, LABEL_IDS, START, LIMIT)
ADD: Final = (Field("email", email, required=True, missing=40011, invalid=40012),)
DELETE: Final = BY_EMAIL_OR_DAYS
