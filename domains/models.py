"""What an account sends from and with: sender domains, their DKIM keys, tracking domains, SMTP users, API keys."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scoping import AccountModel


class SenderDomain(AccountModel):
    """A domain that an account may send from, once its ownership record and one DKIM key are published."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sender_domains")
    name = models.CharField(max_length=253, help_text=_("In lower case, as punycode."))
    verification_token = models.CharField(max_length=64, help_text=_("The value of the ownership TXT record."))
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_results = models.JSONField(default=list, blank=True)
    is_trusted = models.BooleanField(
        default=False, editable=False, help_text=_("Set on the command line only; DNS checks never clear it.")
    )
    is_active = models.BooleanField(default=True)
    track_opens = models.BooleanField(null=True, blank=True, help_text=_("Unknown: as the account has it."))
    track_clicks = models.BooleanField(null=True, blank=True, help_text=_("Unknown: as the account has it."))
    unsubscribe_link = models.BooleanField(default=False)
    hosting_provider = models.CharField(max_length=120, blank=True)
    subdomain = models.CharField(max_length=63, default="bounce", help_text=_("Prefix of the host that return paths name."))
    track_prefix = models.CharField(max_length=63, default="track", help_text=_("Prefix of the host that tracked links name."))
    return_path_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when DNS points the return path to us."))
    tracking_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when DNS points the tracking host to us."))
    is_tracking_secure = models.BooleanField(
        default=False, help_text=_("The tracking host has a certificate: its links begin with https.")
    )
    uses_tracking_host = models.BooleanField(
        default=True, help_text=_("Tracked links name a host of the domain, once DNS points it to us.")
    )
    sealed_signing_key = models.BinaryField(
        default=b"", editable=False, help_text=_("Signs the calls of its webhooks; empty until it is first asked for.")
    )
    failing_since = models.DateTimeField(null=True, blank=True, help_text=_("Since when checks of a verified domain fail."))
    next_check_at = models.DateTimeField(null=True, blank=True, default=timezone.now, editable=False)  # None: when asked to
    pending_since = models.DateTimeField(default=timezone.now, editable=False, help_text=_("Since when DNS is awaited."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="sender_domain_once"),
            # Only one account at a time can have proven that it owns a domain.
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(verified_at__isnull=False), name="sender_domain_verified_once"
            ),
        ]
        indexes = [models.Index(fields=["next_check_at"], name="sender_domain_to_check")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        return self.is_active and (self.is_trusted or self.verified_at is not None)

    @property
    def return_host(self) -> str:
        """Return the host that its return paths name, once DNS points it to us."""
        return f"{self.subdomain or 'bounce'}.{self.name}"

    @property
    def tracking_host(self) -> str:
        """Return the host that its tracked links name, once DNS points it to us."""
        return f"{self.track_prefix or 'track'}.{self.name}"


class DKIMKey(AccountModel):
    """A key that signs for a sender domain. The private key is sealed with the account and the row's selector."""

    class Algorithm(models.TextChoices):
        RSA = "rsa", _("RSA 2048")
        ED25519 = "ed25519", _("Ed25519")

    ACCOUNT_PATH = "domain__account_id"

    domain = models.ForeignKey(SenderDomain, on_delete=models.CASCADE, related_name="dkim_keys")
    selector = models.CharField(max_length=63)
    algorithm = models.CharField(max_length=10, choices=Algorithm)
    public_key = models.TextField(help_text=_("Base64, as in the p= tag of the record."))
    sealed_private_key = models.BinaryField(editable=False)
    is_active = models.BooleanField(default=True, help_text=_("Signs new mail."))
    published_at = models.DateTimeField(null=True, blank=True, help_text=_("When DNS first showed the public key."))
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a newer key took over; its record stays for mail under way.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "DKIM key"
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="dkim_selector_once")]

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain.name}"


class TrackingDomain(AccountModel):
    """A host name of an account that tracked links point to."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tracking_domains")
    name = models.CharField(max_length=253)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_results = models.JSONField(default=list, blank=True)
    is_secure = models.BooleanField(default=False, help_text=_("It has a certificate: its links begin with https."))
    next_check_at = models.DateTimeField(null=True, blank=True, default=timezone.now, editable=False)  # None: when asked to
    pending_since = models.DateTimeField(default=timezone.now, editable=False, help_text=_("Since when DNS is awaited."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="tracking_domain_once"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(verified_at__isnull=False), name="tracking_domain_verified_once"
            ),
        ]
        indexes = [models.Index(fields=["next_check_at"], name="tracking_domain_to_check")]

    def __str__(self) -> str:
        return self.name


class SMTPUser(AccountModel):
    """A sending credential: SMTP AUTH, SendClean `smtp_user_name`, SendCloud `apiUser`, MailUp `Username`.

    The secret is random and kept as its SHA-256 only.
    """

    class EmailType(models.IntegerChoices):
        TRIGGER = 0, _("triggered mail")
        BATCH = 1, _("batch mail")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="smtp_users")
    name = models.CharField(max_length=64, unique=True)
    secret_hash = models.BinaryField(max_length=32, editable=False)
    secret_prefix = models.CharField(max_length=8, editable=False)
    domain = models.ForeignKey(
        SenderDomain,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="smtp_users",
        help_text=_("May send from this domain only; empty: from every domain of the account."),
    )
    senders = models.TextField(
        blank=True, help_text=_("Addresses or domains that it may send from, separated by ;. Empty: all of the account's.")
    )
    is_enabled = models.BooleanField(default=True)
    is_deleted = models.BooleanField(default=False)
    is_blocked = models.BooleanField(default=False, help_text=_("Blocked by the operator."))
    blocked_until = models.DateTimeField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(default=3, help_text=_("1 first to 5 last."))
    note = models.CharField(max_length=250, blank=True)
    hourly_limit = models.PositiveBigIntegerField(null=True, blank=True)
    total_limit = models.PositiveBigIntegerField(null=True, blank=True)
    campaign_code = models.CharField(max_length=100, blank=True)
    track_opens = models.BooleanField(null=True, blank=True, help_text=_("Unknown: as the sender domain has it."))
    track_clicks = models.BooleanField(null=True, blank=True, help_text=_("Unknown: as the sender domain has it."))
    unsubscribe_link = models.BooleanField(null=True, blank=True, help_text=_("Unknown: as the sender domain has it."))
    email_type = models.PositiveSmallIntegerField(
        choices=EmailType, null=True, blank=True, help_text=_("Which templates it may send by SendCloud's calls; empty: all.")
    )
    unsubscribe_page_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The account's page that its mail leads to; empty: the account's usual one.")
    )
    may_manage = models.BooleanField(
        _("may manage the account by the API"),
        default=True,
        db_default=True,
        help_text=_("By SendCloud's calls: lists, templates, domains, webhooks, reports. Off: it may send, and no more."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "SMTP user"

    def __str__(self) -> str:
        return self.name


class APIKey(AccountModel):
    """A bearer key, of the whole account or of one sender domain. Kept as its SHA-256; shown once."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    domain = models.ForeignKey(
        SenderDomain,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        help_text=_("Empty: a key of the whole account."),
    )
    description = models.CharField(max_length=250, blank=True)
    secret_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    secret_prefix = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.secret_prefix}…"
