"""Where mail goes, by a real name server."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gateway.base.environment import Endpoint
from gateway.base.resolver import Resolver
from gateway.engine.outcome import Outcome, Result
from gateway.engine.routing import MAX_ADDRESSES, MAX_MX, Host, Route, Router, Rules
from tests.gateway.engine.courier import run
from tests.support.dns import SERVFAIL, SILENT, serve

ZONE = {
    ("two.example", "MX"): ["20 b.two.example.", "10 a.two.example."],
    ("a.two.example", "A"): ["198.41.0.4"],
    ("a.two.example", "AAAA"): ["2001:503:ba3e::2:30"],
    ("b.two.example", "A"): ["199.9.14.201"],
    ("equal.example", "MX"): ["10 a.two.example.", "10 b.two.example."],
    ("bare.example", "A"): ["192.33.4.12"],
    ("null.example", "MX"): ["0 ."],
    ("text.example", "TXT"): ["no mail here"],
    ("dead.example", "MX"): ["10 nowhere.example.", "20 text.example."],
    ("half.example", "MX"): ["10 nowhere.example.", "20 b.two.example."],
    ("alias.example", "MX"): ["10 www.two.example."],
    ("www.two.example", "CNAME"): ["b.two.example."],
    ("moved.example", "CNAME"): ["two.example."],
    ("broken-mx.example", "MX"): ["10 broken.example."],
    ("broken.example", "MX"): [],
    ("ours.example", "MX"): ["10 a.two.example.", "20 Mail.Us.Example.", "30 b.two.example."],
    ("loop.example", "MX"): ["10 mail.us.example.", "20 a.two.example."],
    ("many.example", "MX"): [f"{n} mx{n}.many.example." for n in range(50)],
    **{(f"mx{n}.many.example", "A"): [f"198.41.{n}.{m}" for m in range(1, 5)] for n in range(50)},
    ("mixed.example", "MX"): ["10 mixed.example."],
    ("mixed.example", "A"): ["10.0.0.1", "192.33.4.12"],
}
INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
]


def find(domain, *, zone=ZONE, faults=None, **rules):
    """Return where mail for a domain goes, and the name server's journal."""
    values = {"relay": None, "port": 25, "allowed": (), "own_name": "mail.us.example"} | rules
    with serve(zone, faults) as server:
        router = Router(Resolver((server.endpoint,), deadline=0.5), Rules(**values))
        return run(router.route(domain)), server.asked


def addresses(domain, **options):
    route, _ = find(domain, **options)
    assert isinstance(route, Route), route
    return [host.address for host in route.hosts]


def test_it_works():
    route, _ = find("two.example")
    assert route == Route(
        (
            Host("a.two.example", "198.41.0.4", 25),
            Host("a.two.example", "2001:503:ba3e::2:30", 25),
            Host("b.two.example", "199.9.14.201", 25),
        )
    )


def test_equal_hosts_take_turns_and_keep_their_addresses_together():
    async def route_often(router):
        return {tuple(host.name[0] for host in (await router.route("equal.example")).hosts) for _ in range(100)}

    with serve(ZONE) as server:
        router = Router(Resolver((server.endpoint,)), Rules(relay=None, port=25, allowed=(), own_name="us"))
        assert run(route_often(router)) == {("a", "a", "b"), ("b", "a", "a")}
    assert len(server.asked) == 5  # and the answers are kept


def test_a_relay_takes_everything_and_may_be_anywhere():
    route, asked = find("two.example", relay=Endpoint("127.0.0.1", 2500))
    assert route == Route((Host("127.0.0.1", "127.0.0.1", 2500),))
    assert asked == []


def test_a_relay_may_be_a_name_of_the_hosts_file():
    route, _ = find("two.example", relay=Endpoint("localhost", 2500))
    assert Host("localhost", "127.0.0.1", 2500) in route.hosts


