"""Forms of the accounts' rooms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget

from accounts.access import LEVELS, Level
from accounts.models import Membership, User
from accounts.scoped import ScopedForm


class MembershipForm(ScopedForm):
    """A role for a person, who is named by their address when the role is given. Nobody grants more than they have."""

    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        account = self.cleaned_data.get("account") or getattr(self.instance, "account", None)
        if account is not None and LEVELS[role] > self.access.level_in(account.pk):
            raise forms.ValidationError(_("You cannot give a role above your own."))
        if role != Membership.Role.OWNER and is_last_owner(self.instance):
            raise forms.ValidationError(_("This is the account's last owner; make another one first."))
        return role


class InvitationForm(MembershipForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("A person who is new here gets a password, shown once when you save."),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        person = User.objects.filter(email=str(cleaned.get("email", "")).lower()).first()
        if person is not None:
            self.instance.user = person
        account = cleaned.get("account") or getattr(self.instance, "account", None)
        if person is not None and account is not None and person.memberships.filter(account=account).exists():
            self.add_error("email", _("This person is a member already."))
        return cleaned


def is_last_owner(membership: Membership) -> bool:
    """Tell whether an account would have no owner without this membership."""
    owners = Membership.objects.filter(account_id=membership.account_id, role=Membership.Role.OWNER)
    return membership.pk is not None and owners.filter(pk=membership.pk).exists() and owners.count() == 1


def outranks(level: Level, membership: Membership) -> bool:
    """Tell whether somebody of `level` may change that membership: it is not above their own."""
    return LEVELS.get(membership.role, Level.STRANGER) <= level
