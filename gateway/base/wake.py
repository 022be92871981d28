"""Wakes whoever sends, after a commit. A hint only: what is lost here, the sweep finds.

A sender with little to do lies down and listens; `wake_sender` tells one of those, the same one each time: at a few messages a
second two senders cost twice what one does. A sender with much to do looks for mail by itself all the time; while there is one,
nobody is told. Where there is neither, one Celery task is sent by name, and no second one while that one is pending. A sender
that has more than it can do calls for help, which is found in the same way.

With Redis senders are names in two sorted sets, by what they do, with the time until which their sign of life holds; each
listens to a channel of its own. Without Redis they are datagram sockets in a folder. Time-outs are short, failures are logged
and never raised.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from gateway.base import clock
from gateway.base.ids import make_name

log = logging.getLogger(__name__)

SEND_TASK = "gateway.engine.tasks.send"
ALIVE = 15  # seconds that a sender's sign of life holds
PENDING = 30  # seconds after which a Celery hint counts as lost
QUIET = 0.06  # seconds for which nobody tells a sender again that is at work: it stays awake, and looks, for longer than that

# Returns 1: one that listens was told. 2: a sender is at work, which is enough unless it is that one that asks (ARGV[2]).
# 3: nobody is there and no hint is pending. 4: one is pending.
_WAKE = """
local now = tonumber(redis.call('TIME')[1])
if ARGV[2] == '' and redis.call('ZCOUNT', KEYS[2], now + 1, '+inf') > 0 then return 2 end
local names = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', now + 1, 'LIMIT', 0, 1000)
table.sort(names)
for _, name in ipairs(names) do
  if redis.call('PUBLISH', KEYS[4] .. name, 1) > 0 then return 1 end
  redis.call('ZREM', KEYS[1], name)
end
if redis.call('SET', KEYS[3], 1, 'NX', 'EX', ARGV[1]) then return 3 end
return 4
"""
_AT_WORK, _NOBODY = 2, 3
_KEYS = ("gatepost:send:listening", "gatepost:send:work", "gatepost:send:pending", "gatepost:send:wake:")


class Bell(Protocol):
    """One sender's end of the wire. `is_deaf` tells that nothing can be heard for now: better stay and look."""

    is_deaf: bool

    def at_work(self) -> None:
        """Give a sign of life: there is a sender that will look for mail by itself."""

    def lie_down(self) -> None:
        """Give a sign of life, and be told of mail from now on; look for mail once more after this, then `wait`."""

    def leave(self) -> None:
        """Be neither: mail that comes is for others, until the next sign of life."""

    def wait(self, seconds: float) -> bool:
        """Wait to be told; return whether to look for mail. True also when nothing can be heard.

        Those that were told before are told again, until somebody is at work: there is nothing to be missed between two waits.
        """

    def close(self) -> None:
        """Leave for good."""


def wake_sender() -> None:
    """Tell one sender that there is mail, or send for one."""
    try:
        if _wake_by_redis() if settings.REDIS_URL else _wake_by_socket():
            send_hint()
    except Exception as error:  # noqa: BLE001 - the mail is on disk: whatever goes wrong here must not look like a refusal
        _give_up(error)


def call_for_help() -> None:
    """Wake one more sender, or send for one: those that are at work have more than they can do."""
    try:
        if settings.REDIS_URL and not _failed.is_on() and _ask_redis(for_help=True) == _NOBODY:
            send_hint()
    except Exception as error:  # noqa: BLE001 - whoever calls goes on by itself
        _give_up(error)


def send_hint() -> None:
    """Send the Celery task that drains the queue; where the broker fails, the sweep stands in."""
    try:
        current_app.send_task(SEND_TASK, retry=False, expires=PENDING)
    except (OperationalError, OSError, redis.RedisError) as error:
        log.warning("No hint could be sent to the workers (%s); the sweep will find the mail.", error)
        clear_pending()


def clear_pending() -> None:
    """Say that the Celery hint arrived: the next one may be sent."""
    with suppress(redis.RedisError, OSError):
        if settings.REDIS_URL:
            _client().delete(_KEYS[2])
        else:
            (_folder() / "pending").unlink(missing_ok=True)


def hint(task: str) -> None:
    """Send the Celery task of that name, once while one is pending; the task begins with `begin_hinted`.

    For work whose rows are in the database: a hint that is lost costs the time until the next sweep, and never raises.
    """
    is_first = False
    try:
        is_first = _is_first_hint(task)
        if is_first:
            current_app.send_task(task, retry=False, expires=PENDING)
    except Exception as error:  # noqa: BLE001 - the work is on disk: whatever goes wrong here must not look like a refusal
        _give_up(error)
        if is_first:
            begin_hinted(task)  # nothing is on its way: the next one may be sent


def begin_hinted(task: str) -> None:
    """Say that a hint arrived, before looking for work: what comes from now on may send the next one."""
    with suppress(redis.RedisError, OSError):
        if settings.REDIS_URL:
            _client().delete(_hint_key(task))
        else:
            (_folder() / f"{task}.pending").unlink(missing_ok=True)


