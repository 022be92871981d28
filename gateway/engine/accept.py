"""The only way in: submissions become messages, many at once, in one commit.

    check      each submission by itself (checks.py)
    replay     those whose idempotency key was answered before
    suppress   mark the addresses that an account does not mail
    count      quotas, exact: locked until the commit
    store      messages, contents, files, recipients and their first events, tasks of those that go to address lists
    wake       whoever sends, or takes the members of lists in

A refusal touches its own submission only. When `accept` returns an Accepted, the message is on disk.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.base import bulk, clock, wake
from gateway.base.errors import RecipientSuppressed, Refused, Unavailable
from gateway.engine import doubt, idempotency, quotas
from gateway.engine.checks import Draft, check
from gateway.engine.rows import Rows
from gateway.engine.submission import Accepted, Submission
from gateway.models import Attachment, Content, ListTask, Message, Recipient
from tracking import suppressions

log = logging.getLogger(__name__)

EXPAND_TASK = "gateway.engine.tasks.expand_lists"

Answer = Accepted | Refused


def accept(submissions: Sequence[Submission]) -> list[Answer]:
    """Store submissions and return, in their order, what became of each.

    They are stored in one commit; those that repeat the idempotency key of another, in a further one.
    Raises what the database raises when nothing could be committed; then none of them is stored.
    """
    answers: dict[int, Answer] = {}
    for places in _rounds(submissions):
        try:
            answers |= _accept_round(submissions, places)
        except Exception:
            if not answers:
                raise
            log.exception("%d submissions were not stored, after others of their group were.", len(places))
            answers |= dict.fromkeys(places, Unavailable())
    _wake([answer for answer in answers.values() if isinstance(answer, Accepted)])
    return [answers[place] for place in range(len(submissions))]


def _wake(accepted: Sequence[Accepted]) -> None:
    if any(answer.emails for answer in accepted):
        wake.wake_sender()
    if any(answer.task_ids for answer in accepted):
        wake.hint(EXPAND_TASK)


def _rounds(submissions: Sequence[Submission]) -> Iterable[list[int]]:
    """Yield places so that no idempotency key stands twice in a round: the second sees what the first was answered."""
    left = list(range(len(submissions)))
    while left:
        seen: set[object] = set()
        later: list[int] = []
        now: list[int] = []
        for place in left:
            key = idempotency.key_of(submissions[place])
            (later if key is not None and key in seen else now).append(place)
            seen.add(key)
        yield now
        left = later


def _accept_round(submissions: Sequence[Submission], places: list[int]) -> dict[int, Answer]:
    answers: dict[int, Answer] = {}
    drafts = _check_all(submissions, places, answers)
    if drafts:
        with doubt.settled(answers, places), bulk.transaction() as cursor:
            _accept_all(cursor, drafts, answers)
    return answers


def _check_all(submissions: Sequence[Submission], places: list[int], answers: dict[int, Answer]) -> dict[int, Draft]:
    drafts = {}
    for place in places:
        try:
            drafts[place] = check(submissions[place])
        except Refused as refusal:
            answers[place] = refusal
    return drafts


def _accept_all(cursor: bulk.Cursor, drafts: dict[int, Draft], answers: dict[int, Answer]) -> None:
    """Answer every draft; what is answered before it is stored leaves `drafts`."""
    now = clock.now()
    claims = idempotency.claim({place: draft.asked for place, draft in drafts.items()}, now)
    _answer(drafts, answers, claims.answers)
    suppressed = suppressions.find(cursor, {pair for draft in drafts.values() for pair in _pairs(draft)})
    _answer(drafts, answers, _refuse_suppressed(drafts, suppressed))
    _answer(drafts, answers, quotas.count(drafts, now))
    _answer(drafts, answers, _store(cursor, drafts, suppressed, now))
    idempotency.settle(claims, answers)


def _answer(drafts: dict[int, Draft], answers: dict[int, Answer], found: Mapping[int, Answer]) -> None:
    for place, answer in found.items():
        answers[place] = answer
        del drafts[place]


def _pairs(draft: Draft) -> Iterable[suppressions.Pair]:
    account_id = draft.submission.account_id
    return ((account_id, address.text.lower()) for _, address in draft.recipients)


def _refuse_suppressed(drafts: Mapping[int, Draft], suppressed: set[suppressions.Pair]) -> dict[int, RecipientSuppressed]:
    refusals = {}
    for place, draft in drafts.items():
        found = [email for account_id, email in _pairs(draft) if (account_id, email) in suppressed]
        if found and draft.submission.refuse_suppressed:
            refusals[place] = RecipientSuppressed(f"{found[0]} is in the suppression list.", field="to", value=found[0])
    return refusals


def _store(
    cursor: bulk.Cursor, drafts: Mapping[int, Draft], suppressed: set[suppressions.Pair], now: datetime
) -> dict[int, Accepted]:
    """Insert the rows of all drafts, table by table; return what to answer."""
    message_ids = iter(bulk.take_ids(cursor, bulk.table_of(Message), len(drafts)))
    recipients = sum(len(draft.recipients) for draft in drafts.values())
    recipient_ids = iter(bulk.take_ids(cursor, bulk.table_of(Recipient), recipients))
    rows = Rows(suppressed, now, recipient_ids)
    accepted = {place: rows.add(draft, next(message_ids)) for place, draft in drafts.items()}
    bulk.insert(cursor, bulk.table_of(Message), rows.messages)
    bulk.insert(cursor, bulk.table_of(Content), rows.contents)
    bulk.insert(cursor, bulk.table_of(Attachment, leaves_out=("id",)), rows.files)
    rows.recipients.store(cursor)
    return _with_tasks(accepted, rows.tasks) if rows.tasks else accepted


def _with_tasks(accepted: Mapping[int, Accepted], tasks: Sequence[ListTask]) -> dict[int, Accepted]:
    """Store list tasks, whose keys the database gives; return the answers with them."""
    ids: dict[int | None, list[int]] = defaultdict(list)
    for task in ListTask.objects.bulk_create(tasks):
        ids[task.message_id].append(task.pk)
    return {place: replace(answer, task_ids=tuple(ids[answer.message_id])) for place, answer in accepted.items()}
