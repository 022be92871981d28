"""A call that sends, from its names to the submission: labels, address lists and templates are looked up under the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.api.fields import fault_in
from gateway.api.sendcloud.parse.mail import SendCall
from gateway.base.errors import TemplateMissing
from gateway.engine.submission import Submission
from templates_app.lists import find_list
from templates_app.queries import find_template_named
from tracking.labels import find_label, note_label


def complete(call: SendCall) -> Submission:
    """Return the submission of a call; raise for what the account has not. A label that is named is made."""
    submission = _with_template(call.submission, call.email_type)
    list_ids = _find_list_ids(submission.account_id, call.lists)
    name = _find_label_name(submission.account_id, call)
    return replace(
        submission,
        list_ids=list_ids,
        tags=tuple(dict.fromkeys(tag for tag in (name, *submission.tags) if tag)),
    )


def _with_template(submission: Submission, email_type: int | None) -> Submission:
    """Check the template that is named: it is of the API user's type, and there is a subject in the call or in it."""
    name = submission.template_name
    if not name:
        return submission
    template = find_template_named(submission.account_id, name)
    if template is None:
        raise TemplateMissing(field="template", value=name)
    if email_type is not None and bool(email_type) != template.is_bulk:
        kind = "batch" if template.is_bulk else "trigger"
        raise fault_in("templateInvokeName", 40825, f"The template {name} is of the type {kind}, the API user is not.")
    if not submission.subject and not template.subject:
        raise fault_in("subject", 40826, "There is neither a subject nor one of the template.")
    return replace(submission, bulk=submission.bulk or template.is_bulk)


def _find_list_ids(account_id: int, addresses: Sequence[str]) -> tuple[int, ...]:
    found = {address: find_list(account_id, address=address) for address in addresses}
    if missing := ";".join(address for address, one in found.items() if one is None):
        raise fault_in("to", 40863, f"There is no address list {missing}.", value=missing)
    return tuple(one.pk for one in found.values() if one is not None)


def _find_label_name(account_id: int, call: SendCall) -> str:
    """Return the name of the mail's label, empty for none; a labelName beats a labelId."""
    if call.label_name:
        note_label(account_id, call.label_name)
        return call.label_name
    if call.label_id is None:
        return ""
    label = find_label(account_id, call.label_id)
    if label is None:
        raise fault_in("labelId", 40106, f"There is no label {call.label_id}.")
    return label.name
