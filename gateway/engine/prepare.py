"""Claimed copies become parcels: checked once more, composed, signed; what cannot be sent becomes an outcome.

A batch has little time and space, so that its leases last and nobody's mail stands long behind what another tenant's templates
cost: what does not fit is given back, and comes again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import Final

from accounts.queries import find_account
from domains.keys import signers_for
from domains.queries import find_return_domain, get_sender_domain
from gateway.base import clock
from gateway.engine.compose import CannotCompose, Composed, Composer
from gateway.engine.deliver import Parcel
from gateway.engine.letter import Copy, Letter
from gateway.engine.outcome import Outcome, Result
from gateway.engine.returns import make_return_path
from gateway.engine.track import Tracker

log = logging.getLogger(__name__)

EACH: Final = 1.0  # seconds of processor time after which no further copy of the same account is composed in a batch
ALL: Final = 6.0  # seconds after which none at all is
OCTETS: Final = 128 * 1024 * 1024  # of composed mail, after which none is


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A copy to deliver as `parcel`."""

    copy: Copy
    parcel: Parcel
    signed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A copy that cannot be sent; its outcome stands already."""

    copy: Copy
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A copy that did not fit into this batch, to be given back untried."""

    copy: Copy


Prepared = Ready | Stopped | Later


class _Budget:
    """What a batch may still use: of time, in all and by account, and of space. The first copy is always let through."""

    def __init__(self) -> None:
        self._end = clock.monotonic() + ALL
        self._spent: dict[int, float] = {}  # seconds by account
        self._wires: set[int] = set()  # by identity: copies that nothing tells apart share theirs
        self._octets = 0

    def spend(self, copy: Copy, work: Callable[[], Prepared]) -> Prepared:
        """Return what `work` makes of a copy, or that it is for later."""
        account_id = copy.letter.account_id
        if self._is_spent(account_id):
            return Later(copy=copy)
        began = thread_time()
        made = work()
        self._spent[account_id] = self._spent.get(account_id, 0.0) + thread_time() - began
        if isinstance(made, Ready) and id(made.parcel.wire) not in self._wires:
            self._wires.add(id(made.parcel.wire))
            self._octets += len(made.parcel.wire)
        return made

    def _is_spent(self, account_id: int) -> bool:
        if not self._spent:
            return False
        return self._spent.get(account_id, 0.0) > EACH or clock.monotonic() > self._end or self._octets > OCTETS


def prepare(copies: Sequence[Copy]) -> list[Prepared]:
    """Compose and sign copies, as far as the batch's time goes; those of one letter share what they have in common."""
    composer, budget = Composer(Tracker()), _Budget()
    return [
        _stop_suppressed(copy) if copy.is_suppressed else budget.spend(copy, partial(_prepare_safely, composer, copy))
        for copy in _in_turn(copies)
    ]


def _in_turn(copies: Sequence[Copy]) -> list[Copy]:
    """Return the copies account by account in turn, so that none stands behind all of another's."""
    seen: Counter[int] = Counter()
    ranked: list[tuple[int, Copy]] = []
    for copy in copies:
        ranked.append((seen[copy.letter.account_id], copy))
        seen[copy.letter.account_id] += 1
    return [copy for _, copy in sorted(ranked, key=lambda pair: pair[0])]


def _stop_suppressed(copy: Copy) -> Stopped:
    reply = "The address came to the suppression list after the message was accepted."
    return Stopped(copy=copy, outcome=Outcome(result=Result.SUPPRESSED, enhanced="5.7.1", reply=reply))


def _prepare_safely(composer: Composer, copy: Copy) -> Ready | Stopped:
    try:
        return _prepare(composer, copy)
    except Exception:  # whatever is wrong with one copy, those that were claimed with it are under its lease too
        log.exception("Recipient %d could not be prepared.", copy.recipient_id)
        reply = "The message could not be made ready inside Gatepost; see its log."
        return Stopped(copy=copy, outcome=Outcome(result=Result.DEFERRED, enhanced="4.3.0", reply=reply))


def _prepare(composer: Composer, copy: Copy) -> Ready | Stopped:
    problem = _check_sender(copy)
    if problem is not None:
        return Stopped(copy=copy, outcome=problem)
    try:
        composed = composer.compose(copy, signers_for(_signing_id(copy)))
    except CannotCompose as error:
        return Stopped(copy=copy, outcome=_failed("5.6.0", f"The message cannot be composed: {error}"))
    return Ready(copy=copy, parcel=_parcel(copy, composed), signed_by=composed.signed_by)


def _check_sender(copy: Copy) -> Outcome | None:
    """Return why the sender may not send any more, None where it may: what held at acceptance may have ended since."""
    account = find_account(copy.letter.account_id)
    if account is None or not account.is_enabled:
        # A suspended account's mail waits for its release until the queue's lifetime is over.
        reply = "The account is not enabled; its mail waits."
        return Outcome(result=Result.DEFERRED, enhanced="4.7.1", reply=reply, retry_after=3600)
    for domain_id in {copy.letter.domain_id or 0, _signing_id(copy)}:
        domain = get_sender_domain(domain_id)
        if domain is None or not domain.is_verified:
            return _failed("5.7.1", "The sender domain is not verified any more.")
    if not signers_for(_signing_id(copy)):
        return _failed("5.7.20", "The domain that signs has no published DKIM key.")
    return None


def _signing_id(copy: Copy) -> int:
    return copy.letter.signing_domain_id or copy.letter.domain_id or 0


def _return_domain(letter: Letter) -> str:
    """Return what MAIL FROM names: the host that was asked for, else the sender domain's own; empty for the platform's."""
    asked = find_return_domain(letter.account_id, letter.return_domain) if letter.return_domain else None
    domain = asked or get_sender_domain(letter.domain_id or 0)
    return domain.return_domain if domain is not None else ""


def _failed(enhanced: str, reply: str) -> Outcome:
    return Outcome(result=Result.FAILED, enhanced=enhanced, reply=reply)


def _parcel(copy: Copy, composed: Composed) -> Parcel:
    return Parcel(
        recipient_id=copy.recipient_id,
        attempt=copy.attempt,
        domain=copy.domain,
        mail_from=make_return_path(copy.recipient_id, _return_domain(copy.letter)),
        rcpt_to=copy.email,
        wire=composed.wire,
        needs_8bit=composed.needs_8bit,
        needs_smtputf8=composed.needs_smtputf8,
        noted_until=copy.noted_until,
    )
