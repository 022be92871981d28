"""Octeth's call about mail that waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from accounts.access import Level
from gateway.api.fields import Field
from gateway.api.octeth.answers.base import Done
from gateway.api.octeth.parse.base import identifier
from gateway.api.octeth.views.command import Caller, Command
from gateway.base import clock
from gateway.engine.control import Verb, Which
from gateway.engine.tasks import begin_act


class ClearDomainQueue(Command):
    """EmailGateway.ClearDomainQueue: cancel what waits of a sender domain; a long queue is gone through in the background."""

    name = "EmailGateway.ClearDomainQueue"
    level = Level.DEVELOPER
    fields = (Field("DomainID", identifier, required=True, missing=1),)
    answers = (Done,)
    errors: ClassVar = {1: "Missing required parameter: DomainID", 2: "Unable to retrieve sender domain"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> Done:
        domain = caller.domain(asked["DomainID"], error=2)
        progress = begin_act(Verb.CANCEL, Which(account_id=caller.account_id, domain_id=domain.pk, until=clock.now()))
        caller.remember(domain, "cleared the queue of", recipients=progress.moved, goes_on=not progress.is_done)
        return Done()
