"""Accounts (tenants), the people who log in for them, and what is counted and remembered of an account's use."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.scoping import AccountModel, AccountQuerySet
from gateway.base.ids import make_owner_id

_LINK_HELP = _("[unsubscribe_url] stands for the link to unsubscribe by.")


class Account(models.Model):
    """A tenant. Owns everything below."""

    class Status(models.TextChoices):
        ENABLED = "enabled", _("Enabled")
        SUSPENDED = "suspended", _("Suspended")
        DELETED = "deleted", _("Deleted")
        PURGED = "purged", _("Purged")

    ACCOUNT_PATH: ClassVar[str] = "id"

    name = models.CharField(max_length=120)
    owner_id = models.CharField(
        max_length=32, unique=True, default=make_owner_id, help_text=_("Names the account in SendClean's API.")
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.ENABLED)
    created_at = models.DateTimeField(auto_now_add=True)
    # None: no limit of its own, the vendor's stands. 0: no limit at all.
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True, help_text=_("Of the APIs; 0 for no limit."))
    quota_hour = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("Recipients an hour; empty for no limit."))
    quota_day = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("Recipients a day; empty for no limit."))
    quota_month = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("Recipients a month; empty for no limit."))
    quota_total = models.PositiveBigIntegerField(null=True, blank=True, help_text=_("Recipients in all; empty for no limit."))
    max_domains = models.PositiveIntegerField(null=True, blank=True, help_text=_("Sender domains; empty for no limit."))
    max_smtp_users = models.PositiveIntegerField(null=True, blank=True, help_text=_("SMTP users; empty for no limit."))
    max_keys = models.PositiveIntegerField(null=True, blank=True, help_text=_("API keys; empty for no limit."))
    max_webhooks = models.PositiveIntegerField(null=True, blank=True, help_text=_("Webhooks; empty for no limit."))
    track_opens = models.BooleanField(default=False)
    track_clicks = models.BooleanField(default=False)
    # The list's header and footer, as MailUp calls them (seeds/003, XSmtpAPIDTO).
    has_header = models.BooleanField(
        _("add the header"), default=False, db_default=False, help_text=_("Unless a message says otherwise.")
    )
    header_html = models.TextField(_("header in HTML"), blank=True, default="", db_default="", max_length=20_000)
    header_text = models.TextField(_("header in plain text"), blank=True, default="", db_default="", max_length=20_000)
    has_footer = models.BooleanField(
        _("add the footer"), default=False, db_default=False, help_text=_("Unless a message says otherwise.")
    )
    footer_html = models.TextField(
        _("footer in HTML"), blank=True, default="", db_default="", max_length=20_000, help_text=_LINK_HELP
    )
    footer_text = models.TextField(
        _("footer in plain text"), blank=True, default="", db_default="", max_length=20_000, help_text=_LINK_HELP
    )
    status_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When the status last changed."))
    status_note = models.CharField(max_length=250, blank=True, help_text=_("Why it was suspended or deleted."))

    objects: ClassVar[models.Manager[Account]] = AccountQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_enabled(self) -> bool:
        return self.status == self.Status.ENABLED


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an operator; what `manage.py createsuperuser` calls."""
        return self.create_user(email, password, is_operator=True, **fields)


class User(AbstractBaseUser):
    """A person who logs in to the console. An operator runs the platform and sees every account."""

    email = models.EmailField(unique=True, max_length=254)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False, help_text=_("Runs the platform: sees and changes every account."))
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Any active person may open the console; what they see there is scoped by their memberships."""
        return self.is_active

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.is_operator

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Membership(AccountModel):
    """A person's role in an account."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        ADMIN = "admin", _("Admin")
        DEVELOPER = "developer", _("Developer")
        VIEWER = "viewer", _("Viewer")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class ApiSession(AccountModel):
    """A logged-in session of Octeth's API (User.Login). Two hours idle; dies with the password or the role."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_sessions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_sessions")
    token_hash = models.BinaryField(max_length=32, unique=True)
    password_mark = models.CharField(max_length=64)  # User.get_session_auth_hash() at log-in
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class AuditEntry(AccountModel):
    """Who changed what, and when. `account` is empty for what the operator did to the platform."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="audit_entries")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=254, help_text=_("The person's e-mail address, or the key's prefix."))
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["account", "-at"], name="audit_by_account")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"


class UsageCounter(AccountModel):
    """How much of a quota was used in one window, in recipients. One upsert per batch keeps it exact after a crash."""

    class Window(models.TextChoices):
        HOUR = "hour", _("Hour")
        DAY = "day", _("Day")
        MONTH = "month", _("Month")
        TOTAL = "total", _("Total")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage")
    smtp_user_key = models.BigIntegerField(default=0, help_text=_("The SMTP user counted, 0 for the whole account."))
    window = models.CharField(max_length=5, choices=Window)
    starts_at = models.DateTimeField(help_text=_("Start of the window in UTC; 1970 for the total."))
    used = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "smtp_user_key", "window", "starts_at"], name="usage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.used} in {self.window}"


class IdempotencyKey(AccountModel):
    """What was answered to a key. `fingerprint` is of the parsed Submission; only acceptances are kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="idempotency_keys")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    answer = models.JSONField()  # the fields of engine.submission.Accepted
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
