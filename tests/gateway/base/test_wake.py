"""Waking: one sender, not all; a hint where nobody is; never an error."""

from __future__ import annotations

from collections.abc import Iterator
from time import sleep

import pytest
import redis

from gateway.base import wake
from gateway.engine import drain


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the Celery tasks that were sent."""
    sent: list[str] = []
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda _, name, **__: sent.append(name))
    return sent


@pytest.fixture(params=["redis", "sockets"])
def wire(request: pytest.FixtureRequest, settings, tmp_path) -> Iterator[None]:
    """Each of the two ways that bells are rung."""
    settings.REDIS_URL = ""
    settings.GATEPOST_DATA = tmp_path
    if request.param == "redis":
        request.getfixturevalue("shared")
    forget()
    yield
    forget()


@pytest.fixture
def shared(redis_url: str, settings) -> Iterator[None]:
    """The way that many senders share."""
    settings.REDIS_URL = redis_url
    redis.Redis.from_url(redis_url).flushdb()
    forget()
    yield
    forget()


def forget() -> None:
    for cached in (wake._client, wake._folder, wake._script):
        cached.cache_clear()
    wake._failed.end()
    wake._told.end()


def test_it_works(wire: None, hints: list[str]) -> None:
    bell = wake.open_bell()
    bell.lie_down()
    wake.wake_sender()
    assert bell.wait(5)
    assert not bell.wait(0.05)
    assert hints == []
    bell.close()


def test_one_sender_is_woken_not_all(wire: None, hints: list[str]) -> None:
    bells = [wake.open_bell(), wake.open_bell()]
    for bell in bells:
        bell.lie_down()
    wake.wake_sender()
    assert sorted(bell.wait(0.2) for bell in bells) == [False, True]
    for bell in bells:
        bell.close()


def test_a_sender_at_work_is_not_told_again_for_a_moment(wire: None, hints: list[str]) -> None:
    bell = wake.open_bell()
    bell.at_work()
    wake.wake_sender()
    wake._told.end()
    bell.lie_down()
    wake.wake_sender()
    assert bell.wait(5)
    bell.close()


def test_a_moment_is_shorter_than_senders_stay_awake() -> None:
    assert wake.QUIET <= 0.75 * drain.AWAKE


def test_the_same_one_is_told_again(shared: None, hints: list[str]) -> None:
    bells = [wake.open_bell(), wake.open_bell()]
    for bell in bells:
        bell.lie_down()
        bell.wait(0.05)
    told = []
    for _ in range(4):
        wake.wake_sender()
        told.append([bell.wait(0.2) for bell in bells])
        bells[1].lie_down()  # who gave a sign of life last has nothing to do with it
    assert told in ([[True, False]] * 4, [[False, True]] * 4)
    for bell in bells:
        bell.close()


def test_what_was_told_while_nobody_waited_is_heard_once(wire: None, hints: list[str]) -> None:
    bell = wake.open_bell()
    bell.lie_down()
    bell.wait(0.05)
    for _ in range(3):
        wake.wake_sender()
    sleep(0.1)  # Redis may send it after its answer to who rang
    assert [bell.wait(0.2), bell.wait(0.05)] == [True, False]
    bell.close()


def test_a_sender_that_died_is_passed_over(shared: None, hints: list[str]) -> None:
    bells = [wake.open_bell(), wake.open_bell()]
    for bell in bells:
        bell.lie_down()
        bell.wait(0.05)
    dead, alive = sorted(bells, key=lambda bell: bell._name)
    dead._channel.close()
    wake.wake_sender()
    assert alive.wait(5)
    assert hints == []
    alive.close()


def test_who_calls_for_help_is_not_told_that_it_is_at_work(shared: None, hints: list[str]) -> None:
    busy, calm = wake.open_bell(), wake.open_bell()
    busy.at_work()
    wake.call_for_help()
    assert hints == [wake.SEND_TASK]
    calm.lie_down()
    calm.wait(0.05)
    wake.call_for_help()
    assert calm.wait(5)
    assert hints == [wake.SEND_TASK]
    busy.close()
    calm.close()


def test_who_has_no_room_is_passed_over(shared: None, hints: list[str]) -> None:
    bell = wake.open_bell()
    for sign in (bell.at_work, bell.lie_down):
        sign()
        bell.leave()
        wake.wake_sender()
    assert hints == [wake.SEND_TASK]
    bell.lie_down()
    wake.wake_sender()
    assert bell.wait(5)
    bell.close()


def test_where_nobody_is_one_hint_is_sent(wire: None, hints: list[str]) -> None:
    wake.wake_sender()
    wake.wake_sender()
    assert hints == [wake.SEND_TASK]
    wake.clear_pending()
    wake.wake_sender()
    assert hints == [wake.SEND_TASK] * 2


def test_a_sender_that_left_is_not_rung_for(wire: None, hints: list[str]) -> None:
    bell = wake.open_bell()
    bell.lie_down()
    bell.close()
    wake.wake_sender()
    assert hints == [wake.SEND_TASK]


def test_a_sender_at_work_needs_no_hint(wire: None, hints: list[str]) -> None:
    bell = wake.open_bell()
    bell.at_work()
    wake.wake_sender()
    assert hints == []
    bell.close()


def test_a_redis_that_is_gone_is_not_an_error(settings, hints: list[str], caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    forget()
    wake.wake_sender()
    wake.wake_sender()
    assert "cannot be woken" in caplog.text
    assert len(caplog.records) == 1
    bell = wake.open_bell()
    bell.lie_down()
    assert bell.wait(0.1)
    assert bell.is_deaf
    bell.close()
    forget()


def test_a_task_is_hinted_at_once_until_it_begins(wire: None, hints: list[str]) -> None:
    for task in ("a", "b", "a", "b"):
        wake.hint(task)
    assert hints == ["a", "b"]
    wake.begin_hinted("a")
    wake.hint("a")
    wake.hint("b")
    assert hints == ["a", "b", "a"]


def test_a_hint_that_cannot_be_sent_keeps_back_no_other(
    wire: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []

    def send_task(_: object, name: str, **__: object) -> None:
        if not sent:
            sent.append("failed")
            raise OSError("the broker went away")
        sent.append(name)

    monkeypatch.setattr("celery.app.base.Celery.send_task", send_task)
    wake.hint("a")
    wake._failed.end()
    wake.hint("a")
    assert sent == ["failed", "a"]
    assert "went away" in caplog.text
