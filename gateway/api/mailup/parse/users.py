"""ListUsersDTO: whose details are asked for."""

from __future__ import annotations

from gateway.api.fields import Field

LIST_USERS = (Field("Username", default=""),)
