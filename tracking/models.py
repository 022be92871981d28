"""What became of the mail: events, suppressions, and where an account wants to hear of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scoping import AccountModel
from domains.models import SenderDomain, SMTPUser


class EventType(models.TextChoices):
    """The one vocabulary; every dialect has a table from these to its own words."""

    ACCEPTED = "accepted", _("Accepted")
    DELIVERED = "delivered", _("Delivered")
    DEFERRED = "deferred", _("Deferred")
    BOUNCED = "bounced", _("Bounced")
    EXPIRED = "expired", _("Expired")
    SUPPRESSED = "suppressed", _("Suppressed")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")
    OPENED = "opened", _("Opened")
    CLICKED = "clicked", _("Clicked")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    COMPLAINED = "complained", _("Complained")


class BounceType(models.TextChoices):
    """The two halves of `bounced`, where a webhook wants one of them alone."""

    HARD = "bounced_hard", _("Bounced: the address is bad")
    SOFT = "bounced_soft", _("Bounced: for any other reason")


class Event(AccountModel):
    """One fact the world may hear, about one recipient. Written by `tracking.events.record` alone, never changed.

    Self-contained, and without foreign keys in either direction: it outlives what it tells of, and a table keyed by time can
    be cut into months. `sequence` counts the events of one recipient from 1.
    """

    ACCOUNT_PATH = "account_id"

    pk = models.CompositePrimaryKey("at", "id")
    at = models.DateTimeField()
    id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    domain_id = models.BigIntegerField(null=True)
    smtp_user_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField()
    recipient_id = models.BigIntegerField()
    public_id = models.UUIDField(help_text=_("Of the message."))
    position = models.IntegerField()
    sequence = models.IntegerField()
    type = models.CharField(max_length=12, choices=EventType)
    subject = models.TextField(blank=True)
    sender = models.CharField(max_length=320)
    recipient = models.CharField(max_length=320)
    recipient_domain = models.CharField(max_length=253)
    tags = models.JSONField(default=list)
    campaign = models.CharField(max_length=250, blank=True)
    headers = models.JSONField(default=dict, help_text=_("Custom headers that the customer wants back."))
    is_first = models.BooleanField(default=True, help_text=_("The first of its type for its recipient."))
    category = models.CharField(max_length=16, blank=True, help_text=_("Whom or what a refusal is about."))
    code = models.SmallIntegerField(default=0)
    enhanced = models.CharField(max_length=11, blank=True)
    reply = models.TextField(blank=True)
    host = models.CharField(max_length=253, blank=True)
    address = models.CharField(max_length=45, blank=True, help_text=_("The IP address behind the event."))
    agent = models.TextField(blank=True)
    url = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account_id", "at", "id"], name="event_by_account"),
            models.Index(fields=["message_id", "id"], name="event_by_message"),
            # Of the types that nearly every copy has, a page is found at once by time.
            models.Index(
                fields=["account_id", "type", "at", "id"],
                condition=~models.Q(type__in=["accepted", "delivered"]),
                name="event_by_rare_type",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.recipient}"


class HourlyStatistic(AccountModel):
    """What happened in one hour, counted. Written in the commit of the events, and equal to what they add up to.

    Every event counts in the row with an empty `tag`, and once more in the row of each tag that it has. 0 and the empty text
    stand for "none", so that sums over any of the columns are plain.
    """

    ACCOUNT_PATH = "account_id"

    pk = models.CompositePrimaryKey("account_id", "hour", "domain_id", "smtp_user_id", "campaign", "tag")
    account_id = models.BigIntegerField()
    hour = models.DateTimeField(help_text=_("Its beginning, in UTC."))
    domain_id = models.BigIntegerField()
    smtp_user_id = models.BigIntegerField()
    campaign = models.CharField(max_length=250)
    tag = models.CharField(max_length=250)
    accepted = models.IntegerField(default=0)
    delivered = models.IntegerField(default=0)
    deferred = models.IntegerField(default=0)
    bounced_hard = models.IntegerField(default=0)
    bounced_soft = models.IntegerField(default=0)
    bounced_block = models.IntegerField(default=0)
    expired = models.IntegerField(default=0)
    suppressed = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    opened = models.IntegerField(default=0)
    opened_unique = models.IntegerField(default=0)
    clicked = models.IntegerField(default=0)
    clicked_unique = models.IntegerField(default=0)
    unsubscribed = models.IntegerField(default=0)
    complained = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["account_id", "tag", "hour"], name="statistic_by_tag")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00"


class HitBatch(models.Model):
    """A batch of hits (opens, clicks, unsubscribes) that was written: a batch that comes again is known, and left out."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return str(self.id)


