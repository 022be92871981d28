"""The form that sends a template to an address list: what a person chooses, and the submission that it becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.access import Access, Level, account_of
from accounts.scoped import scope
from domains.models import SenderDomain
from gateway.base import clock
from gateway.base.ids import make_name
from gateway.engine.submission import Mailbox, Submission
from templates_app.models import AddressList, Template

if TYPE_CHECKING:
    _Choice = forms.ModelChoiceField[Any]
else:
    _Choice = forms.ModelChoiceField

DOOR = "console"


def _whose(row: Any, access: Access) -> str:
    """Return what a choice is called; with its account where the person has several."""
    return str(row) if access.sole_account is not None else f"{row} ({row.account})"


class OwnChoice(_Choice):
    """A choice among rows of the person's accounts."""

    access: Access

    def label_from_instance(self, obj: Any) -> str:
        words = _whose(obj, self.access)
        if not isinstance(obj, AddressList):
            return words
        return ngettext("%(list)s, %(number)s member", "%(list)s, %(number)s members", obj.member_count) % {
            "list": words,
            "number": f"{obj.member_count:,}",
        }


class SendForm(forms.Form):
    """What to send, to which list, from whom and when. All choices are those of accounts where the person may send."""

    address_list = OwnChoice(AddressList.objects.none(), label=_("Address list"), widget=UnfoldAdminSelectWidget)
    template = OwnChoice(Template.objects.none(), label=_("Template"), widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        label=_("Sender's name"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    local_part = forms.CharField(
        label=_("Sender's address, before the @"),
        max_length=64,
        initial="news",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    domain = OwnChoice(
        SenderDomain.objects.none(),
        label=_("Sender's domain"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Verified domains only."),
    )
    subject = forms.CharField(
        label=_("Subject"),
        max_length=990,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: the template's own. Fields of the template's syntax are filled in."),
    )
    send_at = forms.DateTimeField(
        label=_("When (UTC)"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=_("Empty: at once. Members are taken in at that time, as the list is then."),
    )

    # A form is a send: the button pressed twice, or the page sent again, is the same one.
    once = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["once"] = make_name(20)
        for name, rows in _choices(access).items():
            field: Any = self.fields[name]
            field.access = access
            field.queryset = rows
            if len(only := rows[:2]) == 1:
                self.initial[name] = self.initial.get(name) or only[0].pk

    def clean_send_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["send_at"]
        if at is not None and at < clock.now():
            raise forms.ValidationError(_("This time has passed; leave it empty to send at once."))
        return at.astimezone(UTC) if at is not None else None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        owner = account_of(cleaned["address_list"]) if "address_list" in cleaned else None
        for name in ("template", "domain"):
            if owner is not None and name in cleaned and account_of(cleaned[name]) != owner:
                self.add_error(name, _("This belongs to another account than the list."))
        return cleaned

    def to_submission(self, *, client: str) -> Submission:
        """Return what was asked for, to hand to `send_to_lists`."""
        chosen = self.cleaned_data
        return Submission(
            account_id=account_of(chosen["address_list"]) or 0,
            door=DOOR,
            sender=Mailbox(email=f"{chosen['local_part']}@{chosen['domain'].name}", name=chosen["name"]),
            recipients=(),
            subject=chosen["subject"],
            template_id=chosen["template"].pk,
            send_at=chosen["send_at"],
            idempotency_key=f"{DOOR}:{chosen['once']}",
            client=client,
        )


def _choices(access: Access) -> dict[str, QuerySet[Any]]:
    """Return what each field offers."""
    verified = Q(is_active=True) & (Q(verified_at__isnull=False) | Q(is_trusted=True))
    rows: dict[str, QuerySet[Any]] = {
        "address_list": AddressList.objects.order_by("name", "pk"),
        "template": Template.objects.order_by("name", "pk"),
        "domain": SenderDomain.objects.filter(verified).order_by("name", "pk"),
    }
    return {name: scope(these.select_related("account"), access, Level.DEVELOPER) for name, these in rows.items()}
