"""Accepted mail and its way out: Message, Content, Attachment, Recipient, Lease, Attempt, ListTask.

Rows are written by `engine.accept` and moved by `engine.queue`, and by nothing else. Their numbers are not Django's Positive
ones: PostgreSQL reads and prepares such a check anew in each statement, which for these few rows is a tenth of its work.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scoping import AccountModel
from domains.models import SenderDomain, SMTPUser
from gateway.base.ids import make_inbound_id, make_public_id, milliseconds_of
from templates_app.models import AddressList, Template, TemplateVersion


class Message(AccountModel):
    """An accepted submission: durable, immutable. One call is one Message."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False, related_name="messages")
    smtp_user = models.ForeignKey(SMTPUser, on_delete=models.SET_NULL, null=True, db_constraint=False, related_name="messages")
    # A deleted domain leaves its key behind here: there may be millions of rows.
    domain = models.ForeignKey(
        SenderDomain, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="messages"
    )
    # A deleted version leaves its key behind here: it is read through templates_app.queries.find_version.
    template_version = models.ForeignKey(
        TemplateVersion, on_delete=models.SET_NULL, null=True, db_constraint=False, related_name="messages"
    )
    public_id = models.UUIDField(unique=True, default=make_public_id)
    door = models.CharField(max_length=10)
    accepted_at = models.DateTimeField()
    send_at = models.DateTimeField(null=True)
    subject = models.TextField(blank=True)
    sender = models.CharField(max_length=320, help_text=_("Address in From."))
    sender_name = models.TextField(blank=True)
    headers = models.JSONField(default=list, help_text=_("Custom headers, [[name, value], ...]; reply_to apart."))
    reply_to = models.JSONField(default=list, help_text=_("[[address, name], ...]"))
    options = models.JSONField(default=dict, help_text=_("Switches and variables that composing needs."))
    tags = models.JSONField(default=list)
    campaign = models.CharField(max_length=250, blank=True)
    unique_id = models.CharField(max_length=255, blank=True, help_text=_("X-Unique-Id."))
    is_raw = models.BooleanField(default=False, help_text=_("Submitted whole, by SMTP or sendRaw."))
    size = models.BigIntegerField(default=0, help_text=_("Bytes of the bodies and files."))
    files_size = models.BigIntegerField(default=0)
    note = models.TextField(blank=True, help_text=_("What was noticed after acceptance, such as headers not added."))
    client = models.CharField(max_length=45, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-public_id"], name="message_by_account"),
            models.Index(fields=["account", "unique_id", "id"], condition=~Q(unique_id=""), name="message_by_unique_id"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def inbound_id(self) -> str:
        """Return the vendors' messageId (seeds/002), which holds the primary key and so needs no index."""
        return make_inbound_id(self.pk, milliseconds_of(self.accepted_at))


def parse_inbound_id(text: str) -> int | None:
    """Return the message's key in a messageId or emailId, None when `text` is neither."""
    parts = text.partition(".")[0].split("_")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 15 for part in parts):
        return None
    return int(parts[1]) << 32 | int(parts[2]) << 16 | int(parts[3])


class Content(models.Model):
    """The bodies of a message, as submitted: `raw` alone, or `html` and `text`."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="content")
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    raw = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"content of {self.message_id}"


class Attachment(models.Model):
    """A file of a message; with a `content_id` it stands in the HTML as `cid:`."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_index=False, related_name="attachments")
    position = models.SmallIntegerField()
    filename = models.TextField(blank=True)
    content_type = models.CharField(max_length=255)
    content_id = models.CharField(max_length=255, blank=True)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="attachment_once")]

    def __str__(self) -> str:
        return self.filename


class Lease(models.Model):
    """What one claim took, of whatever accounts, and until when nobody else may have it. Its holder renews it.

    Those of its recipients that are still being sent under it when it has run out were lost.
    """

    until = models.DateTimeField()
    recipients = models.TextField(help_text=_("JSON: [key, ...]; as text, it is written in a third of the time."))

    def __str__(self) -> str:
        return f"lease {self.pk}"


