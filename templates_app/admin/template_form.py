"""The form of a template: its names, and the texts of its latest version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from accounts.scoped import ScopedForm
from gateway.base.errors import Refused
from templates_app.actions import check_names, latest_texts
from templates_app.texts import LONGEST, Texts, check_texts, complete, find_faults

CONTENT = tuple(LONGEST)
_HELP = (
    (
        "Liquid",
        "{{ NAME }}, {{ NAME | default: 'you' }}, {% if VIP == 'yes' %} … {% endif %}, {% for item in items %} … {% endfor %}",
    ),
    ("SendClean", "{{NAME}}"),
    ("SendCloud", "%NAME%"),
    ("MailUp", "[NAME]"),
    ("Octeth", "%Subscriber:NAME%, {{ Subscriber:NAME }}"),
)


def syntax_help() -> SafeString:
    """Return how fields are written in each syntax."""
    rows = format_html_join("", "<tr><th scope=row>{}</th><td><code>{}</code></td></tr>", _HELP)
    words = _("Fields without a value are empty in Liquid and stay as they are in the others. Values are escaped in HTML.")
    return format_html(
        '<div class="gp-scroll"><table class="gp-table gp-syntaxes"><tbody>{}</tbody></table></div>{}', rows, words
    )


class TemplateForm(ScopedForm):
    """A template and its latest texts, checked as they will be when they are sent."""

    subject = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget)
    html = forms.CharField(
        label="HTML",
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 22, "class": "gp-code", "spellcheck": "false"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "class": "gp-code", "spellcheck": "false"}),
        help_text=_("For readers without HTML, and for spam filters, which expect it."),
    )
    completes = forms.BooleanField(
        label=_("Make the missing part"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Text is made from HTML, or HTML from text, where one of them is empty."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = latest_texts(self.instance)
        for name in CONTENT:
            self.initial.setdefault(name, getattr(texts, name))
        if "syntax" in self.fields:
            self.fields["syntax"].help_text = syntax_help()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not self.errors:
            self._check(cleaned)
        return cleaned

    def _check(self, cleaned: dict[str, Any]) -> None:
        try:
            check_names(cleaned["invoke_name"], cleaned["name"], cleaned["syntax"])
        except Refused as refused:
            self.add_error(refused.field, refused.message)
        texts = self.texts()
        for fault in find_faults(texts, cleaned["syntax"]):
            self.add_error(fault.field, fault.message)
        if not self.errors:
            self._check_made(texts, cleaned["syntax"])

    def _check_made(self, texts: Texts, syntax: str) -> None:
        try:
            check_texts(complete(texts) if self.cleaned_data["completes"] else texts, syntax)
        except Refused as refused:
            self.add_error(refused.field, refused.message)

    def texts(self) -> Texts:
        """Return the texts that were handed in; those that differ in nothing but line ends are the latest ones."""
        latest = latest_texts(self.instance)
        return Texts(**{name: _settle(self.cleaned_data[name], getattr(latest, name)) for name in CONTENT})


def _settle(text: str, latest: str) -> str:
    """Return a text as it was written: browsers hand every line end in as CRLF."""
    plain = text.replace("\r\n", "\n")
    return latest if plain == latest.replace("\r\n", "\n") else plain
