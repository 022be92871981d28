"""What mail.* of version 1 says."""

from __future__ import annotations

import msgspec

from gateway.api.sendcloud.answers.mail import email_ids
from gateway.api.sendcloud.answers.v1 import Success
from gateway.engine.submission import Accepted


class MailSent(Success, frozen=True, kw_only=True):
    """That mail was accepted, with the ids of its copies; left out where resp_email_id is false."""

    email_id_list: list[str] | msgspec.UnsetType = msgspec.UNSET


class ListsSentTo(Success, frozen=True, kw_only=True):
    """That mail to address lists was accepted, with the number of the send to each."""

    mail_list_task_id_list: list[int]


def tell_sent(accepted: Accepted, *, with_ids: bool) -> MailSent | ListsSentTo:
    """Return what is said of mail that was accepted."""
    if accepted.task_ids:
        return ListsSentTo(mail_list_task_id_list=list(accepted.task_ids))
    return MailSent(email_id_list=email_ids(accepted)) if with_ids else MailSent()
