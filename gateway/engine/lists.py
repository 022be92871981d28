"""Members of address lists become recipients: batch by batch, each batch one commit, each address of a message once.

    pick       the oldest open task of each account, in turn; of one message's lists one after the other
    lock       the task; whoever else has it goes on with another one
    check      account and domain, as they are now
    read       the next members in the order of their keys
    leave out  those whom this message went to already, by an earlier list or an earlier entry of the same one
    count      quotas: what does not fit waits for the next window
    store      recipients and their first events
    note       how far it got, in the same commit: whoever is killed anywhere in between has done nothing

Members are taken in as they are when the expansion comes by; who was there already is not asked of the list but of the
message's recipients, as people delete their lists and import them anew while a large send is under way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import transaction

from accounts.models import Account
from accounts.queries import find_account
from domains.queries import get_sender_domain
from gateway.base import bulk, clock, wake
from gateway.base.errors import QuotaExceeded
from gateway.base.statement import Statement, read_json, read_time
from gateway.engine import quotas
from gateway.engine.origins import load_origins
from gateway.engine.rows import NewRecipient, RecipientRows
from gateway.models import ListTask, Message, Recipient
from templates_app.members import values_of
from tracking import events, suppressions

log = logging.getLogger(__name__)

BATCH: Final = 1000  # members of one commit
TENANTS: Final = 200  # accounts that one round serves
PAUSE: Final = 0.005 if settings.EMBEDDED else 0.0  # after a commit on SQLite, or the other writers starve
RECHECK: Final = timedelta(minutes=5)  # until an account or domain that may not send is looked at again
FAULT_PAUSE: Final = timedelta(minutes=1)  # after a fault of our own
LATE: Final = timedelta(hours=12)  # after which the lifetime of copies counts from when they were made

State = ListTask.State

# The oldest open task that is due of each account; the index holds open tasks only, of which there are few.
_PICK_COLUMNS = "SELECT min(t.id) FROM gateway_listtask t WHERE t.state IN ('waiting', 'running')"
_IS_DUE = "(t.next_at IS NULL OR t.next_at <= {})"
_IS_FIRST = """
    NOT EXISTS (SELECT 1 FROM gateway_listtask e WHERE e.message_id = t.message_id AND e.position < t.position
        AND e.state IN ('waiting', 'running', 'held'))
"""
_PICK = Statement(
    postgresql=f"""
        {_PICK_COLUMNS} AND {_IS_DUE.format("%(at)b::timestamptz")} AND {_IS_FIRST} GROUP BY t.account_id
        ORDER BY t.account_id > %(after)b::bigint DESC, t.account_id LIMIT %(limit)b::bigint
    """,
    sqlite=f"""
        {_PICK_COLUMNS} AND {_IS_DUE.format(":at")} AND {_IS_FIRST} GROUP BY t.account_id
        ORDER BY t.account_id > :after DESC, t.account_id LIMIT :limit
    """,
)
_LOCK_COLUMNS = """
    SELECT t.id, t.account_id, t.address_list_id, t.message_id, t.state, t.cursor, t.members, t.expanded, t.added, t.suppressed,
        m.smtp_user_id, m.client, m.accepted_at, m.send_at, m.options ->> 'list_limit'
    FROM gateway_listtask t JOIN gateway_message m ON m.id = t.message_id
    WHERE t.state IN ('waiting', 'running')
