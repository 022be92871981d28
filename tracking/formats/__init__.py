"""The body formats of webhooks: one module each, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tracking.formats.base import TEST, Format, Parcel, Telling
from tracking.formats.octeth import OCTETH
from tracking.formats.sendclean import SENDCLEAN
from tracking.formats.sendcloud import SENDCLOUD
from tracking.formats.standard import STANDARD_WEBHOOKS
from tracking.models import Webhook

__all__ = ["FORMATS", "TEST", "Format", "Parcel", "Telling"]

FORMATS: Final[Mapping[str, Format]] = {
    Webhook.Format.STANDARD.value: STANDARD_WEBHOOKS,
    Webhook.Format.SENDCLEAN.value: SENDCLEAN,
    Webhook.Format.SENDCLOUD.value: SENDCLOUD,
    Webhook.Format.OCTETH.value: OCTETH,
}
