"""Keys that make a repeated call answer as the first one did (decision 8).

Keys are claimed inside the transaction that stores the messages: a second caller with the same key waits for the first one's
commit, and a crash before it leaves no key behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

import msgspec
from django.db.models import Q

from accounts.models import IdempotencyKey
from gateway.base.errors import IdempotencyConflict
from gateway.base.ids import make_public_id
from gateway.engine.submission import Accepted, Submission

Key = tuple[int, str]
_PURGED_AT_ONCE = 5000


@dataclass(slots=True)
class Claims:
    """The keys of a batch: those answered before (`answers`, by place) and those that are ours to answer (`mine`)."""

    answers: dict[int, Accepted | IdempotencyConflict] = field(default_factory=dict)
    mine: dict[int, IdempotencyKey] = field(default_factory=dict)


def key_of(submission: Submission) -> Key | None:
    """Return what makes a submission's key unique, None when it has no key."""
    return (submission.account_id, submission.idempotency_key) if submission.idempotency_key else None


def claim(submissions: Mapping[int, Submission], now: datetime) -> Claims:
    """Claim the keys of submissions (by place; no key twice); waits for whoever holds one of them."""
    keys = {place: key for place, submission in sorted(submissions.items()) if (key := key_of(submission))}
    claims = Claims()
    if not keys:
        return claims
    mark = str(make_public_id())
    mine = _these(keys.values())
    IdempotencyKey.objects.filter(mine, expires_at__lte=now).delete()
    rows = [_row(submissions[place], mark, now) for place, _ in sorted(keys.items(), key=lambda item: item[1])]
    IdempotencyKey.objects.bulk_create(rows, ignore_conflicts=True)
    found = {(row.account_id, row.key): row for row in IdempotencyKey.objects.filter(mine)}
    for place, key in keys.items():
        row = found[key]
        if row.answer == {"claim": mark}:
            claims.mine[place] = row
        else:
            claims.answers[place] = _replay(row, submissions[place])
    return claims


def settle(claims: Claims, answers: Mapping[int, object]) -> None:
    """Keep the acceptances under the keys that were claimed; let go of the keys of refusals."""
    if not claims.mine:
        return
    kept, refused = [], []
    for place, row in claims.mine.items():
        answer = answers[place]
        if isinstance(answer, Accepted):
            row.answer = msgspec.to_builtins(answer)
            kept.append(row)
        else:
            refused.append(row.pk)
    IdempotencyKey.objects.bulk_update(kept, ["answer"])
    if refused:
        IdempotencyKey.objects.filter(pk__in=refused).delete()


def purge(now: datetime) -> int:
    """Delete keys that ended an hour ago or more, so that none goes while somebody looks at it; return how many."""
    old = IdempotencyKey.objects.filter(expires_at__lt=now - timedelta(hours=1)).order_by("expires_at")[:_PURGED_AT_ONCE]
    deleted, _ = IdempotencyKey.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    return deleted


def fingerprint(submission: Submission) -> bytes:
    """Return a hash of what was asked for: where the call came from and its key do not count."""
    asked = replace(submission, client="", ehlo="", idempotency_key="")
    return hashlib.sha256(msgspec.msgpack.encode(asked, order="deterministic")).digest()


def _these(keys: Iterable[Key]) -> Q:
    pairs = [Q(account_id=account_id, key=key) for account_id, key in keys]
    return reduce(or_, pairs)


def _row(submission: Submission, mark: str, now: datetime) -> IdempotencyKey:
    return IdempotencyKey(
        account_id=submission.account_id,
        key=submission.idempotency_key,
        fingerprint=fingerprint(submission),
        answer={"claim": mark},
        expires_at=now + timedelta(seconds=submission.idempotency_seconds),
    )


def _replay(row: IdempotencyKey, submission: Submission) -> Accepted | IdempotencyConflict:
    if bytes(row.fingerprint) != fingerprint(submission):
        return IdempotencyConflict()
    return msgspec.convert(row.answer, Accepted)