class Recipient(AccountModel):
    """One unit of delivery: one address of one message. Moved between its states by `engine.queue` alone."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        DEFERRED = "deferred", _("Deferred")
        HELD = "held", _("Held")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        EXPIRED = "expired", _("Expired")
        SUPPRESSED = "suppressed", _("Suppressed")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    TERMINAL = (
        State.DELIVERED,
        State.BOUNCED,
        State.EXPIRED,
        State.SUPPRESSED,
        State.CANCELLED,
        State.FAILED,
    )

    class Line(models.IntegerChoices):
        """Where a recipient stands in the queue; while it is being sent, it stays where it was."""

        FRESH = 1, _("Fresh")
        LATER = 2, _("Later")
        HELD = 3, _("Held")

    LINES: ClassVar = {State.QUEUED: Line.FRESH, State.DEFERRED: Line.LATER, State.HELD: Line.HELD}

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="recipients"
    )
    position = models.IntegerField(help_text=_("Counts over to, cc, bcc in order, from 0."))
    kind = models.CharField(max_length=3, default="to")
    email = models.CharField(max_length=320)
    name = models.TextField(blank=True)
    domain = models.CharField(max_length=253, help_text=_("Of the address: where the mail goes."))
    variables = models.JSONField(null=True, help_text=_("Values of this recipient's merge fields, by bare name."))
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    priority = models.SmallIntegerField(default=0, help_text=_("0 transactional, 1 bulk; lower goes first."))
    attempts = models.SmallIntegerField(default=0, help_text=_("Tries begun; fences every later move."))
    sequence = models.IntegerField(default=1, help_text=_("Events told of this recipient."))
    next_attempt_at = models.DateTimeField(null=True)
    lease = models.ForeignKey(
        Lease,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text=_("Of the last try."),
    )
    data_sent_at = models.DateTimeField(null=True, help_text=_("When the last try was about to end its message."))
    done_at = models.DateTimeField(null=True)
    marks = models.SmallIntegerField(default=0, help_text=_("What was told of it once: engine.feedback.Mark."))
    # Indexes go by this and not by the state: so a claim, which changes no column of any index, writes to none of them
    # (PostgreSQL's heap-only tuples). Each would be a page that nobody looked at lately, of a queue with millions.
    line = models.GeneratedField(
        expression=Case(
            When(Q(state="queued") | Q(state="sending", next_attempt_at=None), then=Value(Line.FRESH.value)),
            When(state__in=["deferred", "sending"], then=Value(Line.LATER.value)),
            When(state="held", then=Value(Line.HELD.value)),
        ),
        output_field=models.SmallIntegerField(null=True, choices=Line),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="recipient_once")]
        indexes = [
            models.Index(fields=["account", "priority", "id"], condition=Q(line=1), name="recipient_fresh"),
            models.Index(fields=["next_attempt_at", "id"], condition=Q(line=2), name="recipient_later"),
            # Bulk mail only: a list is expanded over hours or days, and nobody in it is mailed twice.
            models.Index("message", Lower("email"), condition=Q(priority=1), name="recipient_in_bulk"),
            models.Index(fields=["account", "priority", "id"], condition=Q(line__in=[2, 3]), name="recipient_put_off"),
        ]

    def __str__(self) -> str:
        return self.email


class Attempt(AccountModel):
    """One try to deliver one recipient's copy, and what came of it."""

    ACCOUNT_PATH = "recipient__account_id"

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="tries", db_index=False)
    number = models.SmallIntegerField()
    at = models.DateTimeField()
    result = models.CharField(max_length=10)
    code = models.SmallIntegerField(default=0)
    enhanced = models.CharField(max_length=11, blank=True)
    reply = models.TextField(blank=True)
    host = models.CharField(max_length=253, blank=True)
    address = models.CharField(max_length=45, blank=True)
    source = models.CharField(max_length=45, blank=True)
    tls = models.CharField(max_length=80, blank=True)
    seconds = models.FloatField(default=0)
    size = models.BigIntegerField(default=0)
    signed_by = models.CharField(max_length=600, blank=True)
    is_ambiguous = models.BooleanField(default=False, help_text=_("The message may have arrived although no reply was seen."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"try {self.number}: {self.result}"


class ListTask(AccountModel):
    """One send to an address list, expanded in batches by `engine.lists`; `cursor` is the last member's key taken in.

    A call to several lists is one message with a task for each, which run one after the other in the order of `position`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        HELD = "held", _("Held")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    OPEN = (State.WAITING, State.RUNNING, State.HELD)

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="list_tasks")
    address_list = models.ForeignKey(AddressList, on_delete=models.SET_NULL, null=True, related_name="tasks")
    template = models.ForeignKey(Template, on_delete=models.SET_NULL, null=True, related_name="tasks")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="list_tasks")
    position = models.PositiveSmallIntegerField(default=0, help_text=_("Among the lists of one call, from 0."))
    list_address = models.CharField(max_length=120, blank=True, help_text=_("Of the list, which may be deleted meanwhile."))
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    next_at = models.DateTimeField(
        null=True, help_text=_("When to go on: the time of sending, or the end of a quota's window.")
    )
    cursor = models.BigIntegerField(default=0)
    members = models.PositiveIntegerField(default=0, help_text=_("Of the list, as far as known."))
    expanded = models.PositiveIntegerField(default=0, help_text=_("Members taken in."))
    added = models.PositiveIntegerField(default=0, help_text=_("Recipients made of them; the others had been mailed already."))
    suppressed = models.PositiveIntegerField(default=0, help_text=_("Recipients that are not mailed."))
    error = models.TextField(blank=True, help_text=_("Why it waits, or how it ended, in a sentence."))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("send to a list")
        verbose_name_plural = _("sends to lists")
        indexes = [models.Index(fields=["account", "id"], condition=Q(state__in=["waiting", "running"]), name="list_task_open")]

    def __str__(self) -> str:
        return f"{self.list_address or 'list'} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
