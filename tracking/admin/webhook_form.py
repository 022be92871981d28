"""The form of a webhook. Its URL may be called while it is judged, once for a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from accounts.scoped import ScopedForm
from gateway.base.errors import Refused
from gateway.base.sealing import CannotOpen
from tracking.formats import FORMATS
from tracking.models import BounceType, EventType
from tracking.webhooks import actions
from tracking.webhooks.calls import open_key

LOCKED = _("The key does not open, as GATEPOST_SECRET_KEYS was changed. Reset it first.")
_WHOM = _("None chosen: all of them. A format leaves out events that it has no word for.")


@dataclass(slots=True)
class Trial:
    """What came of a URL that was tried while its form was judged, and the key that a new webhook has."""

    is_over: bool = False
    refusal: Refused | None = None
    key: str = ""


class WebhookForm(ScopedForm):
    """A webhook that is checked before it is saved: its URL, and how many the account has."""

    trial: ClassVar[Trial]  # set by the room for each request

    url = forms.URLField(label="URL", max_length=2000, assume_scheme="https", widget=UnfoldAdminURLInputWidget)
    events = forms.MultipleChoiceField(
        choices=[*EventType.choices, *BounceType.choices],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_WHOM,
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self._check(cleaned)
            except Refused as refusal:
                self.add_error("url" if refusal.field == "url" else None, refusal.message)
            except CannotOpen:
                self.add_error(None, LOCKED)
        return cleaned

    def _check(self, cleaned: dict[str, Any]) -> None:
        account = cleaned.get("account") or self.instance.account
        if self.instance.pk is None:
            actions.check_limit(account)
        if "url" in self.changed_data or self.instance.pk is None:
            self._try(cleaned["url"], cleaned.get("format") or self.instance.format)

    def _try(self, url: str, name: str) -> None:
        if not self.trial.is_over:
            try:
                actions.check_works(url, name, key=self.key if FORMATS[name].tries_url else "")
            except Refused as refusal:
                self.trial.refusal = refusal
            self.trial.is_over = True
        if self.trial.refusal is not None:
            raise self.trial.refusal

    @property
    def key(self) -> str:
        """The key to sign with: the webhook's own, or one for a webhook that is being made."""
        if self.instance.pk is not None:
            return open_key(self.instance)
        self.trial.key = self.trial.key or FORMATS[self.cleaned_data["format"]].make_key()
        return self.trial.key
