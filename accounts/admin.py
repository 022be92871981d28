"""The rooms of accounts, their members, people and the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.access import Level, access_of, account_of
from accounts.acts import Act, ActingAdmin
from accounts.forms import InvitationForm, MembershipForm, is_last_owner, outranks
from accounts.markup import badge, copyable
from accounts.models import Account, AuditEntry, Membership, User
from accounts.scoped import OPERATORS, Rights, ScopedAdmin, ScopedFilter
from accounts.usage import Window, used_of_quotas
from gateway.base import tokens

STATUS_TONES = {"enabled": "good", "suspended": "late", "deleted": "bad", "purged": "idle"}


def _quietly(change: Callable[[Account], None]) -> Callable[[Account], str]:
    """Return an act that has nothing to show."""

    def run(account: Account) -> str:
        change(account)
        return ""

    return run


admin.site.unregister(Group)  # roles stand in for groups here


@admin.register(Account)
class AccountAdmin(ActingAdmin):
    rights = Rights(add=Level.OPERATOR, change=Level.ADMIN)
    list_display = ("name", "owner", "status_badge", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "owner_id")
    fieldsets = (
        (None, {"fields": ("name", "owner", ("status_badge", "status_at"), "status_note", "created_at")}),
        (_("Tracking"), {"fields": (("track_opens", "track_clicks"),)}),
        (
            _("Header and footer"),
            {
                "description": _("Of mail by MailUp's API, and by SMTP with MailUp's X-SMTPAPI. A message may wish otherwise."),
                "fields": (
                    ("has_header", "has_footer"),
                    ("header_html", "footer_html"),
                    ("header_text", "footer_text"),
                ),
            },
        ),
        (_("Used of the quotas"), {"fields": ("usage",)}),
        (
            _("Limits"),
            {
                "fields": (
                    ("requests_per_minute", "quota_hour"),
                    ("quota_day", "quota_month"),
                    "quota_total",
                    ("max_domains", "max_smtp_users"),
                    ("max_keys", "max_webhooks"),
                )
            },
        ),
    )
    operators_fields = (
        "status_note",
        "requests_per_minute",
        "quota_hour",
        "quota_day",
        "quota_month",
        "quota_total",
        "max_domains",
        "max_smtp_users",
        "max_keys",
        "max_webhooks",
    )
    ordering = ("name", "pk")
    acts = (
        Act(
            name="suspend",
            label=_("Suspend"),
            question=_("The account can send nothing until you enable it again. Its mail that waits stays in the queue."),
            past="suspended",
            run=_quietly(actions.suspend),
            icon="pause_circle",
            level=Level.OPERATOR,
            is_open=lambda account: account.status == Account.Status.ENABLED,
        ),
        Act(
            name="enable",
            label=_("Enable"),
            question=_("The account can send again. Its mail that waits is tried within the hour, or by Try now in the queue."),
            past="enabled",
            run=_quietly(actions.enable),
            icon="play_circle",
            level=Level.OPERATOR,
            is_open=lambda account: account.status in {Account.Status.SUSPENDED, Account.Status.DELETED},
        ),
        Act(
            name="remove",
            label=_("Delete"),
            question=_("No credential of the account works any more. Everything that it has stays until you purge it."),
            past="deleted",
            run=_quietly(actions.delete),
            icon="delete",
            level=Level.OPERATOR,
            is_danger=True,
            is_open=lambda account: account.status in {Account.Status.ENABLED, Account.Status.SUSPENDED},
        ),
        Act(
            name="purge",
            label=_("Purge"),
            question=_(
                "All messages, events, domains, keys, lists and people of the account are removed. There is no way back."
            ),
            past="purged",
            run=_quietly(actions.purge),
            icon="delete_forever",
            level=Level.OPERATOR,
            is_danger=True,
            is_open=lambda account: account.status == Account.Status.DELETED,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("owner", "created_at", "status_badge", "status_at", "usage")
        return fixed if access_of(request).is_operator else (*fixed, *self.operators_fields)

    @admin.display(description=_("now"))
    def usage(self, account: Account) -> SafeString | str:
        """Say how much of each quota is used in the window that runs now."""
        lines = [(Window(window).label, f"{used:,} / {limit:,}") for window, limit, used in used_of_quotas(account)]
        return format_html_join("", "<div>{}: <strong>{}</strong></div>", lines) or str(_("There are no quotas."))

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
