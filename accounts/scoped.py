"""ScopedAdmin: the base of every room of the console. It shows a person the rows of their own accounts, and no others.

Django scopes the list, the search, the pages of single rows, history and autocomplete by `get_queryset`; what it leaves open
is closed here: foreign-key choices, list filters, rows that join two accounts, what a delete page tells, and who may do what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.admin import RelatedFieldListFilter, ShowFacets
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from accounts.access import Access, Level, access_of, account_of
from accounts.audit import history_of, remember
from accounts.markup import Words
from accounts.scoping import AccountQuerySet

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
    _Paginator = Paginator[Any]
else:
    _Form, _Paginator = forms.ModelForm, Paginator

MOST_COUNTED = 10_000  # rows that a list counts; pages beyond are not offered
MOST_CHOICES = 200  # rows that a filter offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The level that each act on the rows of one room asks for."""

    view: Level = Level.VIEWER
    add: Level = Level.NOBODY
    change: Level = Level.NOBODY
    delete: Level = Level.NOBODY


READ_ONLY = Rights()
DEVELOPERS = Rights(add=Level.DEVELOPER, change=Level.DEVELOPER, delete=Level.DEVELOPER)
OPERATORS = Rights(view=Level.OPERATOR, add=Level.OPERATOR, change=Level.OPERATOR, delete=Level.NOBODY)


def scope(queryset: QuerySet[Any], access: Access, least: Level = Level.VIEWER) -> QuerySet[Any]:
    """Return those rows of a queryset that belong to accounts where the person's level is `least` or higher."""
    if access.is_operator:
        return queryset
    if not isinstance(queryset, AccountQuerySet) or least >= Level.OPERATOR:
        return queryset.none()
    return queryset.for_accounts(access.accounts_with(least))


class BoundedPaginator(_Paginator):
    """Counts no further than MOST_COUNTED, so that a list of millions of rows opens as fast as a short one."""

    template_name = "console/pagination.html"
    most = MOST_COUNTED

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows[:MOST_COUNTED].count() if isinstance(rows, QuerySet) else len(rows)


class ScopedFilter(RelatedFieldListFilter):
    """A list filter over a foreign key that offers only what the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        rows = scope(field.remote_field.model._default_manager.all(), access_of(request))  # noqa: SLF001  Django's own way
        return [(row.pk, str(row)) for row in rows.order_by("pk")[:MOST_CHOICES]]


class ScopedList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """The rows of one page of a list."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count  # counted just now, so nothing is left out that "show all" would show


