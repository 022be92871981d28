"""Sends to address lists, as a whole: begun here, and stopped here. Taking the members in is `lists`' business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.engine import control
from gateway.engine.intake import accept_one
from gateway.engine.submission import Accepted, Submission
from gateway.models import ListTask


def send_to_lists(submission: Submission, list_ids: Sequence[int]) -> Accepted:
    """Accept a message for every member of up to five address lists, each address once; return it with `task_ids`.

    Everything is checked, refused and replayed as any submission is; an unknown list is a FieldInvalid for `list`. Each copy
    shows its own recipient, and goes behind transactional mail. Members are taken in when it is time to send.
    """
    return accept_one(replace(submission, list_ids=tuple(list_ids), recipients=(), one_by_one=True, bulk=True))


def find_list_task(account_id: int, task_id: int) -> ListTask | None:
    """Return an account's send to a list with its message and who sent that, None when it has none of that key."""
    return ListTask.objects.for_account(account_id).filter(pk=task_id).select_related("message__smtp_user").first()


def cancel_list_task(account_id: int, task_id: int) -> int:
    """Stop the send that a list task is part of, and cancel what of it was not sent yet; return how many recipients.

    The lists of one call are one message: all of it is cancelled.
    """
    task = ListTask.objects.for_account(account_id).filter(pk=task_id).first()
    if task is None or task.message_id is None:
        return 0
    return control.cancel_message(account_id, task.message_id)
