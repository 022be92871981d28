"""How many calls may be on their way at once: in all, to one account's endpoints, to one endpoint, to slow ones together.

A slow endpoint thus holds up nobody: neither its account's other endpoints nor other accounts. One that has not shown yet
that it is quick counts as slow, so that no crowd of new ones takes all the room.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from itertools import islice
from typing import Final, Protocol

from gateway.base import clock
from tracking.webhooks.breaker import is_probed

ROOM: Final = 90  # calls in all; fewer than the client's connections
PER_ACCOUNT: Final = 40
PER_ENDPOINT: Final = 16
PER_SLOW_ENDPOINT: Final = 2
SLOW_ROOM: Final = 40  # calls to slow endpoints, all together
PER_SLOW_ACCOUNT: Final = 10  # of them, to one account's
SLOW: Final = 1.0  # seconds of a call, from which on its endpoint is a slow one
FORGIVEN: Final = 60.0  # seconds after which a slow endpoint may show that it is quick again
MOST: Final = 10_000  # endpoints that are remembered


class Lane(Protocol):
    """What is known of an endpoint that has something due."""

    @property
    def webhook_id(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def failures(self) -> int: ...


class Lanes:
    """Counts the calls of one process. One thread changes it; another may ask for shares meanwhile, and gets less for that."""

    def __init__(self) -> None:
        self._all = 0
        self._endpoints: Counter[int] = Counter()
        self._accounts: Counter[int] = Counter()
        self._slow_calls: Counter[int] = Counter()
        self._slow_accounts: Counter[int] = Counter()
        self._slow_until: OrderedDict[int, float] = OrderedDict()  # of endpoints that were called; 0 for quick ones

    @property
    def room(self) -> int:
        return ROOM - self._all

    def share(self, lanes: Iterable[Lane]) -> dict[int, int]:
        """Return how many calls each endpoint gets now. Room is given out one by one, so that nobody's backlog comes first."""
        round_, given = list(lanes), Counter[int]()
        accounts = Counter({lane.account_id: PER_ACCOUNT - self._accounts[lane.account_id] for lane in round_})
        slow_accounts = Counter({key: PER_SLOW_ACCOUNT - self._slow_accounts[key] for key in accounts})
        left, slow_left = self.room, SLOW_ROOM - self._slow_calls.total()
        while round_ and left > 0:
            again = []
            for lane in islice(round_, left):
                is_slow = self._is_slow(lane.webhook_id)
                room = min(slow_left, slow_accounts[lane.account_id]) if is_slow else ROOM
                room = min(room, accounts[lane.account_id], self._room_of(lane, is_slow=is_slow) - given[lane.webhook_id])
                if room > 0:
                    given[lane.webhook_id] += 1
                    accounts[lane.account_id] -= 1
                    slow_accounts[lane.account_id] -= is_slow
                    slow_left -= is_slow
                    again.append(lane)
            round_, left = [*round_[left:], *again], left - len(again)
        return dict(given)

    def enter(self, webhook_id: int, account_id: int) -> None:
        """Count a call in."""
        self._all += 1
        self._endpoints[webhook_id] += 1
        self._accounts[account_id] += 1
        if self._is_slow(webhook_id):
            self._slow_calls[webhook_id] += 1
            self._slow_accounts[account_id] += 1

    def leave(self, webhook_id: int, account_id: int, seconds: float, *, is_success: bool = True) -> None:
        """Count a call out that took so many seconds; a failure is no sign of being quick."""
        self._all -= 1
        _take(self._endpoints, webhook_id)
        _take(self._accounts, account_id)
        if webhook_id in self._slow_calls:
            _take(self._slow_calls, webhook_id)
            _take(self._slow_accounts, account_id)
        if seconds >= SLOW:
            self._note(webhook_id, slow_until=clock.monotonic() + FORGIVEN)
        elif is_success and not self._is_held_slow(webhook_id):
            self._note(webhook_id, slow_until=0.0)

    def _room_of(self, lane: Lane, *, is_slow: bool) -> int:
        most = 1 if is_probed(lane.failures) else PER_SLOW_ENDPOINT if is_slow else PER_ENDPOINT
        return most - self._endpoints[lane.webhook_id]

    def _note(self, webhook_id: int, *, slow_until: float) -> None:
        self._slow_until[webhook_id] = slow_until
        self._slow_until.move_to_end(webhook_id)
        if len(self._slow_until) > MOST:
            self._slow_until.popitem(last=False)

    def _is_slow(self, webhook_id: int) -> bool:
        return self._slow_until.get(webhook_id) != 0.0

    def _is_held_slow(self, webhook_id: int) -> bool:
        return self._slow_until.get(webhook_id, 0.0) > clock.monotonic()


def _take(counter: Counter[int], key: int) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
