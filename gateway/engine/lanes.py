"""Room among the copies that are in flight: a fast destination may take it all, slow ones leave it to others.

Copies that wait for a slow destination cost memory only, so all but a few of them do not count against the room.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.base import clock

ROOM = 400  # copies in flight, those of slow destinations apart
MOST = 4000  # copies in flight, all together
SHARE = 100  # copies that may set off to a slow destination
COUNTED = 10  # of these, so many take room
SLOW = 2.0  # seconds from claim to outcome that make a destination a slow one
_WEIGHT = 0.1  # of the newest outcome in the average


@dataclass(slots=True)
class _Lane:
    in_flight: int = 0
    average: float = 0.0  # seconds from claim to outcome
    moved_at: float = 0.0  # when the lane was last empty, or had an outcome


class Lanes:
    """The copies in flight, by destination."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    def has_room(self, domain: str) -> bool:
        """Tell whether one more copy may go to `domain` now."""
        lane = self._lanes.get(domain)
        return lane is None or lane.in_flight < SHARE or not self._is_slow(lane)

    @property
    def room(self) -> int:
        """How many more copies may set off in all."""
        counted = in_flight = 0
        for lane in self._lanes.values():
            in_flight += lane.in_flight
            counted += min(lane.in_flight, COUNTED) if self._is_slow(lane) else lane.in_flight
        return max(0, min(ROOM - counted, MOST - in_flight))

    def enter(self, domain: str) -> None:
        """Note that a copy sets off."""
        lane = self._lanes.setdefault(domain, _Lane())
        if lane.in_flight == 0:
            lane.moved_at = clock.monotonic()
        lane.in_flight += 1

    def leave(self, domain: str, seconds: float) -> None:
        """Note that a copy came to an outcome after `seconds`."""
        lane = self._lanes[domain]
        lane.in_flight -= 1
        lane.average += _WEIGHT * (seconds - lane.average)
        lane.moved_at = clock.monotonic()
        if lane.in_flight == 0:
            del self._lanes[domain]

    @staticmethod
    def _is_slow(lane: _Lane) -> bool:
        return lane.average > SLOW or clock.monotonic() - lane.moved_at > SLOW
