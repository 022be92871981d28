"""/api.php: one path for all commands. Which are served stands in COMMANDS, by name in lower case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse

from gateway.api.base import DialectView, Rate
from gateway.api.bodies import read_payload
from gateway.api.fields import fold
from gateway.api.octeth.answers.base import Part
from gateway.api.octeth.answers.envelope import say, say_refused
from gateway.api.octeth.errors import NotPrivileged
from gateway.api.octeth.parse.base import wants_xml
from gateway.api.octeth.views.command import Caller, Command
from gateway.base import rates
from gateway.base.errors import Refused, UnknownCall

COMMANDS: Final[Mapping[str, type[Command]]] = {}


class Api(DialectView):
    """/api.php: the command that the parameter Command names, in any case."""

    dialect = "octeth"
    rate = Rate(limit=100)
    http_method_names = ("get", "post")
    command: Command = Command()  # until it is known, refusals are those of any command
    in_xml = False

    def serve(self) -> HttpResponse:
        payload = read_payload(self.http, self.parsers)
        values = fold(payload.values)
        self.in_xml = wants_xml(values)
        self.command = _find(values)
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
        limit = own if own is not None else 100
        if limit:
            rates.check_rate(f"{self.dialect}:{caller.meter}", limit, 60)
        if caller.level < self.command.level:
            raise NotPrivileged

    def _answer(self, done: Part | HttpResponse) -> HttpResponse:
        return done if isinstance(done, HttpResponse) else say(done, in_xml=self.in_xml)


def _find(values: Mapping[str, Any]) -> Command:
    kind = COMMANDS.get(str(values.get("command", "")).strip().lower())
    if kind is None:
        raise UnknownCall
    return kind()
