"""What template/* takes. Older clients say isVerify for templateStat; templates are approved as they are saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from gateway.api.fields import Field, Kind, boolean, integer, text
from gateway.api.sendcloud.parse.kinds import flag
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.base.errors import FieldInvalid, TemplateBroken
from templates_app.actions import check_invoke_name, check_name
from templates_app.models import Template
from templates_app.texts import check_part

APPROVED: Final = 1  # templateStat; the others are -2 not submitted, -1 refused and 0 waiting
SYNTAX: Final = Template.Syntax.SENDCLOUD

_STATES = frozenset((-2, -1, 0, APPROVED))


def invoke_name(value: Any) -> str:
    """Take the name that calls know a template by."""
    return _judged(check_invoke_name, text(value))


def template_name(value: Any) -> str:
    """Take the name of a template."""
    return _judged(check_name, text(value))


def template_type(value: Any) -> bool:
    """Take 0 for what is sent to one, or 1 for what is sent to many; return whether it is the latter."""
    return flag(value)


def template_stat(value: Any) -> int:
    """Take a state of approval."""
    if integer(value) not in _STATES:
        raise ValueError("must be -2, -1, 0 or 1")
    return integer(value)


def subject(value: Any) -> str:
    """Take a subject, in one line."""
    return _written("subject", value)


def html(value: Any) -> str:
    """Take the HTML of a template."""
    return _written("html", value)


def plain(value: Any) -> str:
    """Take the text of a template."""
    return _written("text", value)


def _written(part: str, value: Any) -> str:
    if not text(value).strip():
        raise ValueError("must not be blank")
    return _judged(partial(_check_part, part), text(value))


def _check_part(part: str, written: str) -> None:
    check_part(part, written, SYNTAX)


def _judged(check: Callable[[str], None], value: str) -> str:
    try:
        check(value)
    except (FieldInvalid, TemplateBroken) as refusal:
        raise ValueError(f"is not right: {refusal.message.rstrip('.')}") from None
    return value


def _field(name: str, kind: Kind, missing: int, invalid: int, *, required: bool = False, old: str = "") -> Field:
    return Field(name, kind, aliases=(old,) if old else (), required=required, missing=missing, invalid=invalid)


INVOKE_NAME: Final = _field("invokeName", invoke_name, 40201, 40202, required=True)
_AUDIT = Field("isSubmitAudit", boolean, default=True, missing=40221, invalid=40222)
LIST: Final = (
    _field("invokeName", invoke_name, 40201, 40202),
    _field("templateType", template_type, 40203, 40204),
    _field("templateStat", template_stat, 40205, 40206, old="isVerify"),
    START,
    LIMIT,
)
ADD: Final = (
    INVOKE_NAME,
    _field("name", template_name, 40207, 40208, required=True),
    _field("html", html, 40211, 40212, required=True),
    _field("text", plain, 40213, 40214),
    _field("subject", subject, 40209, 40210, required=True),
    _field("templateType", template_type, 40203, 40204, required=True),
    _AUDIT,
)
UPDATE: Final = (
    INVOKE_NAME,
    _field("name", template_name, 40207, 40208),
    _field("html", html, 40211, 40212),
    _field("text", plain, 40213, 40214),
    _field("subject", subject, 40209, 40210),
    _field("templateType", template_type, 40203, 40204),
    _AUDIT,
)
SUBMIT: Final = (INVOKE_NAME, Field("cancel", boolean, default=False, missing=40224, invalid=40225))
