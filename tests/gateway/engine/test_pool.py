"""How connections are shared among destinations and messages."""

from __future__ import annotations

import asyncio
import os
import resource
from contextlib import AsyncExitStack, contextmanager

import pytest

from gateway.engine.deliver import Deadlines
from gateway.engine.lane import Limits
from gateway.engine.outcome import Result
from gateway.engine.parcel import Job
from gateway.engine.parking import Parking
from gateway.engine.pool import Pool
from gateway.engine.routing import Host
from gateway.smtp.transaction import Transaction
from tests.gateway.engine.courier import PATIENT, Notes, parcel, run
from tests.support.receiver import HANG, Receiver


def make_job(receiver, number=0, *, seconds=10.0, name="mx.test", **changes):
    one, now = parcel(number, **changes), asyncio.get_running_loop().time()
    transaction = Transaction(mail_from=one.mail_from, rcpt_to=one.rcpt_to, wire=one.wire)
    return Job(one, transaction, Host(name, *receiver.endpoint), started=now, deadline=now + seconds)


def pool_through(scripts, work, *, limits=None, deadlines=PATIENT):
    """Run `work(pool, receivers)` against receivers of these scripts."""

    async def main():
        async with AsyncExitStack() as stack:
            receivers = [await stack.enter_async_context(Receiver(script)) for script in scripts]
            pool = Pool(hostname="us.test", parking=Parking(Notes()), limits=limits or Limits(), deadlines=deadlines)
            done = await work(pool, receivers)
            await pool.close(1)
            return done, receivers

    return run(main())


async def send_all(pool, jobs):
    for job in jobs:
        pool.send(job)
    return [(await job.verdict).outcome for job in jobs]


def test_it_works():
    async def work(pool, receivers):
        return await send_all(pool, [make_job(receiver, n) for n in range(20) for receiver in receivers])

    outcomes, receivers = pool_through([{}, {}], work)
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert [len(receiver.letters) for receiver in receivers] == [20, 20]


def test_few_connections_serve_many_destinations_in_turn():
    async def work(pool, receivers):
        return await send_all(pool, [make_job(receiver, n) for n in range(5) for receiver in receivers])

    outcomes, receivers = pool_through([{}] * 6, work, limits=Limits(connections=2))
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert [len(receiver.letters) for receiver in receivers] == [5] * 6


def test_a_busy_destination_lets_others_have_their_turn():
    ended = []

    async def work(pool, receivers):
        busy, other = receivers
        jobs = [*(make_job(busy, n) for n in range(30)), make_job(other, 99)]
        for job in jobs:
            job.verdict.add_done_callback(lambda _, job=job: ended.append(job.parcel.recipient_id))
        return await send_all(pool, jobs)

    pool_through([{}, {}], work, limits=Limits(connections=1, messages=5))
    assert ended.index(99) == 5


def test_two_names_of_one_address_share_its_connections():
    async def work(pool, receivers):
        jobs = [make_job(receivers[0], n, name=name) for n, name in enumerate(["a.test", "b.test"])]
        return await send_all(pool, jobs)

    outcomes, receivers = pool_through([{}], work, limits=Limits(per_destination=1))
    assert [outcome.host for outcome in outcomes] == ["a.test", "b.test"]
    assert len(receivers[0].visits) == 1


def test_waiting_for_a_connection_has_an_end():
    async def work(pool, receivers):
        jobs = [make_job(receivers[0], n, seconds=0.2) for n in range(3)]
        return await send_all(pool, jobs)

    outcomes, receivers = pool_through([{"RCPT": HANG}], work, limits=Limits(per_destination=1), deadlines=Deadlines(total=0.2))
    assert {outcome.result for outcome in outcomes} == {Result.DEFERRED}
    assert len(receivers[0].visits) == 1


