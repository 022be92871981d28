from __future__ import annotations

import pytest

from gateway.base import clock
from gateway.listeners import guard
from gateway.listeners.guard import BLOCKED_AT, FREE, KNOWN, LONGEST, WINDOW, Guard


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