def test_a_relay_that_cannot_be_found_is_for_now():
    outcome, _ = find("two.example", relay=Endpoint("no-such-host.invalid", 25))
    assert (outcome.result, outcome.enhanced) == (Result.DEFERRED, "4.4.3")


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("bare.example", ["192.33.4.12"]),
        ("half.example", ["199.9.14.201"]),
        ("alias.example", ["199.9.14.201"]),
        ("moved.example", ["198.41.0.4", "2001:503:ba3e::2:30", "199.9.14.201"]),
        ("ours.example", ["198.41.0.4", "2001:503:ba3e::2:30"]),
        ("mixed.example", ["192.33.4.12"]),
    ],
)
def test_the_hosts_of_a_domain_are_found(domain, found):
    assert addresses(domain) == found


@pytest.mark.parametrize(
    ("domain", "result", "enhanced"),
    [
        ("nowhere.example", Result.BOUNCED, "5.1.2"),
        ("null.example", Result.BOUNCED, "5.1.10"),
        ("text.example", Result.BOUNCED, "5.4.4"),
        ("dead.example", Result.BOUNCED, "5.4.4"),
        ("loop.example", Result.BOUNCED, "5.4.6"),
        ("servfail.example", Result.DEFERRED, "4.4.3"),
        ("silent.example", Result.DEFERRED, "4.4.3"),
        ("broken-mx.example", Result.DEFERRED, "4.4.3"),
        ("x" * 64 + ".example", Result.BOUNCED, "5.1.2"),
    ],
)
def test_where_mail_cannot_go_it_is_said_why(domain, result, enhanced):
    faults = {"servfail.example": SERVFAIL, "silent.example": SILENT, "broken.example": SERVFAIL}
    outcome, _ = find(domain, faults=faults)
    assert isinstance(outcome, Outcome)
    assert (outcome.result, outcome.enhanced) == (result, enhanced)
    assert outcome.reply.endswith(".")


def test_a_crowd_of_hosts_is_cut():
    found, asked = find("many.example")
    assert len(found.hosts) == MAX_ADDRESSES
    assert len({name for name, kind, _ in asked if kind == "A"}) == MAX_MX


@pytest.mark.parametrize("address", INSIDE)
def test_no_domain_steers_mail_into_our_own_network(address):
    kind = "AAAA" if ":" in address else "A"
    outcome, _ = find(
        "evil.example", zone={("evil.example", "MX"): ["10 mx.evil.example."], ("mx.evil.example", kind): [address]}
    )
    assert isinstance(outcome, Outcome)
    assert outcome.result is Result.BOUNCED
    assert outcome.enhanced in {"5.4.4", "5.4.6"}
    assert "not on the public Internet" in outcome.reply


@pytest.mark.parametrize(
    ("address", "network"), [("127.0.0.1", "127.0.0.0/8"), ("::ffff:10.0.0.1", "10.0.0.0/8"), ("fd00::1", "fd00::/8")]
)
def test_the_operator_may_allow_a_network(address, network):
    zone = {("in.example", "AAAA" if ":" in address else "A"): [address]}
    assert addresses("in.example", zone=zone, allowed=(ip_network(network),)) == [address]


def test_an_address_of_nat64_is_judged_by_what_it_leads_to():
    assert addresses("far.example", zone={("far.example", "AAAA"): ["64:ff9b::8.8.8.8"]}) == ["64:ff9b::808:808"]


def test_the_settings_rule(settings):
    with serve({("in.example", "A"): ["127.0.0.1"]}) as server:
        settings.GATEPOST_DNS = (server.endpoint,)
        settings.GATEPOST_MX_PORT = 2500
        settings.GATEPOST_MX_ALLOW = (ip_network("127.0.0.0/8"),)
        assert run(Router().route("in.example")) == Route((Host("in.example", "127.0.0.1", 2500),))
        settings.GATEPOST_RELAY = Endpoint("127.0.0.9", 26)
        assert run(Router().route("in.example")) == Route((Host("127.0.0.9", "127.0.0.9", 26),))
