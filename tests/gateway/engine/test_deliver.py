"""Delivery over real sockets: what is sent, what the world may answer, and what becomes of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from ipaddress import ip_network
from time import monotonic

import pytest

from gateway.engine.deliver import Courier, Deadlines
from gateway.engine.outcome import Result
from gateway.engine.routing import Router
from gateway.listeners.tls import keep_self_signed, make_context
from tests.gateway.engine.courier import PATIENT, QUICK, WIRE, Limits, Notes, make_courier, parcel, run
from tests.support.dns import serve
from tests.support.receiver import CUT, DRIP, FULL, HANG, Receiver

GREETED = ("greeting", "EHLO")
TRANSACTION = ("MAIL", "RCPT", "DATA", "DOT")
LOCKSTEP = ("8BITMIME",)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return make_context(keep_self_signed(tmp_path_factory.mktemp("tls") / "tls.pem", "mx.test"))


async def deliver(receiver, *parcels, notes=None, **options):
    """Deliver parcels at once by one courier; return their outcomes."""
    courier = make_courier(receiver.endpoint, notes, **options)
    outcomes = await asyncio.gather(*(courier.deliver(each) for each in parcels))
    await courier.close()
    return outcomes


def deliver_to(script, *parcels, notes=None, extensions=FULL, tls=None, injected=b"", **options):
    """Deliver parcels to a receiver of this script; return their outcomes and the receiver."""

    async def work():
        async with Receiver(script, extensions=extensions, tls=tls, injected=injected) as receiver:
            return await deliver(receiver, *(parcels or [parcel()]), notes=notes, **options), receiver

    return run(work())


@pytest.mark.parametrize("extensions", [FULL, LOCKSTEP])
def test_it_works(extensions):
    (outcome,), receiver = deliver_to({}, extensions=extensions)
    (letter,) = receiver.letters
    assert (outcome.result, outcome.code, outcome.enhanced) == (Result.DELIVERED, 250, "2.0.0")
    assert outcome.reply == "2.0.0 Ok: queued"
    assert (outcome.host, outcome.address, outcome.source, outcome.tls) == ("127.0.0.1", "127.0.0.1", "127.0.0.1", "")
    assert outcome.size == len(WIRE)
    assert (letter.rcpt, letter.data) == ("TO:<bob0@inbox.example>", WIRE)
    assert letter.mail.startswith("FROM:<b+0@returns.example>")


def test_what_arrives_is_what_was_sent():
    wires = [
        WIRE,
        b".\r\n",
        b"\r\n",
        b"x: y\r\n\r\n" + b".\r\n" * 100,
        b"x: y\r\n\r\n" + bytes(range(32, 127)) * 3000 + b"\r\n",
    ]
    outcomes, receiver = deliver_to({}, *(parcel(n, wire=wire) for n, wire in enumerate(wires)), deadlines=PATIENT)
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert sorted(letter.data for letter in receiver.letters) == sorted(wires)


def test_a_server_without_pipelining_is_never_rushed():
    _, receiver = deliver_to(
        {}, *map(parcel, range(10)), extensions=LOCKSTEP, limits=Limits(per_destination=1), deadlines=PATIENT
    )
    assert len(receiver.letters) == 10
    assert receiver.rushed == []


def test_connections_are_used_again_and_closed_politely():
    _, receiver = deliver_to({}, *map(parcel, range(30)), limits=Limits(per_destination=1, messages=10), deadlines=PATIENT)
    assert [visit.accepted for visit in receiver.visits] == [10, 10, 10]
    assert [visit.commands[-1] for visit in receiver.visits] == ["QUIT"] * 3


def test_one_destination_gets_so_many_connections_and_no_more():
    open_at_once = []

    def count(_, visit):
        open_at_once.append(visit.number)
        return ""

    outcomes, receiver = deliver_to(
        {"DOT": count}, *map(parcel, range(100)), limits=Limits(per_destination=4), deadlines=PATIENT
    )
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert len(receiver.visits) == 4


def test_an_idle_connection_says_goodbye():
    async def work():
        async with Receiver() as receiver:
            courier = make_courier(receiver.endpoint, deadlines=Deadlines(idle=0.05))
            await courier.deliver(parcel())
            await receiver.until(lambda: "QUIT" in receiver.commands)
            await courier.close()

    run(work())


# What servers refuse (K1) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [FULL, LOCKSTEP])
@pytest.mark.parametrize("stage", TRANSACTION)
@pytest.mark.parametrize(("reply", "result"), [("451 4.3.0 later", Result.DEFERRED), ("550 5.7.0 no", Result.BOUNCED)])
def test_a_refusal_is_told_as_it_came(stage, reply, result, extensions):
    (outcome,), receiver = deliver_to({stage: reply}, extensions=extensions)
    assert (outcome.result, outcome.code, outcome.reply) == (result, int(reply[:3]), reply[4:])
    assert receiver.letters == []


@pytest.mark.parametrize(("reply", "result"), [("451 4.3.0 later", Result.DEFERRED), ("550 5.7.0 no", Result.BOUNCED)])
def test_a_refused_greeting_is_told_as_it_came(reply, result):
    (outcome,), _ = deliver_to({"greeting": reply})
    assert (outcome.result, outcome.code, outcome.reply) == (result, int(reply[:3]), reply[4:])
    (outcome,), _ = deliver_to({"EHLO": reply, "HELO": reply})
    assert (outcome.result, outcome.code, outcome.reply) == (result, int(reply[:3]), reply[4:])


@pytest.mark.parametrize(("stage", "is_about_it"), [("greeting", False), ("MAIL", False), ("RCPT", True), ("DOT", True)])
def test_what_was_said_before_the_recipient_was_named_is_not_about_it(stage, is_about_it):
    (outcome,), _ = deliver_to({stage: "550 5.1.1 unknown user"})
    assert (outcome.category == "recipient") is is_about_it


def test_a_refused_recipient_does_not_hurt_the_next():
    def refuse(argument, _):
        return "550 5.1.1 No such user" if "bob1@" in argument else ""

    outcomes, receiver = deliver_to({"RCPT": refuse}, *map(parcel, range(3)), limits=Limits(per_destination=1))
    assert [outcome.result for outcome in outcomes] == [Result.DELIVERED, Result.BOUNCED, Result.DELIVERED]
    assert len(receiver.visits) == 1


def test_a_wait_that_the_server_names_is_told():
    (outcome,), _ = deliver_to({"RCPT": "450 4.7.1 Greylisted, try again in 300 seconds"})
    assert (outcome.result, outcome.retry_after) == (Result.DEFERRED, 300)


def test_a_listed_address_of_ours_is_tried_again_although_it_was_refused_for_good():
    (outcome,), _ = deliver_to({"MAIL": "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org"})
    assert (outcome.result, outcome.code) == (Result.DEFERRED, 554)


# Servers that go away (K2) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [*GREETED, "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_up_early_has_not_got_it(stage):
    (outcome,), _ = deliver_to({stage: CUT})
    assert (outcome.result, outcome.code, outcome.is_ambiguous) == (Result.DEFERRED, 0, False)
    assert outcome.enhanced.startswith("4.4.")


@pytest.mark.parametrize("fault", [CUT, HANG, "250-never\r\n250-", "HTTP/1.1 200 OK"])
def test_no_reply_to_the_dot_leaves_it_open_whether_it_arrived(fault):
    (outcome,), _ = deliver_to({"DOT": fault})
    assert (outcome.result, outcome.code, outcome.is_ambiguous) == (Result.DEFERRED, 0, True)
    assert "may have arrived" in outcome.reply


def test_a_connection_that_died_in_the_pool_is_no_failure():
    def cut_second(_, visit):
        return CUT if visit.accepted else ""

    outcomes, receiver = deliver_to({"MAIL": cut_second}, *map(parcel, range(3)), limits=Limits(per_destination=1))
    assert [outcome.result for outcome in outcomes] == [Result.DELIVERED] * 3
    assert len(receiver.visits) == 3


def test_a_server_that_takes_few_messages_a_connection_is_humoured():
    def close_after_two(_, visit):
        return "421 4.7.0 Enough for one connection" if visit.accepted == 2 else ""

    outcomes, receiver = deliver_to({"MAIL": close_after_two}, *map(parcel, range(9)), limits=Limits(per_destination=1))
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert [visit.accepted for visit in receiver.visits] == [2, 2, 2, 2, 1]
    assert receiver.visits[-2].commands[-1] == "QUIT"  # it was learnt


def test_421_to_the_dot_is_for_now_and_the_next_goes_elsewhere():
    def close_first(_, visit):
        return "421 4.3.2 Shutting down" if visit.number == 0 else ""

    outcomes, receiver = deliver_to({"DOT": close_first}, *map(parcel, range(3)), limits=Limits(per_destination=1))
    assert [(outcome.result, outcome.code) for outcome in outcomes] == [
        (Result.DEFERRED, 421),
        (Result.DELIVERED, 250),
        (Result.DELIVERED, 250),
    ]
    assert not outcomes[0].is_ambiguous
    assert len(receiver.visits) == 2


# Servers that play for time (K3) --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [*GREETED, *TRANSACTION])
def test_silence_ends_at_a_deadline(stage):
    (outcome,), _ = deliver_to({stage: HANG})
    assert (outcome.result, outcome.code) == (Result.DEFERRED, 0)
    assert outcome.is_ambiguous == (stage == "DOT")


@pytest.mark.parametrize("reply", ["220-" + "x" * 10_000_000, "\r\n".join(["220-x"] * 100_000)])
def test_a_reply_without_end_is_cut_off(reply):
    (outcome,), _ = deliver_to({"greeting": reply})
    assert outcome.result is Result.DEFERRED
    assert "reply" in outcome.reply


@pytest.mark.parametrize("stage", ["greeting", "RCPT"])
def test_a_reply_byte_by_byte_ends_at_the_deadline(stage):
    (outcome,), _ = deliver_to({stage: DRIP})
    assert outcome.result is Result.DEFERRED
    assert "in time" in outcome.reply


def test_a_slow_host_holds_up_nobody_else():
    async def work():
        async with Receiver({"greeting": HANG}) as slow, Receiver() as fast:
            stuck = make_courier(slow.endpoint, deadlines=PATIENT)
            waiting = asyncio.ensure_future(stuck.deliver(parcel()))
            (outcome,) = await deliver(fast, parcel())
            assert not waiting.done()
            await stuck.close()
            return outcome, await waiting

    outcome, cut = run(work())
    assert outcome.result is Result.DELIVERED
    assert cut.result is Result.DEFERRED


# Too much (K4) --------------------------------------------------------------------------------------------------------


def test_too_many_connections_means_fewer_not_failures():
    def allow_two(_, visit):
        return "421 4.7.0 Too many connections from your host" if visit.number >= 2 else ""

    outcomes, receiver = deliver_to({"greeting": allow_two}, *map(parcel, range(50)), deadlines=PATIENT)
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert len(receiver.visits) <= 4  # it was not asked again and again


def test_a_host_that_is_down_is_asked_once_not_for_each_message():
    outcomes, receiver = deliver_to({"greeting": "421 4.3.2 Down for maintenance"}, *map(parcel, range(50)))
    assert {(outcome.result, outcome.code) for outcome in outcomes} == {(Result.DEFERRED, 421)}
    assert len(receiver.visits) == 1


def test_after_a_failure_a_host_is_left_alone_for_a_while():
    async def work():
        async with Receiver({"greeting": "421 4.3.2 Down for maintenance"}) as receiver:
            courier = make_courier(receiver.endpoint)
            await courier.deliver(parcel())
            later = await courier.deliver(parcel())
            await courier.close()
            return later, receiver

    later, receiver = run(work())
    assert later.result is Result.DEFERRED
    assert "Not tried" in later.reply
    assert "maintenance" in later.reply
    assert len(receiver.visits) == 1


# TLS (K5) -------------------------------------------------------------------------------------------------------------


def test_tls_is_used_where_it_is_offered(tls):
    outcomes, receiver = deliver_to({}, *map(parcel, range(3)), tls=tls, deadlines=PATIENT)
    assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
    assert outcomes[0].tls.startswith("TLSv1.3 TLS_")
    assert all(letter.visit.is_secure for letter in receiver.letters)
    assert receiver.visits[0].commands[:3] == ["EHLO localhost", "STARTTLS", "EHLO localhost"]


def test_a_large_message_passes_through_tls(tls):
    wire = b"x: y\r\n\r\n" + b"0123456789" * 100_000 + b"\r\n"
    (outcome,), receiver = deliver_to({}, parcel(wire=wire), tls=tls, deadlines=PATIENT)
    assert outcome.result is Result.DELIVERED
    assert receiver.letters[0].data == wire


@pytest.mark.parametrize("refusal", ["454 4.7.0 TLS not available", "501 what"])
def test_refused_tls_is_done_without(tls, refusal):
    (outcome,), receiver = deliver_to({"STARTTLS": refusal}, tls=tls)
    assert (outcome.result, outcome.tls) == (Result.DELIVERED, "")
    assert len(receiver.visits) == 1


def test_a_failed_handshake_is_followed_by_a_connection_in_clear():
    outcomes, receiver = deliver_to({}, *map(parcel, range(5)), injected=b"\x15\x03\x03\x00\x02\x02\x28", deadlines=PATIENT)
    assert {(outcome.result, outcome.tls) for outcome in outcomes} == {(Result.DELIVERED, "")}
    assert [visit.commands.count("STARTTLS") for visit in receiver.visits if visit.commands[0]].count(1) == 1


def test_a_handshake_that_never_comes_is_not_waited_for():
    (outcome,), receiver = deliver_to({"STARTTLS": "220 2.0.0 Go ahead"}, injected=b"-")
    assert (outcome.result, outcome.tls) == (Result.DELIVERED, "")
    assert len(receiver.visits) == 2


def test_what_is_injected_behind_the_go_ahead_is_not_believed(tls):
    injected = b"250-mx.test\r\n250 SIZE 1\r\n250 2.0.0 forged\r\n"
    (outcome,), receiver = deliver_to({}, tls=tls, injected=injected, deadlines=PATIENT)
    assert outcome.result is Result.DELIVERED
    assert outcome.reply == "2.0.0 Ok: queued"
    assert len(receiver.letters) == 1


# What a server lacks (K6) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "extensions", "enhanced"),
    [
        ({"needs_8bit": True}, ("PIPELINING",), "5.6.3"),
        ({"needs_smtputf8": True, "rcpt_to": "bö@inbox.example"}, ("PIPELINING", "8BITMIME"), "5.6.7"),
        ({}, ("PIPELINING", "SIZE 10"), "5.3.4"),
    ],
)
def test_what_a_server_cannot_take_bounces_and_others_pass(changes, extensions, enhanced):
    easy = parcel(1, wire=b"a: b\r\n\r\n")
    outcomes, receiver = deliver_to({}, parcel(**changes), easy, extensions=extensions, limits=Limits(per_destination=1))
    assert [outcome.result for outcome in outcomes] == [Result.BOUNCED, Result.DELIVERED]
    assert (outcomes[0].enhanced, outcomes[0].code) == (enhanced, 0)
    assert [command for command in receiver.commands if "bob0" in command] == []


def test_international_mail_goes_where_it_is_understood():
    wanted = parcel(needs_8bit=True, needs_smtputf8=True, rcpt_to="bö@inbox.example", wire="x: ö\r\n\r\nö\r\n".encode())
    (outcome,), receiver = deliver_to({}, wanted)
    assert outcome.result is Result.DELIVERED
    assert receiver.letters[0].mail.endswith(" BODY=8BITMIME SMTPUTF8")
    assert receiver.letters[0].rcpt == "TO:<bö@inbox.example>"


@pytest.mark.parametrize("changes", [{"rcpt_to": "a@b>\r\nRCPT TO:<x@y"}, {"mail_from": "a b@c"}, {"wire": b"a\r\n.\nb\r\n"}])
def test_what_could_be_misread_never_leaves(changes):
    (outcome,), receiver = deliver_to({}, parcel(**changes))
    assert outcome.result is Result.FAILED
    assert receiver.visits == []


# Several hosts (K7) ---------------------------------------------------------------------------------------------------


DOWN = {"down": ""}


def deliver_by_mx(*scripts, settings):
    """Deliver one parcel to a domain whose MX hosts, best first, follow these scripts."""

    async def work():
        async with AsyncExitStack() as stack:
            last = await stack.enter_async_context(Receiver(scripts[-1], host="127.0.0.9"))
            port = last.endpoint.port
            others = [Receiver(script, host=f"127.0.0.{n + 2}", port=port) for n, script in enumerate(scripts[:-1])]
            for other in others:
                if other.script != DOWN:
                    await stack.enter_async_context(other)
            settings.GATEPOST_MX_PORT = port
            courier = Courier(note_data_sent=Notes(), deadlines=QUICK, router=Router())
            outcome = await courier.deliver(parcel())
            await courier.close()
            return outcome, [*others, last]

    hosts = [f"127.0.0.{n + 2}" for n in range(len(scripts) - 1)] + ["127.0.0.9"]
    zone = {("inbox.example", "MX"): [f"{10 * n} mx{n}.inbox.example." for n in range(len(scripts))]}
    zone |= {(f"mx{n}.inbox.example", "A"): [host] for n, host in enumerate(hosts)}
    with serve(zone) as server:
        settings.GATEPOST_DNS = (server.endpoint,)
        settings.GATEPOST_MX_ALLOW = (ip_network("127.0.0.0/8"),)
        return run(work())


@pytest.mark.parametrize(
    "fault",
    [DOWN, {"greeting": CUT}, {"greeting": "421 busy"}, {"greeting": "554 no"}, {"EHLO": HANG}, {"MAIL": "451 4.3.0 no"}],
)
def test_trouble_with_one_host_is_a_case_for_the_next(settings, fault):
    outcome, receivers = deliver_by_mx(fault, {}, settings=settings)
    assert (outcome.result, outcome.host, outcome.address) == (Result.DELIVERED, "mx1.inbox.example", "127.0.0.9")
    assert len(receivers[-1].letters) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"RCPT": "550 5.1.1 no"},
        {"DATA": "554 5.7.1 no"},
        {"DOT": "550 5.7.1 no"},
        {"RCPT": "451 4.7.1 Greylisted"},
        {"DOT": CUT},
    ],
)
def test_what_a_host_has_decided_is_not_asked_of_the_next(settings, fault):
    outcome, receivers = deliver_by_mx(fault, {}, settings=settings)
    assert outcome.result is not Result.DELIVERED
    assert outcome.host == "mx0.inbox.example"
    assert receivers[-1].visits == []


def test_one_host_that_may_come_back_outweighs_one_that_refuses(settings):
    outcome, _ = deliver_by_mx(DOWN, {"greeting": "554 5.3.2 No service here"}, settings=settings)
    assert outcome.result is Result.DEFERRED


def test_where_all_hosts_refuse_it_bounces(settings):
    refusing = {"greeting": "554 5.3.2 No service here"}
    outcome, _ = deliver_by_mx(refusing, refusing, settings=settings)
    assert (outcome.result, outcome.code) == (Result.BOUNCED, 554)


def test_where_mail_can_go_nowhere_no_connection_is_made(settings):
    with serve({}) as server:
        settings.GATEPOST_DNS = (server.endpoint,)

        async def work():
            return await Courier(note_data_sent=Notes()).deliver(parcel())

        outcome = run(work())
    assert (outcome.result, outcome.enhanced) == (Result.BOUNCED, "5.1.2")


# The note before the dot (W4, W5) -------------------------------------------------------------------------------------


def test_every_dot_is_noted_before_it_goes():
    notes, dots = Notes(), []

    def see(argument, _):
        noted = {each.rcpt_to for batch in notes.batches for each in batch}
        dots.append(argument.removeprefix("TO:<").removesuffix(">") in noted)
        return ""

    outcomes, _ = deliver_to({"DOT": see}, *map(parcel, range(60)), notes=notes, deadlines=PATIENT)
    assert len(outcomes) == 60
    assert dots == [True] * 60


def test_one_note_serves_many():
    notes = Notes()
    deliver_to({}, *map(parcel, range(200)), notes=notes, deadlines=PATIENT)
    assert sum(map(len, notes.batches)) == 200
    assert len(notes.batches) < 60


def test_no_dot_goes_where_the_note_fails():
    outcomes, receiver = deliver_to({}, *map(parcel, range(5)), notes=Notes(error=OSError("disk full")))
    assert {(outcome.result, outcome.enhanced, outcome.is_ambiguous) for outcome in outcomes} == {
        (Result.DEFERRED, "4.3.0", False)
    }
    assert receiver.letters == []


def test_only_what_others_are_sending_is_held_back():
    outcomes, receiver = deliver_to({}, *map(parcel, range(5)), notes=Notes(lost=frozenset({1, 3})))
    assert [outcome.result for outcome in outcomes] == ["delivered", "deferred", "delivered", "deferred", "delivered"]
    assert len(receiver.letters) == 3
    assert not any(outcome.is_ambiguous for outcome in outcomes)


@pytest.mark.parametrize(
    ("noted_for", "octets", "notes_taken"),
    [(60, 100, 0), (0, 100, 1), (-0.1, 100, 1), (60, 70_000, 1)],
    ids=["noted", "not noted", "long ago", "large"],
)
def test_what_was_noted_a_moment_ago_is_not_noted_again(noted_for: float, octets: int, notes_taken: int) -> None:
    """A large body takes its time, in which its lease might run out."""
    notes = Notes()
    wire = WIRE + b"%s\r\n" % (b"x" * 70) * (octets // 72)
    until = monotonic() + noted_for if noted_for else 0.0
    (outcome,), receiver = deliver_to({}, parcel(noted_until=until, wire=wire), notes=notes)
    assert outcome.result is Result.DELIVERED
    assert len(notes.batches) == notes_taken
    assert len(receiver.letters) == 1


def test_mail_that_was_given_up_does_not_go():
    async def work():
        async with Receiver() as receiver:
            notes = Notes()
            courier = make_courier(receiver.endpoint, notes)
            giving_up = asyncio.ensure_future(courier.deliver(parcel()))

            async def give_up():
                giving_up.cancel()
                await asyncio.sleep(0)

            notes.before = give_up
            await asyncio.gather(giving_up, return_exceptions=True)
            notes.before = None
            other = await courier.deliver(parcel(1))
            await courier.close()
            return other, receiver

    other, receiver = run(work())
    assert other.result is Result.DELIVERED
    assert [letter.rcpt for letter in receiver.letters] == ["TO:<bob1@inbox.example>"]


def test_closing_cuts_what_is_under_way_and_settles_it():
    async def work():
        async with Receiver({"RCPT": HANG}) as receiver:
            courier = make_courier(receiver.endpoint, deadlines=Deadlines(quit=0.1))
            under_way = [asyncio.ensure_future(courier.deliver(parcel(n))) for n in range(3)]
            await receiver.until(lambda: "RCPT" in "".join(receiver.commands))
            await courier.close()
            return await asyncio.gather(*under_way)

    assert {outcome.result for outcome in run(work())} == {Result.DEFERRED}
