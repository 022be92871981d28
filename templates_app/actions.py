"""What changes templates. Each state that was saved stays as a version; the one with the highest number is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from gateway.base.errors import FieldInvalid, QuotaExceeded
from templates_app import queries
from templates_app.models import Template, TemplateVersion
from templates_app.texts import Texts, check_texts, complete

MOST_TEMPLATES = 10_000  # of an account
MOST_VERSIONS = 100  # of a template: when there are more, the oldest go

_INVOKE_NAME = re.compile(r"[\w.-]{1,64}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST_NAME = 120
_FIELDS = ("name", "invoke_name", "syntax", "is_bulk")


def add_template(
    account_id: int,
    *,
    invoke_name: str,
    name: str,
    texts: Texts,
    syntax: str = Template.Syntax.LIQUID,
    is_bulk: bool = False,
    completes: bool = False,
) -> Template:
    """Make a template of an account with its first version; with `completes` a body that is missing is made from the other.

    Raises TemplateBroken or ContentMissing for `subject`, `html` or `text`, FieldInvalid for `invoke_name` (also where it is
    taken), `name` or `syntax`, QuotaExceeded beyond MOST_TEMPLATES.
    """
    fields = {"invoke_name": invoke_name, "name": name, "syntax": syntax, "is_bulk": is_bulk}
    template = Template(account_id=account_id, **fields)
    save_template(template, texts, completes=completes)
    return template


def change_template(template: Template, *, texts: Texts | None = None, completes: bool = False, **fields: Any) -> Template:
    """Change what is given of a template (`name`, `invoke_name`, `syntax`, `is_bulk`, texts); raises as add_template does."""
    for field, value in fields.items():
        if field not in _FIELDS:
            raise TypeError(field)
        setattr(template, field, value)
    save_template(template, texts if texts is not None else latest_texts(template), completes=completes)
    return template


def save_template(template: Template, texts: Texts, *, completes: bool = False) -> TemplateVersion | None:
    """Save a template, new or changed, and its texts as the next version; None where they are the latest one's."""
    check_names(template.invoke_name, template.name, template.syntax)
    texts = complete(texts) if completes else texts
    check_texts(texts, template.syntax)
    try:
        with transaction.atomic():
            if template.pk is None:
                _check_room(template.account_id)
            template.save()
            return _put_version(template, texts)
    except IntegrityError:
        sentence = f"A template of the account has the invoke name {template.invoke_name} already; choose another."
        raise FieldInvalid("invoke_name", sentence, value=template.invoke_name) from None


def save_version(template: Template, texts: Texts) -> TemplateVersion | None:
    """Save texts as the next version, the one that is sent; None where they are the latest one's. Raises TemplateBroken."""
    check_texts(texts, template.syntax)
    with transaction.atomic():
        return _put_version(template, texts)


def restore_version(version: TemplateVersion) -> TemplateVersion | None:
    """Make the texts of an old version the latest again, as a new version; raises TemplateBroken where the syntax changed."""
    return save_version(version.template, texts_of(version))


def delete_template(template: Template) -> None:
    """Delete a template and its versions. Mail that was accepted with it has its texts, and is sent."""
    with transaction.atomic():
        _forget_versions(TemplateVersion.objects.filter(template=template))
        template.delete()
    transaction.on_commit(queries.forget)


def texts_of(version: TemplateVersion) -> Texts:
    """Return what a version says."""
    return Texts(subject=version.subject, html=version.html, text=version.text)


def latest_texts(template: Template) -> Texts:
    """Return what is sent of a template now."""
    version = queries.latest_version(template)
    return texts_of(version) if version is not None else Texts()


def check_names(invoke_name: str, name: str, syntax: str) -> None:
    """Raise FieldInvalid for what a template cannot be called, or written in."""
    check_invoke_name(invoke_name)
    check_name(name)
    if syntax not in Template.Syntax.values:
        raise FieldInvalid("syntax", f"The syntax must be one of {', '.join(Template.Syntax.values)}.", value=syntax)


def check_invoke_name(invoke_name: str) -> None:
    """Raise FieldInvalid for what a template cannot be called by."""
    if not _INVOKE_NAME.fullmatch(invoke_name):
        raise FieldInvalid(
            "invoke_name", "The invoke name must be 1 to 64 letters, digits, dots, hyphens and underscores.", value=invoke_name
        )


def check_name(name: str) -> None:
    """Raise FieldInvalid for what cannot be a template's name."""
    if not name.strip() or len(name) > _LONGEST_NAME or _UNFIT.search(name):
        raise FieldInvalid("name", f"The name must be 1 to {_LONGEST_NAME} characters in one line.", value=name)


def _check_room(account_id: int) -> None:
    if Template.objects.for_account(account_id).count() >= MOST_TEMPLATES:
        raise QuotaExceeded(f"The account has {MOST_TEMPLATES:,} templates, which is the most; delete some first.")


def _put_version(template: Template, texts: Texts) -> TemplateVersion | None:
    Template.objects.select_for_update(no_key=True).get(pk=template.pk)  # numbers are given one at a time
    latest = queries.latest_version(template)
    if latest is not None and texts_of(latest) == texts:
        transaction.on_commit(queries.forget)  # its syntax may be another one now
        return None
    number = latest.number + 1 if latest is not None else 1
    version: TemplateVersion = TemplateVersion.objects.create(template=template, number=number, **_columns(texts))
    _forget_versions(TemplateVersion.objects.filter(template=template, number__lte=number - MOST_VERSIONS))
    template.save(update_fields=["updated_at"])
    transaction.on_commit(queries.forget)
    return version


def _columns(texts: Texts) -> Mapping[str, str]:
    return {"subject": texts.subject, "html": texts.html, "text": texts.text}


def _forget_versions(versions: Any) -> None:
    """Delete versions without looking for what names them: messages do, by the million, and keep the bare number."""
    versions._raw_delete(versions.db)  # noqa: SLF001  Django's own way past its collector
