"""Hostile texts in the fields of calls, many calls in one go, and what is wrong with what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, Phase, settings

from gateway.engine.prepare import Stopped
from tests.wire.doors import Doors
from tests.wire.judge import Sight, compare, compare_raw, look
from tests.wire.places import May, Place, put
from tests.wire.route import CannotStore, Journey, carry

_GROUP = 40  # calls that are stored and composed together

# Where a text that was there before is answered as before, and nothing is sent.
KEYS = frozenset(("http/idempotency-key", "body/sendrequestid", "body/uuid", "body/once"))

_ours = settings(
    max_examples=10,
    # The fixtures are the same for all examples on purpose, and a group of calls takes its time.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


def is_long() -> bool:
    """Tell whether hypothesis was told to take its time: HYPOTHESIS_PROFILE=long."""
    return settings.get_current_profile_name() == "long"


def searching(check: Callable[..., None]) -> Callable[..., None]:
    """Decorate a test of groups of trials with how many groups to make."""
    return settings(_ours, max_examples=settings.default.max_examples // 5 if is_long() else _ours.max_examples)(check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A text to put at a place."""

    place: Place
    text: str

    def __str__(self) -> str:
        shown = self.text if len(self.text) < 200 else f"{self.text[:80]}...({len(self.text)} characters)"
        return f"{self.place} {shown!a}"


Check = Callable[[Trial, Sequence[Sight]], None]


@dataclass(slots=True)
class Tally:
    """How many trials ended how, and what was wrong with any."""

    counts: Counter[str]
    faults: list[str]
    also: Check | None = None

    def say(self) -> str:
        return "\n".join([f"{len(self.faults)} faults, {dict(self.counts)}", *self.faults[:40]])


def try_all(doors: Doors, door: str, trials: Iterable[Trial], also: Check | None = None) -> Tally:
    """Make a call for each trial at one door; return what came of them. Of those that were sent, `also` is checked.

    Nothing is left behind: the next trials' idempotency keys are new.
    """
    tally = Tally(Counter(), [], also)
    doors.rows.forget()
    with transaction.atomic():
        _try_groups(doors, door, trials, tally)
        transaction.set_rollback(True)
    return tally


def _try_groups(doors: Doors, door: str, trials: Iterable[Trial], tally: Tally) -> None:
    usual = see(carry(doors.send(door, doors.harmless(door)).asked)[0])
    rest = iter(trials)
    while group := list(islice(rest, _GROUP)):
        _try_group(doors, group, usual, tally)


def see(journey: Journey) -> list[Sight]:
    """Return what is seen of each copy; fail where one of them cannot be sent."""
    assert journey.refusal is None, journey.refusal
    assert not journey.stopped, journey.stopped
    return [look(ready) for ready in journey.ready]


def _try_group(doors: Doors, group: Sequence[Trial], usual: Sequence[Sight], tally: Tally) -> None:
    taken: list[tuple[Trial, Any, int]] = []  # with its call, and how many mails it handed in
    asked: list[Any] = []
    for trial in group:
        call = put(doors.harmless(trial.place.door), trial.place.path, trial.text)
        try:
            answer = doors.send(trial.place.door, call)
        except Exception as error:  # noqa: BLE001  whatever it is, the trial is to be named
            tally.faults.append(f"{trial}: {type(error).__name__}: {error}")
            continue
        if answer.refusal:
            tally.counts["refused"] += 1
        else:
            taken.append((trial, call, len(answer.asked)))
            asked += answer.asked
    journeys = iter(carry(asked))
    for trial, call, count in taken:
        for journey in list(islice(journeys, count)):
            tally.counts.update(_judge(trial, call, journey, usual, tally))


def _judge(trial: Trial, call: Any, journey: Journey, usual: Sequence[Sight], tally: Tally) -> Iterator[str]:
    try:
        if journey.refusal is not None:
            assert not isinstance(journey.refusal, CannotStore), journey.refusal
            yield "refused"
        elif journey.stopped:
            for stopped in journey.stopped:
                _check_stopped(trial, stopped)
            yield "stopped"
        elif not journey.ready and trial.place.key in KEYS:
            yield "replayed"
        else:
            seen = see(journey)
            compare(trial.place, trial.text, seen, usual)
            if trial.place.is_raw:
                compare_raw(trial.place, call, seen, usual)
            if tally.also is not None:
                tally.also(trial, seen)
            yield "sent"
    except AssertionError as error:
        tally.faults.append(f"{trial}: {str(error)[:500]}")


def _check_stopped(trial: Trial, stopped: Stopped) -> None:
    """Only values that are merged in later may make a mail that cannot be composed, and it is said why."""
    assert May.SUBJECT in trial.place.may, stopped.outcome
    assert stopped.outcome.result == "failed", stopped.outcome
    assert "cannot be composed: " in stopped.outcome.reply, stopped.outcome
