"""The commands about the keys of sender domains. Those of the whole account are the console's alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.access import Level
from domains import actions
from domains.models import APIKey
from gateway.api.fields import Field, text
from gateway.api.octeth.answers.base import Done
from gateway.api.octeth.answers.keys import KeyAdded, KeyList, show
from gateway.api.octeth.parse.base import PAGE, identifier, not_there, strict_identifier
from gateway.api.octeth.views.command import Caller, Command

LONGEST: Final = 250  # characters of a description
BY_ID: Final = (Field("ApiKeyId", identifier, required=True, missing=1),)
NOT_FOUND: Final = {1: "Missing required parameter: ApiKeyId", 2: "Invalid API key or API key not found"}


def description(value: Any) -> str:
    """Take the text that says what a key is for."""
    words = text(value).strip()
    if not 0 < len(words) <= LONGEST:
        raise ValueError(f"must be 1 to {LONGEST} characters long")
    return words


class AddAPI(Command):
    """EmailGateway.AddAPI: make a key of a sender domain, which is shown this once."""

    name = "EmailGateway.AddAPI"
    level = Level.DEVELOPER
    fields = (
        Field("Description", description, required=True, missing=1),
        Field("DomainID", strict_identifier, required=True, missing=2),
        # Of the vendor's own list manager: taken, and of no meaning here.
        *(Field(name, lambda value: value) for name in ("ListID", "SubscriberID", "JourneyID", "ActionID")),
    )
    answers = (KeyAdded,)
    errors: ClassVar = {
        1: "Missing or invalid 'Description' parameter",
        2: "Missing or invalid 'DomainID' parameter",
        3: "Unable to retrieve sender domain with provided 'DomainID'",
    }

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> KeyAdded:
        domain = caller.domain(asked["DomainID"], error=3)
        key, secret = actions.add_api_key(domain.account, domain=domain, description=asked["Description"])
        caller.remember(key, "added")
        return KeyAdded(new_api_key_id=str(key.pk), api_key=show(key, secret))


class ReplaceAPI(Command):
    """EmailGateway.ReplaceAPI: give a key a new secret, which is shown this once; the old one stops working."""

    name = "EmailGateway.ReplaceAPI"
    level = Level.DEVELOPER
    fields = BY_ID
    answers = (KeyAdded,)
    errors: ClassVar = NOT_FOUND

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> KeyAdded:
        key = _get(caller, asked["ApiKeyId"])
        secret = actions.reset_api_key(key)
        caller.remember(key, "reset the secret of")
        return KeyAdded(new_api_key_id=str(key.pk), api_key=show(key, secret))


class DeleteAPI(Command):
    """EmailGateway.DeleteAPI: make a key of a sender domain worthless."""

    name = "EmailGateway.DeleteAPI"
    level = Level.DEVELOPER
    fields = BY_ID
    answers = (Done,)
    errors: ClassVar = NOT_FOUND

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> Done:
        key = _get(caller, asked["ApiKeyId"])
        actions.revoke_api_key(key)
        caller.remember(key, "revoked")
        return Done()


class GetAPIs(Command):
    """EmailGateway.GetAPIs: the keys of a sender domain, without their secrets."""

    name = "EmailGateway.GetAPIs"
    fields = (Field("DomainID", identifier, required=True, missing=1), *PAGE)
    answers = (KeyList,)
    errors: ClassVar = {1: "Missing required parameter: DomainID", 2: "Unable to retrieve sender domain"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> KeyList:
        rows = _keys(caller).filter(domain=caller.domain(asked["DomainID"], error=2)).order_by("pk")
        begin, end = asked["StartFrom"], asked["StartFrom"] + asked["RetrieveCount"]
        return KeyList(api_keys=[show(key) for key in rows[begin:end]])


def _keys(caller: Caller) -> QuerySet[APIKey]:
    found: QuerySet[APIKey] = APIKey.objects.for_account(caller.account_id).filter(domain__isnull=False, revoked_at=None)
    return found


def _get(caller: Caller, key_id: int) -> APIKey:
    found = _keys(caller).filter(pk=key_id).first()
    if found is None:
        raise not_there(2, "ApiKeyId")
    return found
