"""What the calls about tracking domains take."""

from __future__ import annotations

from typing import Final

from gateway.api.fields import Field
from gateway.api.sendclean.parse.settings import name

ONE: Final = (Field("domain", name, required=True),)
