"""The commands about the SMTP users of sender domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.access import Level
from domains import actions
from domains.models import SMTPUser
from gateway.api.fields import Field
from gateway.api.octeth.answers.base import Done
from gateway.api.octeth.answers.smtps import SMTPAdded, SMTPList, SMTPShown, show
from gateway.api.octeth.parse.base import PAGE, identifier, not_there
from gateway.api.octeth.views.command import Caller, Command

BY_ID: Final = (Field("smtpid", identifier, required=True, missing=1),)
BY_DOMAIN: Final = (Field("DomainID", identifier, required=True, missing=1),)


class AddSMTP(Command):
    """EmailGateway.AddSMTP: make an SMTP user of a sender domain, whose password is shown this once."""

    name = "EmailGateway.AddSMTP"
    level = Level.DEVELOPER
    fields = BY_DOMAIN
    answers = (SMTPAdded,)
    errors: ClassVar = {1: "Required field 'DomainID' is missing.", 2: "Unable to retrieve the sender domain."}

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> SMTPAdded:
        domain = caller.domain(asked["DomainID"], error=2)
        user, secret = actions.add_smtp_user(domain.account, domain=domain)
        caller.remember(user, "added")
        return SMTPAdded(new_smtp_id=str(user.pk), smtp=show(user, secret))


class ResetSMTPPassword(Command):
    """EmailGateway.ResetSMTPPassword: give an SMTP user a new password, which is shown this once."""

    name = "EmailGateway.ResetSMTPPassword"
    level = Level.DEVELOPER
    fields = BY_ID
    answers = (SMTPShown,)
    errors: ClassVar = {1: "Missing required parameter 'smtpid'", 2: "SMTP configuration not found or access denied"}

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> SMTPShown:
        user = _get(caller, asked["smtpid"])
        secret = actions.reset_smtp_secret(user)
        caller.remember(user, "reset the secret of")
        return SMTPShown(smtp=show(user, secret))


class DeleteSMTP(Command):
    """EmailGateway.DeleteSMTP: take an SMTP user out of use for good."""

    name = "EmailGateway.DeleteSMTP"
    level = Level.DEVELOPER
    fields = BY_ID
    answers = (Done,)
    errors: ClassVar = {
        1: "Required field is missing",
        2: "SMTP configuration not found or user does not have permission",
    }

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> Done:
        user = _get(caller, asked["smtpid"])
        actions.delete_smtp_user(user)
        caller.remember(user, "deleted")
        return Done()


class GetSMTPs(Command):
    """EmailGateway.GetSMTPs: the SMTP users of a sender domain, without their passwords."""

    name = "EmailGateway.GetSMTPs"
    fields = (*BY_DOMAIN, *PAGE)
    answers = (SMTPList,)
    errors: ClassVar = {
        1: "Missing required parameter 'DomainID'.",
        2: "Unable to retrieve sender domain details.",
    }

    def act(self, asked: Mapping[str, Any], caller: Caller) -> SMTPList:
        rows = _users(caller).filter(domain=caller.domain(asked["DomainID"], error=2)).order_by("pk")
        begin, end = asked["StartFrom"], asked["StartFrom"] + asked["RetrieveCount"]
        return SMTPList(smtps=[show(user) for user in rows[begin:end]])


def _users(caller: Caller) -> QuerySet[SMTPUser]:
    """Return the SMTP users of the account's domains; those of the whole account are the console's and other dialects'."""
    found: QuerySet[SMTPUser] = SMTPUser.objects.for_account(caller.account_id).filter(domain__isnull=False, is_deleted=False)
    return found


def _get(caller: Caller, user_id: int) -> SMTPUser:
    found = _users(caller).filter(pk=user_id).first()
    if found is None:
        raise not_there(2, "smtpid")
    return found
