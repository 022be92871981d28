"""What is read of templates; the hot path has it as values kept for four seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from gateway.base.cache import TimedCache
from templates_app.models import Template, TemplateVersion, UnsubscribePage


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    """The version of a template that is sent now. `syntax` is a value of Template.Syntax."""

    id: int  # of the template
    version_id: int
    syntax: str
    subject: str
    html: str
    text: str
    is_bulk: bool = False


def find_template(account_id: int, template_id: int) -> TemplateFacts | None:
    """Return an account's template by its key, None when it has none of that key."""
    return _templates.get((account_id, template_id), _load)


def find_template_named(account_id: int, invoke_name: str) -> TemplateFacts | None:
    """Return an account's template by its invoke name, None when it has none of that name."""
    return _named.get((account_id, invoke_name), _load_named)


def find_page_language(account_id: int, page_id: int) -> str | None:
    """Return the language of an account's unsubscribe page, None when it has none of that key; 0 is its default page."""
    return _languages.get((account_id, page_id), _load_language)


def latest_version(template: Template) -> TemplateVersion | None:
    """Return the version of a template that is sent; None when there is none yet."""
    if template.pk is None:
        return None
    return TemplateVersion.objects.filter(template=template).order_by("-number").first()


def find_version(account_id: int, version_id: int | None) -> TemplateVersion | None:
    """Return a version by its key, without its texts; None when it was deleted, for messages keep the keys of those too."""
    versions = TemplateVersion.objects.for_account(account_id).filter(pk=version_id or 0).select_related("template")
    return versions.defer("subject", "html", "text").first()


def find_named(account_id: int, invoke_name: str) -> Template | None:
    """Return an account's template by its invoke name, None when it has none of that name."""
    return Template.objects.for_account(account_id).filter(invoke_name=invoke_name).first()


def templates_of(account_id: int, *, invoke_name: str = "", is_bulk: bool | None = None) -> QuerySet[Template]:
    """Return an account's templates, or those of a name or type, in the order that they were made."""
    templates = Template.objects.for_account(account_id).order_by("pk")
    templates = templates.filter(invoke_name=invoke_name) if invoke_name else templates
    return templates if is_bulk is None else templates.filter(is_bulk=is_bulk)


def latest_versions(templates: Sequence[Template]) -> dict[int, TemplateVersion]:
    """Return what is sent of each of some templates, by their keys."""
    newest = TemplateVersion.objects.filter(template=OuterRef("template")).order_by("-number").values("number")[:1]
    rows = TemplateVersion.objects.filter(template__in=templates, number=Subquery(newest))
    return {row.template_id: row for row in rows}


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _templates.clear()
    _named.clear()
    _languages.clear()


def _load(key: tuple[int, int]) -> TemplateFacts | None:
    account_id, template_id = key
    return _facts(TemplateVersion.objects.for_account(account_id).filter(template_id=template_id))


def _load_named(key: tuple[int, str]) -> TemplateFacts | None:
    account_id, invoke_name = key
    return _facts(TemplateVersion.objects.for_account(account_id).filter(template__invoke_name=invoke_name))


def _facts(versions: QuerySet[TemplateVersion]) -> TemplateFacts | None:
    version = versions.select_related("template").order_by("-number").first()
    if version is None:
        return None
    return TemplateFacts(
        id=version.template_id,
        version_id=version.pk,
        syntax=version.template.syntax,
        subject=version.subject,
        html=version.html,
        text=version.text,
        is_bulk=version.template.is_bulk,
    )


def _load_language(key: tuple[int, int]) -> str | None:
    account_id, page_id = key
    named = {"pk": page_id} if page_id else {"is_default": True}
    return UnsubscribePage.objects.for_account(account_id).filter(**named).values_list("language", flat=True).first()


_languages: TimedCache[tuple[int, int], str | None] = TimedCache(seconds=4)
_templates: TimedCache[tuple[int, int], TemplateFacts | None] = TimedCache(seconds=4)
_named: TimedCache[tuple[int, str], TemplateFacts | None] = TimedCache(seconds=4)
