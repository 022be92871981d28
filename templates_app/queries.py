"""What the hot path reads of templates, as values kept for two seconds."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.base.cache import TimedCache
from templates_app.models import TemplateVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    """The version of a template that is sent now. `syntax` is a value of Template.Syntax."""

    version_id: int
    syntax: str
    subject: str
    html: str
    text: str


def find_template(account_id: int, template_id: int) -> TemplateFacts | None:
    """Return an account's template by its key, None when it has none of that key."""
    return _templates.get((account_id, template_id), _load)


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _templates.clear()


def _load(key: tuple[int, int]) -> TemplateFacts | None:
    account_id, template_id = key
    versions = TemplateVersion.objects.for_account(account_id).filter(template_id=template_id).select_related("template")
    version = versions.order_by("-number").first()
    if version is None:
        return None
    return TemplateFacts(
        version_id=version.pk,
        syntax=version.template.syntax,
        subject=version.subject,
        html=version.html,
        text=version.text,
    )


_templates: TimedCache[tuple[int, int], TemplateFacts | None] = TimedCache(seconds=2)
