"""The rooms of accounts, their members, people and the audit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.access import Level, access_of, account_of
from accounts.acts import Act, ActingAdmin
from accounts.forms import InvitationForm, MembershipForm, is_last_owner, outranks
from accounts.markup import badge, copyable
from accounts.models import Account, AuditEntry, Membership, User
from accounts.scoped import OPERATORS, Rights, ScopedAdmin, ScopedFilter
from gateway.base import tokens

STATUS_TONES = {"enabled": "good", "suspended": "late", "deleted": "bad", "purged": "idle"}

admin.site.unregister(Group)  # roles stand in for groups here


@admin.register(Account)
class AccountAdmin(ScopedAdmin):
    rights = Rights(add=Level.OPERATOR, change=Level.ADMIN)
    list_display = ("name", "owner", "status_badge", "created_at")
    search_fields = ("name", "owner_id")
    fieldsets = (
        (None, {"fields": ("name", "owner", "status", "created_at")}),
        (_("Tracking"), {"fields": (("track_opens", "track_clicks"),)}),
        (
            _("Limits"),
            {"fields": (("requests_per_minute", "quota_hour"), ("quota_day", "quota_month"), "quota_total")},
        ),
    )
    operators_fields = ("status", "requests_per_minute", "quota_hour", "quota_day", "quota_month", "quota_total")
    ordering = ("name", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("owner", "created_at")
        return fixed if access_of(request).is_operator else (*fixed, *self.operators_fields)

    @admin.display(description=_("owner id"))
    def owner(self, account: Account) -> SafeString:
        return copyable(account.owner_id)

    @admin.display(description=_("status"))
    def status_badge(self, account: Account) -> SafeString:
        return badge(account.get_status_display(), STATUS_TONES[account.status])


@admin.register(Membership)
class MembershipAdmin(ActingAdmin):
    rights = Rights(add=Level.ADMIN, change=Level.ADMIN, delete=Level.ADMIN)
    form = MembershipForm
    list_display = ("user", "role_badge", "account")
    list_filter = ("role", ("account", ScopedFilter))
    list_select_related = ("user", "account")
    search_fields = ("user__email", "user__name")
    fields = ("account", "user", "role")
    ordering = ("account", "user__email")
    empty_title = _("No members")
    empty_text = _("A member is a person with a role: owner, admin, developer (sends and configures) or viewer (only looks).")
    secret_title = _("The new member's password")
    secret_text = _("Hand it over by a safe way. It can be changed after logging in, under the name at the lower left.")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        if obj is None:
            return [(None, {"fields": self._needed(request, ("account", "email", "role"))})]
        return super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = InvitationForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("account", "user") if obj is not None else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_free = not isinstance(obj, Membership) or not is_last_owner(obj)
        return super().has_delete_permission(request, obj) and self._is_below(request, obj) and is_free

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.check_may(request, Level.ADMIN, obj)
        if obj.user_id is None:
            password = tokens.make_secret()
            obj.user = User.objects.create_user(form.cleaned_data["email"], password)
            self.keep_secret(request, password)
        super().save_model(request, obj, form, change)

    @staticmethod
    def _is_below(request: HttpRequest, obj: Any) -> bool:
        return not isinstance(obj, Membership) or outranks(access_of(request).level_in(account_of(obj)), obj)

    @admin.display(description=_("role"), ordering="role")
    def role_badge(self, membership: Membership) -> SafeString:
        return badge(membership.get_role_display(), "good" if membership.role == Membership.Role.OWNER else "idle")


def _reset_password(user: User) -> str:
    password = tokens.make_secret()
    user.set_password(password)  # ends the person's sessions: they carry a hash of the old one
    user.save(update_fields=["password"])
    return password


@admin.register(User)
class UserAdmin(ActingAdmin):
    """People, for operators. A person is never deleted, but made inactive."""

    rights = OPERATORS
    list_display = ("email", "name", "is_active", "is_operator", "last_login")
    list_filter = ("is_operator", "is_active")
    search_fields = ("email", "name")
    fields = ("email", "name", ("is_active", "is_operator"), "last_login", "created_at")
    readonly_fields = ("last_login", "created_at")
    ordering = ("email",)
    secret_title = _("The new password")
    secret_text = _("Hand it over by a safe way. It can be changed after logging in, under the name at the lower left.")
    acts = (
        Act(
            name="password",
            label=_("Reset password"),
            question=_("The person gets a new password, which is shown to you once; the old one and all sessions end."),
            past="reset the password of",
            run=_reset_password,
            icon="lock_reset",
            level=Level.OPERATOR,
        ),
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            password = tokens.make_secret()
            obj.set_password(password)
            self.keep_secret(request, password)
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)


@admin.register(AuditEntry)
class AuditEntryAdmin(ScopedAdmin):
    rights = Rights(view=Level.ADMIN)
    list_display = ("at", "actor", "action", "target", "address", "account")
    list_filter = (("account", ScopedFilter),)
    list_select_related = ("account",)
    search_fields = ("actor", "target")
    fields = ("at", "account", "actor", "action", "target", "detail", "address")
    ordering = ("-at", "-pk")
    sortable_by = ()
    empty_title = _("Nothing was changed yet")
    empty_text = _("Who changed what in this console is remembered here.")
