"""Whom a mail is about, where its customer names a member of an address list: whose values fill the fields of every copy."""

from __future__ import annotations

from dataclasses import replace

from gateway.base.errors import FieldInvalid
from gateway.engine.submission import Submission
from templates_app.lists import find_list
from templates_app.members import find_values


def with_member(submission: Submission) -> Submission:
    """Return the submission with the values of the member that it names; its own values stay.

    Raises FieldInvalid for `member_list` and `member` where the account has none of that key, or the list no such member.
    """
    list_id, member_id = submission.member_list_id, submission.member_id
    if list_id is not None and find_list(submission.account_id, list_id=list_id) is None:
        raise FieldInvalid("member_list", f"There is no address list {list_id}.", value=str(list_id))
    if member_id is None:
        return submission
    values = find_values(submission.account_id, member_id, list_id)
    if values is None:
        raise FieldInvalid("member", f"There is no member {member_id} of an address list.", value=str(member_id))
    return replace(submission, variables={**values, **submission.variables})