def _is_first_hint(task: str) -> bool:
    if not settings.REDIS_URL:
        return _make_pending(_folder() / f"{task}.pending")
    return not _failed.is_on() and bool(_client().set(_hint_key(task), 1, nx=True, ex=PENDING))


def _hint_key(task: str) -> str:
    return f"gatepost:hint:{task}"


def is_sender_there() -> bool:
    """Tell whether some sender listens or is at work."""
    if settings.REDIS_URL:
        return any(_client().zcount(key, int(time.time()) + 1, "+inf") for key in _KEYS[:2])
    return any(_folder().glob("*.bell"))


def open_bell() -> Bell:
    """Return a new bell for a sender of this process."""
    return _RedisBell() if settings.REDIS_URL else _SocketBell()


class _Spell:
    """So many seconds, from when they begin."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def is_on(self) -> bool:
        return clock.monotonic() < self._until

    def begin(self) -> None:
        self._until = clock.monotonic() + self._seconds

    def end(self) -> None:
        self._until = 0.0


_failed = _Spell(5.0)  # after Redis failed: doors do not wait for it again and again
_told = _Spell(QUIET)


def _give_up(error: Exception) -> None:
    _failed.begin()
    log.warning("Senders cannot be woken (%s); they will find the mail within seconds.", error)


def _wake_by_redis() -> bool:
    """Tell a sender; return whether there is nobody, and a hint is to be sent."""
    if _failed.is_on() or _told.is_on():
        return False
    answer = _ask_redis()
    if answer == _AT_WORK:
        _told.begin()
    return bool(answer == _NOBODY)


def _ask_redis(*, for_help: bool = False) -> int:
    answer: int = _script()(keys=_KEYS, args=(PENDING, "help" if for_help else ""))
    return answer


@cache
def _script() -> Any:
    return _client().register_script(_WAKE)


class _RedisBell:
    def __init__(self) -> None:
        self._name = f"{os.getpid()}-{make_name(8)}"
        self._channel = _client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self.is_deaf = False

    def at_work(self) -> None:
        self._move(_KEYS[0], _KEYS[1])

    def lie_down(self) -> None:
        with suppress(redis.RedisError):
            if not self._channel.subscribed:
                self._channel.subscribe(_KEYS[3] + self._name)
                self._channel.get_message(timeout=1)  # that this is so, which is told to nobody
            self._move(_KEYS[1], _KEYS[0])

    def wait(self, seconds: float) -> bool:
        try:
            if not self._channel.subscribed:
                raise redis.ConnectionError("nothing listens to it")
            is_told = self._channel.get_message(timeout=seconds) is not None
            while is_told and self._channel.get_message(timeout=0) is not None:
                pass  # to be told twice is to be told
        except redis.RedisError as error:
            log.warning("Redis does not answer (%s); looking for mail every second.", error)
            self.is_deaf = True
            self._channel.reset()
            time.sleep(1)
            return True
        self.is_deaf = False
        return is_told

    def leave(self) -> None:
        with suppress(redis.RedisError):
            for key in _KEYS[:2]:
                _client().zrem(key, self._name)

    def close(self) -> None:
        self.leave()
        with suppress(redis.RedisError):
            self._channel.close()

    def _move(self, source: str, target: str) -> None:
        with suppress(redis.RedisError):
            pipe = _client().pipeline()
            pipe.zadd(target, {self._name: int(time.time()) + ALIVE})
            pipe.zrem(source, self._name)
            pipe.execute()


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.25, socket_timeout=0.5)


def _wake_by_socket() -> bool:
    """Ring at the first door in the folder that somebody stands behind; return whether to send a hint instead."""
    folder = _folder()
    for path in folder.glob("*.bell"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ringer:
            ringer.setblocking(False)
            try:
                ringer.sendto(b"!", str(path))
            except BlockingIOError:
                return False  # it was rung often enough
            except OSError:
                path.unlink(missing_ok=True)  # its owner died
            else:
                return False
    return _make_pending(folder / "pending")


def _make_pending(mark: Path) -> bool:
    with suppress(FileNotFoundError):
        if time.time() - mark.stat().st_mtime > PENDING:
            mark.unlink(missing_ok=True)
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


class _SocketBell:
    is_deaf = False

    def __init__(self) -> None:
        self._path = _folder() / f"{os.getpid()}-{make_name(6)}.bell"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))

    def at_work(self) -> None:
        """Nothing to do: the socket is the sign of life."""

    def lie_down(self) -> None:
        """Nothing to do: what was rung since the last look is still in the socket."""

    def leave(self) -> None:
        """Nothing to do: there are no others."""

    def wait(self, seconds: float) -> bool:
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(1)
        except TimeoutError:
            return False
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:  # many rings are one
                self._socket.recv(1)
        return True

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        self._socket.close()


@cache
def _folder() -> Path:
    """Return the folder of bells; a path of a socket has at most some hundred bytes, so a deep GATEPOST_DATA has it apart."""
    folder = settings.GATEPOST_DATA / "wake"
    if len(str(folder)) > 70:
        mark = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"gatepost-{os.getuid()}-{mark}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
