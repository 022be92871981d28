"""The rooms of domains and credentials."""

from __future__ import annotations

from domains.admin.credentials import APIKeyAdmin, SMTPUserAdmin
from domains.admin.senders import SenderDomainAdmin
from domains.admin.tracking import TrackingDomainAdmin

__all__ = ["APIKeyAdmin", "SMTPUserAdmin", "SenderDomainAdmin", "TrackingDomainAdmin"]
