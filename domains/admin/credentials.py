"""The rooms of SMTP users and API keys. Secrets are shown on the answer to the POST that made them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.access import Level, access_of
from accounts.acts import Act, ActingAdmin
from accounts.markup import badge, copyable
from accounts.scoped import Rights, ScopedFilter, ScopedForm
from domains import actions, credentials
from domains.admin.refusing import RefusingMixin
from domains.models import APIKey, SMTPUser
from gateway.base import clock

SENDERS = Rights(add=Level.DEVELOPER, change=Level.DEVELOPER)
_AS_THE_DOMAIN = (("unknown", _("As the sender domain has it")), ("true", _("Yes")), ("false", _("No")))
_NAME = RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._@-]{2,63}\Z", _("3 to 64 letters, digits and . _ @ - only."))


class NewSMTPUserForm(ScopedForm):
    name = forms.CharField(max_length=64, required=False, validators=[_NAME], help_text=_("Left empty, it is made up."))

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name and SMTPUser.objects.exclude(pk=self.instance.pk).filter(name=name).exists():
            raise forms.ValidationError(_("This name is taken."))
        return name


class SMTPUserForm(ScopedForm):
    """What its mail has of its own, and which of the account's unsubscribe pages it leads to."""

    unsubscribe_page_id = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        label=_("Unsubscribe page"),
        help_text=_("Where mail leads that asks for no other page of the account."),
    )

    class Meta:
        labels = {"email_type": _("Type of mail"), "unsubscribe_link": _("Add an unsubscribe link")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"track_opens", "track_clicks", "unsubscribe_link"} & set(self.fields):  # a viewer's page has no fields
            self.fields[name].widget.choices = _AS_THE_DOMAIN
            self.fields[name].help_text = ""
        field = self.fields.get("unsubscribe_page_id")
        if isinstance(field, forms.ChoiceField):
            pages = self.instance.account.unsubscribe_pages.order_by("name", "language")
            choices = [(page.pk, str(page)) for page in pages]
            field.choices = [("", _("The account's usual one")), *choices]


def _delete_smtp_user(user: SMTPUser) -> str:
    actions.delete_smtp_user(user)
    credentials.forget()
    return ""


@admin.register(SMTPUser)
class SMTPUserAdmin(RefusingMixin, ActingAdmin):
    rights = SENDERS
    list_display = ("name", "state", "domain", "note", "updated_at", "account")
    list_filter = ("is_enabled", ("domain", ScopedFilter), ("account", ScopedFilter))
    list_select_related = ("account", "domain")
    search_fields = ("name", "note")
    ordering = ("name",)
    add_fieldsets = ((None, {"fields": ("account", "name", "domain")}),)
    form = SMTPUserForm
    fieldsets = (
        (None, {"fields": ("account", "user_name", "secret", "state")}),
        (
            _("What it may send"),
            {"fields": ("is_enabled", "domain", "senders", "email_type", ("hourly_limit", "total_limit"), "may_manage")},
        ),
        (_("Tracking"), {"fields": (("track_opens", "track_clicks"), "unsubscribe_link", "unsubscribe_page_id")}),
        (_("Notes"), {"fields": ("note", "campaign_code", "priority")}),
        (_("Operator"), {"fields": ("is_blocked", "blocked_until")}),
    )
    empty_title = _("No SMTP user yet")
    empty_text = _("An SMTP user is a name and a secret: for SMTP, and for the API calls that take a user instead of a key.")
    secret_title = _("The SMTP user's secret")
    secret_text = _("Only its hash is kept: copy it now, it cannot be shown again.")
    acts = (
        Act(
            name="reset",
            label=_("Reset secret"),
            question=_("The old secret stops working within seconds; the new one is shown to you once."),
            past="reset the secret of",
            run=actions.reset_smtp_secret,
            icon="key",
            is_open=lambda user: not user.is_deleted,
        ),
        Act(
            name="retire",
            label=_("Delete SMTP user"),
            question=_("It cannot log in nor send any more, and its name is not given again. Mail that it sent stays here."),
            past="deleted",
            run=_delete_smtp_user,
            icon="delete",
            is_danger=True,
            is_open=lambda user: not user.is_deleted,
        ),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewSMTPUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed = ("account", "user_name", "secret", "state")
        return fixed if access_of(request).is_operator else (*fixed, "is_blocked", "blocked_until")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            self.check_may(request, self.rights.add, obj)
            made, secret = actions.add_smtp_user(obj.account, name=obj.name, domain=obj.domain)
            obj.pk = made.pk
            obj.refresh_from_db()
            self.keep_secret(request, secret)
        credentials.forget()

    @admin.display(description=_("name"))
    def user_name(self, user: SMTPUser) -> SafeString:
        return copyable(user.name)

    @admin.display(description=_("secret"))
    def secret(self, user: SMTPUser) -> str:
        return f"{user.secret_prefix}{'*' * 12}"

    @admin.display(description=_("state"))
    def state(self, user: SMTPUser) -> SafeString:
        if user.is_deleted:
            return badge(_("deleted"), "idle")
        if user.is_blocked or (user.blocked_until is not None and user.blocked_until > clock.now()):
            return badge(_("blocked"), "bad")
        return badge(_("enabled"), "good") if user.is_enabled else badge(_("disabled"), "late")


def _revoke(key: APIKey) -> str:
    actions.revoke_api_key(key)
    credentials.forget()
    return ""


@admin.register(APIKey)
class APIKeyAdmin(RefusingMixin, ActingAdmin):
    rights = SENDERS
    list_display = ("prefix", "state", "description", "scope", "created_at", "used_at", "account")
    list_filter = (("domain", ScopedFilter), ("account", ScopedFilter))
    list_select_related = ("account", "domain")
    search_fields = ("description", "secret_prefix")
    ordering = ("-pk",)
    add_fieldsets = ((None, {"fields": ("account", "description", "domain")}),)
    fields = ("account", "prefix", "state", "scope", "description", "created_at", "used_at", "revoked_at")
    empty_title = _("No API key yet")
    empty_text = _("A key stands for the whole account, or for one of its sender domains, in the calls of the APIs.")
    secret_title = _("The API key")
    secret_text = _("Only its hash is kept: copy it now, it cannot be shown again.")
    acts = (
        Act(
            name="revoke",
            label=_("Revoke key"),
            question=_("Calls with this key are refused within seconds. This cannot be undone."),
            past="revoked",
            run=_revoke,
            icon="key_off",
            is_danger=True,
            is_open=lambda key: key.revoked_at is None,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("account", "prefix", "state", "scope", "created_at", "used_at", "revoked_at")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        self.check_may(request, self.rights.add, obj)
        made, secret = actions.add_api_key(obj.account, domain=obj.domain, description=obj.description)
        obj.pk = made.pk
        obj.refresh_from_db()
        self.keep_secret(request, secret)

    @admin.display(description=_("key"))
    def prefix(self, key: APIKey) -> str:
        return f"{key.secret_prefix}{'*' * 12}"

    @admin.display(description=_("may send from"))
    def scope(self, key: APIKey) -> str:
        return key.domain.name if key.domain is not None else str(_("every domain of the account"))

    @admin.display(description=_("state"))
    def state(self, key: APIKey) -> SafeString:
        return badge(_("revoked"), "bad") if key.revoked_at else badge(_("works"), "good")
