"""A submission that names a template gets the template's texts, copied: what changes later does not reach mail under way."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from gateway.base.errors import FieldInvalid, TemplateMissing
from gateway.engine.submission import Submission, Syntax
from templates_app import texts
from templates_app.filling import CannotFill, check
from templates_app.queries import TemplateFacts, find_template, find_template_named
from templates_app.texts import Texts


def find_template_of(submission: Submission) -> TemplateFacts | None:
    """Return the template that a submission names, None when it names none; raise when the account has no such template.

    Of a key and a name, the key counts first: a caller that was given one word for both says it in both.
    """
    key, name = submission.template_id, submission.template_name
    if key is None and not name:
        return None
    by_key = find_template(submission.account_id, key) if key is not None else None
    found = by_key or (find_template_named(submission.account_id, name) if name else None)
    if found is None:
        raise TemplateMissing(field="template", value=name or str(key))
    return found


def with_template(submission: Submission, template: TemplateFacts) -> Submission:
    """Return the submission with the bodies of its template; a subject that it has of its own stays.

    Fields in its own subject and headers are filled in as those of the template; FieldInvalid where they cannot be.
    """
    for field, value in (("subject", submission.subject), *((f"headers.{name}", value) for name, value in submission.headers)):
        try:
            check(value, template.syntax)
        except CannotFill as error:
            raise FieldInvalid(field, f"The field {field} is no {template.syntax} text. {error}", value=value) from None
    bodies = _bodies_of(submission, template)
    return replace(
        submission,
        template_id=template.id,
        html=bodies.html,
        text=bodies.text,
        subject=submission.subject or template.subject,
        syntax=Syntax.NONE if submission.is_verbatim else Syntax(template.syntax),
    )


def _bodies_of(submission: Submission, template: TemplateFacts) -> Texts:
    written = Texts(html=template.html, text=template.text)
    is_wanted = (submission.auto_text and not template.text) or (submission.auto_html and not template.html)
    return _complete(written) if is_wanted else written


# Once for a template, not for each mail: a long one takes a tenth of a second, and this is the thread that stores all mail.
_complete = lru_cache(maxsize=16)(texts.complete)
