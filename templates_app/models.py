"""What is sent, and to whom in bulk: templates and their versions, unsubscribe pages, address lists and members."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scoping import AccountModel


class Template(AccountModel):
    """A stored message. `id` is its outward number; `invoke_name` its name in SendCloud's API."""

    class Syntax(models.TextChoices):
        LIQUID = "liquid", "Liquid {{ NAME }}"
        SENDCLEAN = "sendclean", "SendClean {{NAME}}"
        SENDCLOUD = "sendcloud", "SendCloud %NAME%"
        MAILUP = "mailup", "MailUp [NAME]"
        OCTETH = "octeth", "Octeth %Subscriber:NAME%"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="templates")
    invoke_name = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    syntax = models.CharField(max_length=10, choices=Syntax, default=Syntax.LIQUID)
    is_bulk = models.BooleanField(default=False, help_text=_("SendCloud's template type: batch instead of trigger."))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "invoke_name"], name="template_once")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(AccountModel):
    """One saved state of a template; the one with the highest number is sent."""

    ACCOUNT_PATH = "template__account_id"

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    subject = models.TextField(blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class UnsubscribePage(AccountModel):
    """What a recipient who unsubscribes sees. Pages of one name are one page in several languages; links name any of them."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="unsubscribe_pages")
    name = models.CharField(max_length=120)
    language = models.CharField(
        max_length=20,
        default="en",
        validators=[RegexValidator(r"^[a-z]{2,3}(-[a-z0-9]{2,8})*\Z", _("A language is written like en, pt-br or zh-hant."))],
    )
    title = models.CharField(max_length=120, blank=True, help_text=_("In the browser's tab."))
    html = models.TextField(
        "HTML",
        blank=True,
        help_text=_("Asks whether to unsubscribe. The button stands where {{ button }} does, or at the end."),
    )
    button = models.CharField(
        max_length=80, blank=True, help_text=_("What the button says; empty: Unsubscribe, in the language.")
    )
    done_html = models.TextField(
        _("HTML afterwards"), blank=True, help_text=_("Says that it is done; empty: the usual words, in the language.")
    )
    is_default = models.BooleanField(
        default=False, help_text=_("Shown, in all its languages, where a mail asks for no other page of yours.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name", "language"], name="unsubscribe_page_once"),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(is_default=True),
                name="unsubscribe_page_one_default",
                violation_error_message=_("Another page is the default one already; take the mark from that page first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class AddressList(AccountModel):
    """A named set of addresses to send to in bulk. `address` is its name in calls (`x@maillist.example`)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="address_lists")
    address = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=250, blank=True)
    is_advanced = models.BooleanField(
        default=False, db_default=False, help_text=_("SendCloud's list type: advanced instead of normal.")
    )
    member_count = models.PositiveIntegerField(default=0, editable=False, help_text=_("Kept by templates_app.members."))
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "address"], name="address_list_once")]

    def __str__(self) -> str:
        return self.name


class Member(AccountModel):
    """One address of a list, with the values of its merge fields."""

    ACCOUNT_PATH = "address_list__account_id"

    address_list = models.ForeignKey(AddressList, on_delete=models.CASCADE, related_name="members", db_index=False)
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    variables = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint("address_list", Lower("email"), name="member_once")]
        indexes = [models.Index(fields=["address_list", "id"], name="member_by_list")]

    def __str__(self) -> str:
        return self.email
