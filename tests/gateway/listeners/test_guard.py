from __future__ import annotations

import pytest

from gateway.base import clock
from gateway.listeners import guard
from gateway.listeners.guard import BLOCKED_AT, FREE, KNOWN, LOCKED_AT, LONGEST, WINDOW, Guard


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    time = Clock()
    monkeypatch.setattr(clock, "monotonic", time)
    return time


def attempt(guard: Guard, client: str = "c", name: str = "user", *, is_right: bool = False) -> float | None:
    wait = guard.begin(client, name)
    guard.end(client, name, is_right=is_right)
    return wait


def fail(guard: Guard, times: int, client: str = "c", name: str = "user") -> None:
    for _ in range(times):
        attempt(guard, client, name)


def test_it_works() -> None:
    guard = Guard()
    waits = [attempt(guard) for _ in range(FREE + 3)]
    assert waits == [0.0] * FREE + [0.25, 0.5, 1.0]


def test_a_program_that_opens_many_connections_at_once_is_not_slowed() -> None:
    guard = Guard()
    assert {guard.begin("c", "user") for _ in range(BLOCKED_AT + 10)} == {0.0}


def test_many_guesses_at_once_gain_nothing() -> None:
    guard = Guard()
    fail(guard, 1)
    waits = [guard.begin("c", "user") for _ in range(BLOCKED_AT)]
    assert waits[:4] == [0.0, 0.0, 0.25, 0.5]
    assert waits[-1] is None


def test_waits_have_an_end() -> None:
    guard = Guard()
    fail(guard, BLOCKED_AT - 1)
    assert guard.begin("c", "user") == LONGEST


def test_a_client_that_guesses_on_is_not_asked_any_more() -> None:
    guard = Guard()
    fail(guard, BLOCKED_AT)
    assert guard.begin("c", "another") is None
    assert guard.begin("d", "another") == 0.0


def test_guesses_from_many_clients_at_one_user_are_slowed() -> None:
    guard = Guard()
    for n in range(20):
        attempt(guard, f"client {n}")
    assert guard.begin("yet another", "user") == LONGEST


def guess(guard: Guard, time: Clock, clients: list[str], *, times: int = 1000) -> tuple[int, float]:
    """Guess one secret after the other, as fast as it goes; return how many were looked at, and in how many seconds."""
    began, seen = time.now, 0
    for n in range(times):
        client = clients[n % len(clients)]
        wait = guard.begin(client, "user")
        time.now += wait or 0
        guard.end(client, "user", is_right=None if wait is None else False)
        seen += wait is not None
    return seen, time.now - began


def test_a_thousand_guesses_from_one_address(time: Clock) -> None:
    seen, seconds = guess(Guard(), time, ["127.0.0.1"])
    assert seen == BLOCKED_AT
    assert seconds > LONGEST * (BLOCKED_AT - 10)


def test_a_thousand_guesses_from_many_addresses(time: Clock) -> None:
    guard = Guard()
    guard.end("127.9.9.9", "user", is_right=True)
    seen, seconds = guess(guard, time, [f"127.0.{n // 250}.{n % 250}" for n in range(1000)])
    assert seen == LOCKED_AT
    assert seconds > LONGEST * (LOCKED_AT - 10)
    assert guard.begin("127.3.3.3", "user") is None
    assert guard.begin("127.3.3.3", "another") == 0.0
    assert guard.begin("127.9.9.9", "user") == 0.0


def test_what_is_not_looked_at_makes_no_lock_last_longer(time: Clock) -> None:
    guard = Guard()
    guess(guard, time, [f"c{n}" for n in range(200)])
    for _ in range(100):
        time.now += WINDOW / 50
        last = guard.begin("c0", "user")
        guard.end("c0", "user", is_right=None)
    assert last == 0.0


def test_a_name_may_have_any_length() -> None:
    guard = Guard()
    guard.end("c", "x" * 10_000, is_right=False)
    assert max(map(len, guard._counts)) < 200


def test_who_logged_in_before_is_not_locked_out() -> None:
    guard = Guard()
    attempt(guard, "home", is_right=True)
    fail(guard, 1000, client="elsewhere")
    assert guard.begin("home", "user") == 0.0


def test_a_login_that_succeeds_does_not_count() -> None:
    guard = Guard()
    for n in range(100):
        attempt(guard, "office", f"user {n}", is_right=True)
    assert guard.begin("office", "somebody") == 0.0


def test_failures_are_forgotten(time: Clock) -> None:
    guard = Guard()
    fail(guard, BLOCKED_AT + 1)
    time.now += WINDOW + 1
    assert guard.begin("c", "user") == 0.0


def test_known_clients_are_forgotten(time: Clock) -> None:
    guard = Guard()
    attempt(guard, "home", is_right=True)
    time.now += KNOWN + 1
    fail(guard, BLOCKED_AT, client="home")
    assert guard.begin("home", "user") is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SIZE", 10)
    bounded = Guard()
    for n in range(100):
        attempt(bounded, f"c{n}", f"u{n}", is_right=True)
    assert len(bounded._counts) <= 10
    assert len(bounded._known) <= 10