class ScopedForm(_Form):
    """A form for a row of an account; `access` is set by ScopedAdmin for each request."""

    access: ClassVar[Access]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self._sets_account():
            self.instance.account_id = self.access.sole_account

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        owner = cleaned.get("account") or getattr(self.instance, "account", None)
        for name, value in list(cleaned.items()):
            if owner is not None and isinstance(value, Model) and account_of(value) not in {None, owner.pk}:
                self.add_error(name, _("This belongs to another account than the rest of the form."))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Keep the account in the check of unique rows although the form does not ask for it."""
        return super()._get_validation_exclusions() - {"account"}  # type: ignore[misc,no-any-return]

    def _sets_account(self) -> bool:
        is_new = self.instance.pk is None and hasattr(self.instance, "account_id")
        return is_new and "account" not in self.fields and self.access.sole_account is not None


class ScopedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A room of the console. Set `rights`, and `empty_title` and `empty_text` for the page without rows."""

    rights: Rights = READ_ONLY
    form = ScopedForm
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would count every row
    list_per_page = 50
    list_max_show_all = 0
    change_list_template = "console/change_list.html"
    object_history_template = "console/history.html"
    empty_title: Words = ""
    empty_text: Words = ""
    empty_template: str = ""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.rights.view, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.rights.change, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.rights.delete, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.rights.add, obj)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        rows = db_field.remote_field.model._default_manager.all()  # noqa: SLF001  Django's own way
        kwargs["queryset"] = scope(rows, access_of(request), min(self.rights.add, self.rights.change, Level.OWNER))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @staticmethod
    def _may(request: HttpRequest, least: Level, obj: Any) -> bool:
        """Tell whether the person's level suffices for `obj`, or, where no row is given, in any account of theirs."""
        access = access_of(request)
        return (access.level_in(account_of(obj)) if isinstance(obj, Model) else access.highest) >= least

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return scope(rows, access_of(request), self.rights.view)

    def not_there(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for a row that is not there, or not for this person: nobody can tell which."""
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ScopedList]:
        return ScopedList

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.access = access_of(request)
        return form

    # Who has one account need not be told which, nor choose it -------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        return [
            (title, {**options, "fields": self._needed(request, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        return self._needed(request, super().get_list_display(request))

    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        return self._needed(request, super().get_list_filter(request))

    def get_autocomplete_fields(self, request: HttpRequest) -> Sequence[str]:
        """Look rows of other rooms up by their names instead of listing them all: an operator has thousands."""
        rooms = self.admin_site._registry  # noqa: SLF001  Django's own way
        keys = [field for field in self.opts.fields if isinstance(field, ForeignKey)]
        return [key.name for key in keys if key.related_model in rooms and rooms[key.related_model].search_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        fields = tuple(super().get_readonly_fields(request, obj))
        is_fixed = obj is not None and "account" not in fields and any(f.name == "account" for f in self.opts.fields)
        return (*fields, "account") if is_fixed else fields

    def _needed(self, request: HttpRequest, names: Sequence[Any]) -> list[Any]:
        if access_of(request).sole_account is None:
            return list(names)
        return [name for name in names if name not in {"account", ("account", ScopedFilter)}]

    # Changes, and the memory of them ---------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.check_may(request, self.rights.change if change else self.rights.add, obj)
        if change:
            obj.save(update_fields=changed_columns(obj, form))  # never what others may be writing just now
        else:
            super().save_model(request, obj, form, change)

    def check_may(self, request: HttpRequest, least: Level, obj: Model) -> None:
        """Raise PermissionDenied where the person's level in the row's account is too low."""
        if access_of(request).level_in(account_of(obj)) < least:
            raise PermissionDenied

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the rows themselves and nothing that hangs on them: that may be millions of rows, or another's."""
        rows = list(objs)
        name = str(self.opts.verbose_name_plural)
        refused = {str(self.opts.verbose_name) for row in rows if not self.has_delete_permission(request, row)}
        return [str(row) for row in rows], {name: len(rows)}, refused, []

    def audit(self, request: HttpRequest, obj: Model, action: str, **detail: Any) -> None:
        """Remember that the person behind the request did `action`, such as "reset the secret of", to a row."""
        address = request.META.get("REMOTE_ADDR", "")
        remember(obj, action, actor=request.user.get_username(), address=address, **detail)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what the audit remembers of a row: Django's own history knows nothing of what was changed by an API."""
        row = self.get_object(request, object_id)
        entries = history_of(row) if row is not None else []
        return super().history_view(request, object_id, {**(extra_context or {}), "entries": entries})  # type: ignore[no-any-return]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self.audit(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self.audit(request, obj, "changed", fields=_fields_in(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        rows = list(queryset)
        for row in rows:
            self.audit(request, row, "deleted")
        return super().log_deletions(request, rows)


def changed_columns(row: Model, form: Any) -> list[str]:
    """Return the columns that a form changed of its row, with those that tell when that was; none where it changed nothing."""
    changed = [field.name for field in row._meta.concrete_fields if field.name in form.changed_data]  # noqa: SLF001  Django's own
    stamps = [field.name for field in row._meta.concrete_fields if getattr(field, "auto_now", False)]  # noqa: SLF001
    return [*changed, *stamps] if changed else []


def _fields_in(message: Any) -> list[str]:
    """Return the names of the changed fields in a change message of Django's admin, never their values."""
    parts = message if isinstance(message, list) else []
    return [name for part in parts for act in part.values() for name in act.get("fields", [])]
