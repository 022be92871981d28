"""The whole way out: claimed, composed, signed, delivered to a real server found by real DNS, settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from time import monotonic

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts import queries as accounts
from domains import queries
from domains.keys import add_keys, write_record
from domains.models import DKIMKey, SenderDomain
from domains.verdicts import judge
from gateway.base import wake
from gateway.engine import drain as drains
from gateway.engine import lanes, queue, tasks
from gateway.engine import prepare as preparing
from gateway.engine.accept import accept
from gateway.engine.compose import Composer
from gateway.engine.drain import Drain
from gateway.engine.letter import Copy
from gateway.engine.returns import read_return_path
from gateway.engine.submission import Addressee
from gateway.listeners.journal import Stage
from gateway.models import Attempt, Lease, Recipient
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.dns import serve
from tests.support.sink import Sink, running_sink
from tracking.models import Event, Suppression

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def keys(acme: Tenant) -> list[DKIMKey]:
    made = add_keys(acme.domain)
    DKIMKey.objects.update(published_at=timezone.now())
    return made


@dataclass(frozen=True, slots=True)
class World:
    """A receiving server, and the drain that finds it through DNS."""

    sink: Sink
    drain: Drain

    def run(self) -> None:
        """Send all that is due, to the end."""
        self.drain.work(seconds=30, idle=0.5)
        self.drain.close()

    def send_off(self) -> None:
        """Send all that is due as far as the final dot, behind which the server is silent."""
        deadline = monotonic() + 10
        while not any(one.stage is Stage.DOT for one in self.sink.transactions):
            assert monotonic() < deadline
            self.drain.work(seconds=0.2, idle=0.1)


@pytest.fixture
def world(keys: list[DKIMKey], settings) -> Iterator[Callable[..., World]]:
    """Make a world whose receiving server obeys `rules`; at most one in a test."""
    zone = {("inbox.example", "MX"): ["10 mx.inbox.example."], ("mx.inbox.example", "A"): ["127.0.0.1"]}
    zone |= {(str(key), "TXT"): [write_record(key)] for key in keys}
    with ExitStack() as stack:

        def make(*rules: str) -> World:
            sink = stack.enter_context(running_sink(rules))
            settings.GATEPOST_DNS = (stack.enter_context(serve(zone)).endpoint,)
            settings.GATEPOST_MX_ALLOW = (ip_network("127.0.0.0/8"),)
            settings.GATEPOST_MX_PORT = sink.port
            drain = Drain()
            stack.callback(drain.close)
            return World(sink, drain)

        yield make


def expire_leases() -> None:
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))


def states() -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in Recipient.objects.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    return counts


def test_it_works(make: Make, world: Callable[..., World]) -> None:
    here = world()
    accept([make()])
    here.run()
    (caught,) = here.sink.messages
    recipient = Recipient.objects.get()
    assert recipient.state == "delivered"
    assert recipient.data_sent_at is not None
    assert [address for address, _ in caught.rcpt_to] == ["bob@inbox.example"]
    assert read_return_path(caught.mail_from or "") == recipient.pk
    assert judge(caught.content or b"") == "pass"
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.code, attempt.host) == ("delivered", 250, "mx.inbox.example")
    assert attempt.signed_by.count("acme.example/") == 2
    assert list(Event.objects.order_by("sequence").values_list("type", flat=True)) == ["accepted", "delivered"]
    assert not Lease.objects.exists()


def test_many_messages_of_many_recipients(make: Make, world: Callable[..., World]) -> None:
    here = world()
    people = tuple(Addressee(email=f"p{number}@inbox.example") for number in range(25))
    accept([make(recipients=people) for _ in range(20)])
    here.run()
    assert states() == {"delivered": 500}
    assert len(here.sink.messages) == 500
    assert Event.objects.filter(type="delivered").count() == Attempt.objects.count() == 500


def test_a_backlog_is_taken_by_the_hundred(make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    claimed = []

    def claim(*args, **kwargs):
        copies = claims(*args, **kwargs)
        claimed.append((len(copies), kwargs["notes_dots"]))
        return copies

    claims = queue.claim
    monkeypatch.setattr(queue, "claim", claim)
    here = world()
    accept([make(recipients=tuple(Addressee(email=f"p{number}@inbox.example") for number in range(300)))])
    here.run()
    assert states() == {"delivered": 300}
    busy = [number for number, notes in claimed if not notes]
    assert busy[:3] == [90, 90, 90]  # a tenth of each is kept for retries
    assert sum(number for number, notes in claimed if notes) <= 2 * drains.FEW


def test_what_cannot_be_given_back_is_left_to_its_lease(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(queue, "release", fail)
    monkeypatch.setattr(lanes.Lanes, "has_room", lambda _, domain: domain != "full.example")
    here = world()
    accept([make(recipients=(Addressee(email="a@inbox.example"), Addressee(email="b@full.example")))])
    here.run()
    assert states() == {"delivered": 1, "sending": 1}
    expire_leases()
    assert queue.reclaim() == 1
    assert states() == {"delivered": 1, "queued": 1}


def test_a_claim_of_few_notes_their_dots(make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    noted = []
    monkeypatch.setattr(queue, "note_data_sent", noted.extend)
    monkeypatch.setattr(drains, "CLOSE_WITHIN", 0.1)
    here = world("dot:hang::1")
    accept([make()])
    here.send_off()
    assert Recipient.objects.get().data_sent_at is not None
    assert noted == []


def test_a_drain_with_too_much_to_do_calls_for_help(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(drains.wake, "call_for_help", lambda: calls.append(1))
    here = world()
    accept([make() for _ in range(10)])
    here.drain.work(seconds=30, idle=0.5)
    assert calls == []
    accept([make(recipients=tuple(Addressee(email=f"p{number}@inbox.example") for number in range(150)))])
    here.run()
    assert calls == [1]


def test_what_the_receiver_says_is_what_we_tell(make: Make, world: Callable[..., World]) -> None:
    here = world("rcpt:550:gone@*::5.1.1 No such user", "rcpt:451:later@*::4.3.2 Try later")
    people = tuple(Addressee(email=f"{name}@inbox.example") for name in ("good", "gone", "later"))
    accept([make(recipients=people)])
    here.run()
    assert dict(Recipient.objects.values_list("email", "state")) == {
        "good@inbox.example": "delivered",
        "gone@inbox.example": "bounced",
        "later@inbox.example": "deferred",
    }
    bounce = Event.objects.get(type="bounced")
    assert (bounce.code, bounce.enhanced, "No such user" in bounce.reply) == (550, "5.1.1", True)
    later = Recipient.objects.get(email="later@inbox.example")
    assert later.next_attempt_at > timezone.now()


def test_a_reply_lost_behind_the_dot_is_ambiguous(make: Make, world: Callable[..., World]) -> None:
    here = world("dot:drop::1")
    accept([make()])
    here.run()
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.is_ambiguous) == ("deferred", True)


def test_a_copy_that_cannot_be_made_ready_stops_no_other(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = Composer.compose

    def stumble(composer: Composer, copy: Copy, signers: object) -> object:
        if copy.letter.subject == "poison":
            raise RecursionError
        return compose(composer, copy, signers)

    monkeypatch.setattr(Composer, "compose", stumble)
    here = world()
    accept([make(), make(subject="poison"), make()])
    here.run()
    assert states() == {"delivered": 2, "deferred": 1}
    assert Attempt.objects.get(result="deferred").enhanced == "4.3.0"


def test_the_domain_that_was_asked_to_sign_signs(make: Make, world: Callable[..., World], acme: Tenant) -> None:
    other = SenderDomain.objects.create(account=acme.account, name="acme2.example", verified_at=timezone.now())
    add_keys(other)
    DKIMKey.objects.update(published_at=timezone.now())
    here = world()
    accept([make(signing_domain="acme2.example")])
    here.run()
    assert Attempt.objects.get().signed_by.count("acme2.example/") == 2
    (caught,) = here.sink.messages
    assert b"d=acme2.example" in (caught.content or b"")
    assert b"d=acme.example" not in (caught.content or b"")


def test_a_domain_that_lost_its_verification_sends_nothing(make: Make, world: Callable[..., World]) -> None:
    here = world()
    accept([make()])
    SenderDomain.objects.update(verified_at=None)
    queries.forget()
    here.run()
    assert here.sink.transactions == []
    assert Recipient.objects.get().state == "failed"
    assert "not verified" in Event.objects.get(type="failed").reply


def test_who_unsubscribed_meanwhile_is_not_mailed(
    make: Make, world: Callable[..., World], acme: Tenant, globex: Tenant
) -> None:
    here = world()
    people = tuple(Addressee(email=f"{name}@inbox.example") for name in ("Gone", "stays", "nobody"))
    accept([make(recipients=people)])
    Suppression.objects.create(account=acme.account, email="gone@inbox.example")
    Suppression.objects.create(account=globex.account, email="stays@inbox.example")
    Suppression.objects.create(account=None, email="nobody@inbox.example")
    here.run()
    assert states() == {"delivered": 1, "suppressed": 2}
    assert [address for caught in here.sink.messages for address, _ in caught.rcpt_to] == ["stays@inbox.example"]
    assert Event.objects.filter(type="suppressed").count() == 2


def test_a_suspended_accounts_mail_waits(make: Make, world: Callable[..., World], acme: Tenant) -> None:
    here = world()
    accept([make()])
    type(acme.account).objects.update(status="suspended")
    accounts.forget()
    here.run()
    assert here.sink.transactions == []
    assert Recipient.objects.get().state == "deferred"


def test_a_stopped_drain_finishes_what_it_has_in_flight(make: Make, world: Callable[..., World]) -> None:
    here = world()
    accept([make() for _ in range(50)])
    here.drain.work(seconds=0.01, idle=0.01)
    here.drain.close()
    assert "sending" not in states()
    assert len(here.sink.messages) == states()["delivered"]


def test_a_stopped_drain_notes_what_nobody_answered(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "CLOSE_WITHIN", 0.1)
    here = world("dot:hang")
    accept([make()])
    here.send_off()
    here.drain.close()
    attempt = Attempt.objects.get()
    assert (attempt.result, attempt.is_ambiguous) == ("deferred", True)
    assert Recipient.objects.get().state == "deferred"


def test_a_copy_that_was_taken_back_stands_beside_its_successor(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "CLOSE_WITHIN", 0.1)
    here = world("dot:hang::1")
    accept([make()])
    here.send_off()
    expire_leases()
    assert queue.reclaim() == 1  # by another process
    here.drain.work(seconds=5, idle=0.5)
    accept([make()])
    here.drain.work(seconds=5, idle=0.5)
    here.drain.close()
    assert states() == {"delivered": 2}
    assert list(Attempt.objects.order_by("id").values_list("result", flat=True)) == ["lost", "delivered", "delivered"]


def test_a_drain_does_not_take_back_its_own_leases(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "CLOSE_WITHIN", 0.1)
    monkeypatch.setattr(drains, "RECLAIM_EVERY", 0)
    here = world("dot:hang")
    monkeypatch.setattr(drains, "_running", [here.drain])
    accept([make()])
    here.send_off()
    expire_leases()
    here.drain.work(seconds=1, idle=0.1)
    expire_leases()
    tasks.sweep()
    assert states() == {"sending": 1}
    here.drain.close()
    assert Attempt.objects.get().result == "deferred"


def test_a_full_drain_lets_the_worker_go_at_the_end_of_its_slice(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "CLOSE_WITHIN", 0.1)
    monkeypatch.setattr(lanes, "ROOM", 2)
    here = world("dot:hang")
    accept([make() for _ in range(4)])
    assert here.drain.work(seconds=1, idle=0.5) is True
    assert states() == {"sending": 2, "queued": 2}


def test_who_has_no_room_leaves_mail_to_others(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = []

    class Bell(wake._SocketBell):
        def lie_down(self) -> None:
            signs.append("listens")

        def leave(self) -> None:
            signs.append("leaves")

    monkeypatch.setattr(wake, "open_bell", Bell)
    monkeypatch.setattr(wake, "call_for_help", lambda: signs.append("calls"))
    monkeypatch.setattr(drains, "CLOSE_WITHIN", 0.1)
    monkeypatch.setattr(lanes, "ROOM", 2)
    here = world("dot:hang")
    accept([make() for _ in range(4)])
    here.drain.work(seconds=1, idle=0.5)
    assert signs == ["leaves", "calls", "listens"]


def test_a_slow_destination_leaves_room_for_others(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SHARE", 5)
    monkeypatch.setattr(lanes, "SLOW", 0.0)
    monkeypatch.setattr(drains, "CROWDED_PAUSE", 0.1)
    here = world()
    accept([make() for _ in range(30)])
    here.run()
    assert states() == {"delivered": 30}
    assert Recipient.objects.exclude(attempts=1).count() == 0


def test_what_did_not_fit_into_a_batch_comes_again_and_counts_no_try(
    make: Make, world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "ALL", 0.0)
    monkeypatch.setattr(drains, "CROWDED_PAUSE", 0.1)
    here = world()
    accept([make(), make(), make()])
    here.drain.work(seconds=8, idle=1.5)
    assert states() == {"delivered": 3}
    assert set(Recipient.objects.values_list("attempts", flat=True)) == {1}