"""
_LOCK = Statement(
    postgresql=f"""
        {_LOCK_COLUMNS} AND t.id = %(id)b::bigint AND {_IS_DUE.format("%(at)b::timestamptz")}
        FOR UPDATE OF t SKIP LOCKED
    """,
    sqlite=f"{_LOCK_COLUMNS} AND t.id = :id AND {_IS_DUE.format(':at')}",
)
_POSITION = Statement(
    postgresql="SELECT coalesce(sum(added), 0)::bigint FROM gateway_listtask WHERE message_id = %(message_id)b::bigint",
    sqlite="SELECT coalesce(sum(added), 0) FROM gateway_listtask WHERE message_id = :message_id",
)
_READ_COLUMNS = "SELECT id, email, name, variables FROM templates_app_member"
_READ = Statement(
    postgresql=f"""
        {_READ_COLUMNS} WHERE address_list_id = %(list_id)b::bigint AND id > %(after)b::bigint
        ORDER BY address_list_id, id LIMIT %(limit)b::bigint
    """,
    sqlite=f"""
        {_READ_COLUMNS} WHERE address_list_id = :list_id AND id > :after ORDER BY address_list_id, id LIMIT :limit
    """,
)
# The constraint that keeps an address in a list once has the index for this.
_READ_FIRST = Statement(
    postgresql=f"""
        {_READ_COLUMNS} WHERE address_list_id = %(list_id)b::bigint ORDER BY lower(email) LIMIT %(limit)b::bigint
    """,
    sqlite=f"{_READ_COLUMNS} WHERE address_list_id = :list_id ORDER BY lower(email) LIMIT :limit",
)
# One look-up in the index of bulk mail for each; LIMIT keeps the planner from reading all recipients of the message instead.
_MAILED = Statement(
    postgresql="""
        SELECT given.id FROM unnest(%(c0)b::bigint[], %(c1)b::text[]) AS given(id, email)
            CROSS JOIN LATERAL (SELECT 1 FROM gateway_recipient r WHERE r.message_id = %(message_id)b::bigint
                AND r.priority = 1 AND lower(r.email) = lower(given.email) LIMIT 1) AS found
    """,
    sqlite="""
        SELECT given.value ->> 0 FROM json_each(:rows) AS given
        WHERE EXISTS (SELECT 1 FROM gateway_recipient r WHERE r.message_id = :message_id AND r.priority = 1
            AND lower(r.email) = lower(given.value ->> 1))
    """,
)


class Member(NamedTuple):
    """A member as its list has it."""

    id: int
    email: str
    name: str
    variables: Any


@dataclass(slots=True, kw_only=True)
class Task:
    """A task that is locked, with what its message says; changed as a batch goes on, and noted at its end."""

    id: int
    account_id: int
    list_id: int | None
    message_id: int
    state: str
    cursor: int
    members: int
    expanded: int
    added: int
    suppressed: int
    smtp_user_id: int | None
    client: str
    due_at: datetime
    limit: int | None = None  # of members, the first by their addresses, who are taken in at once
    next_at: datetime | None = None
    error: str = ""

    def end(self, state: State, note: str = "") -> None:
        self.state, self.next_at, self.error = state.value, None, note

    def wait(self, until: datetime, reason: str) -> None:
        self.next_at, self.error = until, reason


def expand(seconds: float) -> bool:
    """Take members in for a while, a batch of each account in turn; return whether there is more to do now."""
    end = clock.monotonic() + seconds
    after = 0
    while tasks := _pick(after):
        had = 0
        for task_id in tasks:
            account_id = _expand_safely(task_id)
            had, after = (had + 1, account_id) if account_id is not None else (had, after)
            time.sleep(PAUSE)
            if clock.monotonic() > end:
                return True
        if not had:
            return False  # others are at these, and will go on with them
    return False


def is_work_waiting() -> bool:
    """Tell whether a task is due."""
    return bool(_pick(0, limit=1))


def expand_batch(task_id: int) -> Task | None:
    """Take in the next members of a task, in one commit; return it as it is then, None where it is not there to be had."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        task = _lock(cursor, task_id)
        if task is None:
            return None
        added = task.added
        if not _stop(task):
            _take_in(cursor, task)
        _note(task)
    if task.added > added:
        wake.wake_sender()
    return task


def _expand_safely(task_id: int) -> int | None:
    """Expand a batch and return whose it was; a fault of one task is not in the way of the others."""
    try:
        task = expand_batch(task_id)
    except Exception:
        log.exception("List task %d could not go on.", task_id)
        words = "A fault inside Gatepost stopped this; it is tried again every minute. See its log."
        ListTask.objects.filter(pk=task_id, state__in=ListTask.OPEN).update(next_at=clock.now() + FAULT_PAUSE, error=words)
        return None
    return task.account_id if task is not None else None


def _pick(after_account: int, limit: int = TENANTS) -> list[int]:
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        return [row[0] for row in _PICK.fetch(cursor, after=after_account, limit=limit, at=clock.now())]


def _lock(cursor: bulk.Cursor, task_id: int) -> Task | None:
    rows = _LOCK.fetch(cursor, id=task_id, at=clock.now())
    if not rows:
        return None
    *numbers, smtp_user_id, client, accepted_at, send_at, limit = rows[0]
    names = ("id", "account_id", "list_id", "message_id", "state", "cursor", "members", "expanded", "added", "suppressed")
    due_at = read_time(send_at) or read_time(accepted_at) or clock.now()
    return Task(
        **dict(zip(names, numbers, strict=True)),
        smtp_user_id=smtp_user_id,
        client=client,
        due_at=due_at,
        limit=int(limit) if limit is not None else None,
    )


