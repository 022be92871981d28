"""Octeth's paths. What is below /api/ and no other dialect's is answered here too: these urls come last."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.octeth.views.base import NoSuchCall
from gateway.api.octeth.views.commands import Api
from gateway.api.octeth.views.email import SendEmail
from gateway.api.octeth.views.public_events import ListEvents
from gateway.api.octeth.views.public_webhooks import Webhooks
from gateway.api.octeth.views.sender_domains import InboundRelayDomainCheck, SenderDomains

urlpatterns = [
    path_of("api/v1/email", SendEmail),
    path_of("api/v1/events", ListEvents),
    path_of("api/v1/webhooks", Webhooks),
    path_of("api/v1/sender.domains", SenderDomains),
    path_of("api/v1/inbound-relay-domain-check", InboundRelayDomainCheck),
    path_of("api", NoSuchCall),
    path_of("api/", NoSuchCall, exact=False),
    path_of("api.php", Api),
]
