"""The room of suppressions: who is not mailed, and why."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.access import Level
from accounts.markup import badge
from accounts.scoped import Rights, ScopedAdmin, ScopedFilter, ScopedForm
from gateway.smtp.addresses import AddressError, parse_address
from tracking.models import Suppression

CAUSE_TONES = {"bounced": "bad", "complained": "bad", "unsubscribed": "late", "manual": "idle"}


class SuppressionForm(ScopedForm):
    def clean_email(self) -> str:
        """Return the address as recipients have it, or nobody would be found by it."""
        try:
            return parse_address(str(self.cleaned_data["email"]).strip()).text.lower()
        except AddressError as error:
            raise ValidationError(f"{error}.") from None


@admin.register(Suppression)
class SuppressionAdmin(ScopedAdmin):
    rights = Rights(add=Level.DEVELOPER, delete=Level.DEVELOPER)
    form = SuppressionForm
    list_display = ("email", "cause_badge", "source", "created_at", "account")
    list_filter = ("cause", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("email__startswith",)
    search_help_text = _("Beginning of an address")
    fields = ("account", "email", "cause", "source")
    ordering = ("-pk",)
    empty_title = _("Nobody is suppressed")
    empty_text = _("Addresses that bounced for good, complained or unsubscribed are put here, and are not mailed again.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Find addresses however they are typed: they stand here in lower case."""
        found: tuple[QuerySet[Suppression], bool] = super().get_search_results(request, queryset, search_term.lower())
        return found

    @admin.display(description=_("cause"))
    def cause_badge(self, suppression: Suppression) -> SafeString:
        return badge(suppression.get_cause_display(), CAUSE_TONES[suppression.cause])