def _stop(task: Task) -> bool:
    """End the task or let it wait, and return True, where nothing can be sent now."""
    account = find_account(task.account_id)
    if account is None or account.status in {Account.Status.DELETED, Account.Status.PURGED}:
        task.end(State.FAILED, f"The account was deleted; {_so_far(task)}.")
    elif not account.is_enabled:
        task.wait(clock.now() + RECHECK, "The account is suspended; the rest of the list waits until it is enabled again.")
    elif task.list_id is None:
        task.end(State.DONE, f"The list was deleted; {_so_far(task)}.")
    else:
        return False
    return True


def _so_far(task: Task) -> str:
    return f"{task.expanded:,} of {task.members:,} members had been taken in"


def _take_in(cursor: bulk.Cursor, task: Task) -> None:
    origin = load_origins(cursor, [task.message_id])[task.message_id]
    domain = get_sender_domain(origin.domain_id or 0)
    if domain is None or not domain.is_verified:
        task.wait(clock.now() + RECHECK, "The sender domain is not verified any more; publish its DNS records, or cancel this.")
        return
    members = _read(cursor, task)
    is_last = task.limit is not None or len(members) < BATCH
    mailed = _mailed(cursor, task.message_id, members)
    refusal = _count(task, members, mailed)
    fresh = [member for member in members if member.id not in mailed]
    _store(cursor, task, origin, fresh)
    task.cursor = members[-1].id if members else task.cursor
    task.expanded = len(members) + (task.expanded if task.limit is None else 0)
    task.state = State.RUNNING.value
    if refusal is not None:
        ends_in = timedelta(seconds=refusal.retry_after)
        task.wait(clock.now() + min(ends_in, RECHECK), f"{refusal.message} The rest of the list waits.")  # it may be raised
    elif is_last:
        task.members = task.expanded
        task.end(State.DONE)


def _read(cursor: bulk.Cursor, task: Task) -> list[Member]:
    if task.limit is None:
        rows = _READ.fetch(cursor, list_id=task.list_id, after=task.cursor, limit=BATCH)
    else:  # what a quota held back is among the same members again, and who was mailed is known
        rows = _READ_FIRST.fetch(cursor, list_id=task.list_id, limit=task.limit)
    return [Member._make(row) for row in rows]


def _mailed(cursor: bulk.Cursor, message_id: int, members: Sequence[Member]) -> set[int]:
    """Return the keys of those members whose address the message went to already."""
    if not members:
        return set()
    rows = [(member.id, member.email) for member in members]
    return {row[0] for row in _MAILED.fetch(cursor, rows=rows, message_id=message_id)}


def _count(task: Task, members: list[Member], mailed: set[int]) -> QuotaExceeded | None:
    """Count new recipients in the quotas; leave of `members` those up to the last one that fits, and say why it ends there."""
    wanted = len(members) - len(mailed)
    fitting, refusal = quotas.count_some(task.account_id, task.smtp_user_id, wanted, clock.now())
    if refusal is not None:
        fresh = [place for place, member in enumerate(members) if member.id not in mailed]
        del members[fresh[fitting] :]
    return refusal


def _store(cursor: bulk.Cursor, task: Task, origin: events.Origin, members: Sequence[Member]) -> None:
    if not members:
        return
    now = clock.now()
    pairs = {(task.account_id, member.email.lower()) for member in members}
    rows = RecipientRows(suppressions.find(cursor, pairs), now)
    first = _POSITION.fetch(cursor, message_id=task.message_id)[0][0]
    ids = bulk.take_ids(cursor, bulk.table_of(Recipient), len(members))
    for position, (recipient_id, member) in enumerate(zip(ids, members, strict=True), first):
        rows.add(origin, _recipient(task, recipient_id, position, member))
    rows.store(cursor)
    task.added += len(members)
    task.suppressed += rows.stopped
    if now - task.due_at > LATE:  # a quota held the list up: what is tried first today is not given up tomorrow
        Message.objects.filter(pk=task.message_id).update(send_at=now)


def _recipient(task: Task, recipient_id: int, position: int, member: Member) -> NewRecipient:
    return NewRecipient(
        id=recipient_id,
        position=position,
        email=member.email,
        domain=member.email.rpartition("@")[2],
        name=member.name,
        variables=values_of(member.email, member.name, read_json(member.variables) or {}),
        is_bulk=True,
        client=task.client,
    )


def _note(task: Task) -> None:
    ListTask.objects.filter(pk=task.id).update(
        state=task.state,
        next_at=task.next_at,
        cursor=task.cursor,
        members=max(task.members, task.expanded),
        expanded=task.expanded,
        added=task.added,
        suppressed=task.suppressed,
        error=task.error,
        updated_at=clock.now(),
    )
