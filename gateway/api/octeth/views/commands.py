"""/api.php: one path for all commands. Which are served stands in COMMANDS, by name in lower case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from django.http import HttpResponse

from gateway.api.base import DialectView, Rate
from gateway.api.bodies import read_payload
from gateway.api.fields import fold
from gateway.api.octeth.answers.base import Part
from gateway.api.octeth.answers.envelope import say, say_refused
from gateway.api.octeth.errors.commands import NotPrivileged
from gateway.api.octeth.parse.base import wants_xml
from gateway.api.octeth.views import domains, events, keys, queue, sessions, smtps, statistics, webhooks
from gateway.api.octeth.views.base import OctethView
from gateway.api.octeth.views.command import Caller, Command
from gateway.api.octeth.views.email import SendEmail
from gateway.api.octeth.views.public_events import ListEvents
from gateway.api.octeth.views.public_webhooks import AddWebhook, DeleteWebhook, ListWebhooks
from gateway.api.octeth.views.sender_domains import InboundRelayDomainCheck, SenderDomains
from gateway.api.octeth.views.smtp_relay import SMTPRelay
from gateway.base import rates
from gateway.base.errors import Refused, UnknownCall

COMMANDS: Final[Mapping[str, type[Command]]] = {
    command.name.lower(): command
    for command in (
        sessions.Login,
        domains.AddDomain,
        domains.DeleteDomain,
        domains.GetDomain,
        domains.GetDomains,
        domains.UpdateDomain,
        domains.VerifyDomain,
        keys.AddAPI,
        keys.DeleteAPI,
        keys.GetAPIs,
        keys.ReplaceAPI,
        smtps.AddSMTP,
        smtps.DeleteSMTP,
        smtps.GetSMTPs,
        smtps.ResetSMTPPassword,
        webhooks.AddWebhook,
        webhooks.DeleteWebhook,
        webhooks.GetWebhooks,
        webhooks.RegenerateSigningKey,
        events.GetEvents,
        events.ExportEvents,
        events.AggrEvents,
        queue.ClearDomainQueue,
        statistics.DomainStats,
        statistics.AccountStats,
        statistics.DailySeries,
        statistics.RecipientDomainStats,
        statistics.ListRecipientDomains,
        SMTPRelay,
    )
}

# The calls of /api/v1, which say the same here, to the same keys.
PUBLIC_NAMES: Final[Mapping[str, type[OctethView]]] = {
    "EmailGateway.SendEmail": SendEmail,
    "EmailGateway.GetEvents.Public": ListEvents,
    "EmailGateway.AddWebhook.Public": AddWebhook,
    "EmailGateway.GetWebhooks.Public": ListWebhooks,
    "EmailGateway.DeleteWebhook.Public": DeleteWebhook,
    "Sender.Domains": SenderDomains,
    "Inbound-Relay-Domain-Check": InboundRelayDomainCheck,
}
PUBLIC: Final[Mapping[str, type[OctethView]]] = {name.lower(): view for name, view in PUBLIC_NAMES.items()}


class Api(DialectView):
    """/api.php: the command that the parameter Command names, in any case."""

    dialect = "octeth"
    rate: ClassVar[Rate] = Rate(limit=100)
    http_method_names = ("get", "post")
    command: Command = Command()  # until it is known, refusals are those of any command
    in_xml = False

    def serve(self) -> HttpResponse:
        payload = read_payload(self.http, self.parsers)
        values = fold(payload.values)
        self.in_xml = wants_xml(values)
        name = str(values.get("command", "")).strip().lower()
        if name in PUBLIC:
            response: HttpResponse = PUBLIC[name].as_view(http_method_names=self.http_method_names)(self.http)
            return response
        self.command = _find(name)
        caller = self.command.authenticate(payload, values)
        self._check_caller(caller)
        return self._answer(self.command.act(self.command.parse(values, caller), caller))

    def refuse(self, refusal: Refused) -> HttpResponse:
        command = self.command
        return say_refused(
            refusal,
            words=command.errors,
            numbers=command.refusals,
            lists_codes=command.lists_codes,
            in_xml=self.in_xml,
        )

    def _check_caller(self, caller: Caller) -> None:
        own = caller.requests_per_minute
        allowed = self.rate if own is None else Rate(limit=own)
        if allowed.limit:
            rates.check_rate(f"{self.dialect}:{caller.meter}", allowed.limit, allowed.seconds)
        if caller.level < self.command.level:
            raise NotPrivileged

    def _answer(self, done: Part | HttpResponse) -> HttpResponse:
        return done if isinstance(done, HttpResponse) else say(done, in_xml=self.in_xml)


def _find(name: str) -> Command:
    kind = COMMANDS.get(name)
    if kind is None:
        raise UnknownCall
    return kind()
