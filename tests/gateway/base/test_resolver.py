"""DNS look-ups against a real name server, from threads and from event loops."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.environment import Endpoint
from gateway.base.resolver import Resolver, Status, default_resolver
from tests.support.dns import SERVFAIL, SILENT, TRUNCATED, serve

ZONE = {
    ("acme.example", "MX"): ["20 mx2.acme.example.", "10 mx1.acme.example."],
    ("acme.example", "TXT"): ["v=spf1 -all", "k=" + "a" * 600 + 'ü"\\;'],
    ("mx1.acme.example", "A"): ["192.0.2.1"],
    ("alias.example", "CNAME"): ["mx1.acme.example."],
    ("null.example", "MX"): ["0 ."],
    ("many.example", "MX"): [f"{n} a-rather-long-host-name-number-{n}.mail.example." for n in range(80)],
}


def look_up(server, name, rdtype, **options):
    return Resolver((server.endpoint,)).look_up(name, rdtype, **options)


def look_up_async(server, name, rdtype, **options):
    resolver = Resolver((server.endpoint,))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(resolver.look_up_async(name, rdtype, **options), 10))


@pytest.fixture(params=[look_up, look_up_async])
def ask(request):
    return request.param


def test_it_works(ask):
    with serve(ZONE) as server:
        answer = ask(server, "Acme.Example.", "mx")
    assert answer.status is Status.ANSWER
    assert set(answer.records) == {"20 mx2.acme.example", "10 mx1.acme.example"}


def test_text_records_are_joined_and_bare(ask):
    with serve(ZONE) as server:
        assert set(ask(server, "acme.example", "TXT").records) == set(ZONE["acme.example", "TXT"])


def test_an_alias_is_followed(ask):
    with serve(ZONE) as server:
        assert ask(server, "alias.example", "A").records == ("192.0.2.1",)
        assert ask(server, "alias.example", "CNAME").records == ("mx1.acme.example",)


def test_the_null_mx_keeps_its_dot(ask):
    with serve(ZONE) as server:
        assert ask(server, "null.example", "MX").records == ("0 .",)


@pytest.mark.parametrize(
    ("name", "rdtype", "status"),
    [
        ("nowhere.example", "MX", Status.NO_SUCH_NAME),
        ("mx1.acme.example", "MX", Status.NO_DATA),
        ("broken.example", "MX", Status.FAILURE),
        ("a" * 64 + ".example", "MX", Status.NO_SUCH_NAME),
        ("a..example", "MX", Status.NO_SUCH_NAME),
    ],
)
def test_what_is_no_answer_says_why(ask, name, rdtype, status):
    with serve(ZONE, {"broken.example": SERVFAIL}) as server:
        answer = ask(server, name, rdtype)
    assert (answer.status, answer.records) == (status, ())
    assert answer.detail.endswith(".")


def test_silence_is_a_failure_within_the_deadline(ask):
    with serve(ZONE, {"acme.example": SILENT}) as server:
        answer = ask(server, "acme.example", "MX", deadline=0.2)
    assert answer.status is Status.FAILURE
    assert "in time" in answer.detail


def test_a_cut_answer_is_asked_for_again_by_tcp(ask):
    with serve(ZONE, {"acme.example": TRUNCATED}) as server:
        assert len(ask(server, "acme.example", "MX").records) == 2
    assert ("acme.example", "MX", "tcp") in server.asked


def test_a_large_answer_comes_whole(ask):
    with serve(ZONE) as server:
        assert len(ask(server, "many.example", "MX").records) == 80
    assert {transport for _, _, transport in server.asked} == {"udp", "tcp"}


def test_a_server_that_is_down_is_passed_over():
    with serve(ZONE) as server, serve(ZONE) as other:
        other.stop()
        resolver = Resolver((other.endpoint, server.endpoint))
        assert resolver.look_up("mx1.acme.example", "A").records == ("192.0.2.1",)


def test_an_answer_is_remembered_until_asked_afresh():
    with serve(ZONE) as server:
        resolver = Resolver((server.endpoint,))
        for _ in range(3):
            resolver.look_up("acme.example", "MX")
        assert len(server.asked) == 1
        resolver.look_up("acme.example", "MX", fresh=True)
        assert len(server.asked) == 2


def test_what_is_missing_is_remembered_too():
    with serve(ZONE) as server:
        resolver = Resolver((server.endpoint,))
        assert resolver.look_up("nowhere.example", "MX") is resolver.look_up("nowhere.example", "MX")
    assert len(server.asked) == 1


def test_those_who_ask_at_once_share_one_question():
    async def ask_at_once(resolver, server):
        asking = [asyncio.ensure_future(resolver.look_up_async("acme.example", "MX")) for _ in range(50)]
        await asyncio.sleep(0)
        asking[0].cancel()
        server.gate.set()
        return await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 10)

    with serve(ZONE) as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        server.gate.clear()
        first, *others = runner.run(ask_at_once(Resolver((server.endpoint,)), server))
    assert len(server.asked) == 1
    assert isinstance(first, asyncio.CancelledError)
    assert {answer.status for answer in others} == {Status.ANSWER}


def test_a_server_may_be_given_by_name():
    with serve(ZONE) as server:
        resolver = Resolver((Endpoint("localhost", server.endpoint.port),))
        assert resolver.look_up("mx1.acme.example", "A").records == ("192.0.2.1",)


def test_the_setting_names_the_servers(settings):
    with serve(ZONE) as server:
        settings.GATEPOST_DNS = (server.endpoint,)
        assert default_resolver().look_up("mx1.acme.example", "A").records == ("192.0.2.1",)
        assert default_resolver() is default_resolver()


def test_no_text_breaks_it():
    with serve({}) as server:
        resolver = Resolver((server.endpoint,))

        @given(st.text(max_size=80))
        def look_up_anything(name):
            assert resolver.look_up(name, "A").status in {Status.NO_SUCH_NAME, Status.NO_DATA, Status.FAILURE}

        look_up_anything()