def test_a_complaint_about_speed_closes_connections():
    def complain_once(argument, _):
        return "450 4.7.1 Rate limit exceeded" if "bob39@" in argument else ""

    async def work(pool, receivers):
        await send_all(pool, [make_job(receivers[0], n) for n in range(40)])
        await send_all(pool, [make_job(receivers[0], n) for n in range(100, 140)])
        return sum(visit.commands[-1] != "QUIT" for visit in receivers[0].visits), len(receivers[0].visits)

    (still_open, in_all), _ = pool_through([{"RCPT": complain_once}], work, limits=Limits(per_destination=8))
    assert in_all == 8
    assert still_open <= 4


@contextmanager
def no_more_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.open("/dev/null", os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    os.close(spare)
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in taken:
            os.close(number)


def test_our_own_lack_of_files_is_not_held_against_the_host():
    async def work(pool, receivers):
        with no_more_files():
            first = await send_all(pool, [make_job(receivers[0], 1)])
        return first + await send_all(pool, [make_job(receivers[0], 2)])

    (first, second), _ = pool_through([{}], work)
    assert first.result is Result.DEFERRED
    assert "files" in first.reply
    assert second.result is Result.DELIVERED


def test_closing_settles_what_waits():
    async def work(pool, receivers):
        jobs = [make_job(receivers[0], n) for n in range(3)]
        for job in jobs:
            pool.send(job)
        await pool.close(0.1)
        return [(await job.verdict).outcome.result for job in jobs]

    results, _ = pool_through([{"greeting": HANG}], work)
    assert results == [Result.DEFERRED] * 3


@pytest.mark.parametrize("count", [1, 7])
def test_what_nobody_waits_for_is_not_sent(count):
    async def work(pool, receivers):
        jobs = [make_job(receivers[0], n) for n in range(count)]
        for job in jobs:
            pool.send(job)
            job.verdict.cancel()
        return await send_all(pool, [make_job(receivers[0], 99)])

    _, receivers = pool_through([{}], work)
    assert [letter.rcpt for letter in receivers[0].letters] == ["TO:<bob99@inbox.example>"]


# What a server says too early: a word in the same segment as a reply, before it was asked ---------------------------------
@pytest.mark.parametrize("said", ["250 Ok: queued\r\n421 Enough for now", "250 Ok: queued\r\nbye"])
def test_a_message_is_delivered_whatever_follows_its_reply(said: str, caplog: pytest.LogCaptureFixture) -> None:
    async def work(pool, receivers):
        return await send_all(pool, [make_job(receivers[0], n) for n in range(3)])

    outcomes, [receiver] = pool_through([{"DOT": said}], work)
    assert [outcome.result for outcome in outcomes] == [Result.DELIVERED] * 3
    assert sorted(letter.rcpt for letter in receiver.letters) == [f"TO:<bob{n}@inbox.example>" for n in range(3)]
    assert not caplog.records


@pytest.mark.parametrize("said", ["354 Go on\r\n421 No, do not", "354 Go on\r\n250 Got it", "354 Go on\r\nbye"])
@pytest.mark.parametrize("noted_until", [0.0, float("inf")])
def test_no_dot_goes_out_without_its_message(said: str, noted_until: float, caplog: pytest.LogCaptureFixture) -> None:
    ended = []

    def end(argument, visit):
        ended.append(argument)
        return "250 Ok"

    async def work(pool, receivers):
        return await send_all(pool, [make_job(receivers[0], noted_until=noted_until)])

    [outcome], _ = pool_through([{"DATA": said, "DOT": end}], work)
    assert outcome.result is Result.DEFERRED
    assert not ended
    assert not caplog.records


@pytest.mark.parametrize("said", ["250 mx.test\r\n421 Busy", "250 mx.test\r\n250 mx.test", "250 mx.test\r\nbye"])
def test_a_session_that_ends_as_it_begins_is_no_session(said: str, caplog: pytest.LogCaptureFixture) -> None:
    async def work(pool, receivers):
        return await send_all(pool, [make_job(receivers[0], n) for n in range(3)])

    outcomes, [receiver] = pool_through([{"EHLO": said}], work)
    assert {outcome.result for outcome in outcomes} == {Result.DEFERRED}
    assert len(receiver.visits) == 1
    assert not caplog.records