class Label(AccountModel):
    """A name that mail is counted under: the tag of the mail. `id` is its outward number."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="label_once")]

    def __str__(self) -> str:
        return self.name


class Webhook(AccountModel):
    """Where an account wants events: all of them, of a domain (Octeth), or of an SMTP user (SendCloud)."""

    class Format(models.TextChoices):
        STANDARD = "standard", _("Standard Webhooks")
        SENDCLEAN = "sendclean", "SendClean"
        SENDCLOUD = "sendcloud", "SendCloud"
        OCTETH = "octeth", "Octeth"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="webhooks")
    domain = models.ForeignKey(SenderDomain, on_delete=models.CASCADE, null=True, blank=True, related_name="webhooks")
    smtp_user = models.ForeignKey(SMTPUser, on_delete=models.CASCADE, null=True, blank=True, related_name="webhooks")
    url = models.URLField(max_length=2000)
    events = models.JSONField(default=list, help_text=_("Types of events; empty for all."))
    format = models.CharField(max_length=10, choices=Format, default=Format.STANDARD)
    sealed_key = models.BinaryField(editable=False)
    description = models.CharField(max_length=250, blank=True)
    keeps_log = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=250, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False, help_text=_("Tries that failed since the last success."))
    paused_until = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("The breaker is open until then."))
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("First failure since a success."))
    delivered = models.PositiveBigIntegerField(default=0, editable=False, help_text=_("Events that arrived."))
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(AccountModel):
    """One event's way to one webhook: an outbox row, written in the commit of the event.

    Bound to its webhook by number only: who deletes a webhook waits for no event that is being written, nor it for them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    ACCOUNT_PATH = "webhook__account_id"

    webhook = models.ForeignKey(
        Webhook, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="deliveries"
    )
    event_at = models.DateTimeField()
    event_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text=_("Tries begun; fences every later move."))
    attempts_before = models.PositiveSmallIntegerField(default=0, help_text=_("Tries begun before it was last replayed."))
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    batch = models.UUIDField(null=True, blank=True, help_text=_("Deliveries that go out in one body, in every try."))
    done_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(default=0, help_text=_("HTTP status of the last answer."))
    answer = models.TextField(blank=True, help_text=_("Beginning of the last answer, or what went wrong."))

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["webhook", "event_at", "event_id"], name="webhook_delivery_once")]
        indexes = [
            models.Index(fields=["webhook", "next_attempt_at"], condition=models.Q(state="waiting"), name="webhook_waiting"),
            models.Index(fields=["lease_until"], condition=models.Q(state="sending"), name="webhook_sending"),
            models.Index(fields=["batch"], condition=models.Q(batch__isnull=False), name="webhook_batch"),
        ]

    def __str__(self) -> str:
        return f"event {self.event_id} to webhook {self.webhook_id}"


class WebhookAttempt(AccountModel):
    """One try to deliver to a webhook, and what came of it: the log."""

    ACCOUNT_PATH = "delivery__webhook__account_id"

    delivery = models.ForeignKey(
        WebhookDelivery, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="tries"
    )
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    status = models.PositiveSmallIntegerField(default=0, help_text=_("HTTP status; 0: there was no answer."))
    answer = models.TextField(blank=True, help_text=_("Beginning of the answer, or what went wrong."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_once")]

    def __str__(self) -> str:
        return f"try {self.number}: {self.status}"


class Suppression(AccountModel):
    """An address that an account does not mail; with no account, that the platform does not mail."""

    class Cause(models.TextChoices):
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Complained")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        MANUAL = "manual", _("Added by hand")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="suppressions")
    email = models.CharField(max_length=320, help_text=_("In lower case."))
    cause = models.CharField(max_length=12, choices=Cause, default=Cause.MANUAL)
    source = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "email"], name="suppression_once"),
            models.UniqueConstraint(
                fields=["email"], condition=models.Q(account__isnull=True), name="suppression_of_platform_once"
            ),
        ]
        indexes = [models.Index(fields=["account", "cause", "-created_at", "-id"], name="suppression_newest")]

    def __str__(self) -> str:
        return self.email
