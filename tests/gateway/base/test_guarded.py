"""The guarded client against servers and name servers on loopback; promises T10. Nothing leaves this machine."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from unittest.mock import patch

import httpcore
import pytest

from gateway.base import guarded
from gateway.base.guarded import Client, check_url
from gateway.base.resolver import Resolver
from gateway.base.weburls import check_address
from gateway.listeners.tls import keep_self_signed, make_context
from tests.support.dns import SERVFAIL, SILENT, FaultyNameServer, serve
from tests.support.web import answer, drip, hang, reset, serve_web

CORPUS = Path(__file__).resolve().parents[4] / "shared/corpora/ssrf"
CORPORA = [CORPUS] if CORPUS.exists() else []
LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"
PUBLIC, PRIVATE = "93.184.215.14", "127.0.0.1"


class NoNames(Resolver):
    """A resolver that no test may ask."""

    async def look_up_async(self, name, rdtype, **options):
        raise AssertionError(f"{name} was looked up")


def client(server=None, allowed=LOOPBACK, tls=None):
    return Client(resolver=Resolver((server.endpoint,)) if server else NoNames(), allowed=allowed, tls=tls)


def call(behave, *, seconds=5.0, most=2000, host="127.0.0.1", **options):
    """Post to a server with this behaviour; return the answer and the server."""

    async def run():
        async with serve_web(behave, host=host) as web, client(**options) as ours:
            return await ours.post(web.url(), b"{}", {"X-Ours": "1"}, seconds=seconds, most=most), web

    return asyncio.run(run())


@pytest.fixture
def connects():
    """Record where connections would go, without making any."""
    made = []

    async def connect(self, host, port, **options):
        made.append((host, port))
        raise httpcore.ConnectError("not in a test")

    with patch.object(httpcore.AnyIOBackend, "connect_tcp", autospec=True, side_effect=connect):
        yield made


def call_name(zone, name="hooks.example", port=443, allowed=()):
    async def run(server):
        async with client(server, allowed) as ours:
            return await ours.post(f"http://{name}:{port}/", b"", {}, seconds=5)

    with serve(zone) as server:
        return asyncio.run(run(server)), server


# A call that works


def test_it_works():
    found, web = call(answer(OK))
    assert (found.status, found.body, found.problem, found.address) == (200, b"ok", "", "127.0.0.1")
    assert found.headers["x-two"] == "a, b"
    assert 0 < found.seconds < 5
    assert web.requests[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert web.requests[0].endswith(b"\r\n\r\n{}")


def test_a_get_has_no_body():
    async def run():
        async with serve_web(answer(OK)) as web, client() as ours:
            return await ours.get(web.url(path="?a=b%20ü"), {}), web.requests[0]

    found, request = asyncio.run(run())
    assert found.body == b"ok"
    assert request.startswith(b"GET /?a=b%20%C3%BC HTTP/1.1\r\n")
    assert b"content-length" not in request.lower()


def test_what_is_ours_to_say_is_not_overridden():
    async def run():
        async with serve_web(answer(OK)) as web, client() as ours:
            headers = {"host": "other", "Content-Length": "900", "Transfer-Encoding": "chunked", "accept-encoding": "gzip"}
            await ours.post(web.url(), b"abc", headers | {"User-Agent": "Theirs/1"}, seconds=5)
            return web.requests[0].decode(), web.port

    request, port = asyncio.run(run())
    assert f"Host: 127.0.0.1:{port}\r\n" in request
    assert "Content-Length: 3\r\n" in request
    assert "Accept-Encoding: identity\r\n" in request
    assert request.count("User-Agent") == 1
    assert "chunked" not in request
    assert "other" not in request


def test_a_header_that_would_smuggle_is_not_sent():
    async def run():
        async with serve_web(answer(OK)) as web, client() as ours:
            found = await ours.post(web.url(), b"", {"X-A": "b\r\nX-Evil: 1"}, seconds=5)
            return found, web.requests

    found, requests = asyncio.run(run())
    assert found.problem.startswith("The request cannot be sent: ")
    assert requests == []


def test_a_connection_is_used_again_but_not_for_ever(monkeypatch):
    async def run():
        async with serve_web(answer(OK)) as web, client() as ours:
            for _ in range(3):
                await ours.post(web.url(), b"", {}, seconds=5)
            return web.connections

    assert asyncio.run(run()) == 1
    monkeypatch.setattr(guarded, "LIFE", -1.0)
    assert asyncio.run(run()) == 3


@pytest.mark.parametrize(
    "said", [OK, OK.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked").replace(b"ok", b"0\r\n\r\n")]
)
def test_an_answer_that_nobody_asked_for_is_none_to_the_next_call(said):
    planted = b"HTTP/1.1 299 Planted\r\nContent-Length: 0\r\n\r\n"

    async def run():
        async with serve_web(answer(said + planted)) as web, client() as ours:
            found = [await ours.post(web.url(), b"", {}, seconds=5) for _ in range(3)]
            return [each.status for each in found], web.connections

    assert asyncio.run(run()) == ([200, 200, 200], 3)


def test_who_sends_without_end_is_given_up_soon():
    async def go_on(reader, writer):
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
            await writer.drain()

    found, _ = call(go_on, seconds=30.0)
    assert (found.status, found.seconds < 5) == (0, True)
    assert "it sends without end" in found.problem


def test_cookies_are_not_kept():
    async def run():
        async with serve_web(answer(OK.replace(b"X-Two: a", b"Set-Cookie: a=b"))) as web, client() as ours:
            for _ in range(2):
                await ours.post(web.url(), b"", {}, seconds=5)
            return web.requests[1].lower()

    assert b"cookie" not in asyncio.run(run())


def test_the_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert call(answer(OK))[0].status == 200


# What a server may try


@pytest.mark.parametrize("status", [b"301", b"302", b"307", b"308"])
def test_a_redirect_is_an_answer_and_not_followed(status):
    async def run():
        async with serve_web(answer(OK)) as inside:
            said = b"HTTP/1.1 %b Moved\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (status, inside.url().encode())
            async with serve_web(answer(said)) as web, client() as ours:
                return await ours.post(web.url(), b"", {}, seconds=5), inside.connections

    found, connections = asyncio.run(run())
    assert (found.status, connections) == (int(status), 0)


def test_a_huge_body_is_cut_and_its_connection_dropped():
    async def run():
        huge = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", b"x" * 100_000, 0)
        async with serve_web(huge) as web, client() as ours:
            return [await ours.post(web.url(), b"", {}, seconds=5, most=1000) for _ in range(2)], web.connections

    found, connections = asyncio.run(run())
    assert [(each.status, each.body, each.problem) for each in found] == [(200, b"x" * 1000, "")] * 2
    assert connections == 2


def test_a_body_of_just_the_most_is_whole():
    assert call(answer(OK), most=2)[0].body == b"ok"
    assert call(answer(OK), most=0)[0].body == b""


def test_a_compressed_body_is_not_unpacked():
    packed = gzip.compress(b"0" * 1_000_000)
    said = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    found, _ = call(answer(said + packed))
    assert found.body == packed[:2000]


@pytest.mark.parametrize(
    "behave",
    [
        hang,
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"", b"H"),
    ],
)
def test_who_does_not_answer_in_time_has_not_answered(behave):
    began = time.monotonic()
    found, _ = call(behave, seconds=0.4)
    assert time.monotonic() - began < 2
    assert (found.status, found.body) == (0, b"")
    assert found.problem.endswith("did not answer within 0.4 seconds.")


def test_a_body_that_drips_is_given_up_in_time():
    found, _ = call(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"), seconds=0.4)
    assert found.status == 200
    assert 0 < len(found.body) < 100
    assert found.problem == "The whole answer did not come within 0.4 seconds."


def test_who_takes_our_body_slowly_is_given_up_in_time():
    async def run():
        async def sip(reader, writer):
            await asyncio.sleep(1)
            writer.transport.abort()

        server = await asyncio.start_server(sip, "127.0.0.1", 0, limit=1)
        async with client() as ours:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            found = await ours.post(url, b"x" * 50_000_000, {}, seconds=0.5)
        server.close()
        await asyncio.sleep(0.6)
        return found

    assert asyncio.run(run()).problem.endswith("did not answer within 0.5 seconds.")


def test_a_header_without_end_is_refused():
    found, _ = call(drip(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"b" * 50_000 + b"\r\n", 0))
    assert found.status == 0
    assert "not whole, or not HTTP" in found.problem


@pytest.mark.parametrize(
    "said", [b"220 mail.example ESMTP\r\n\r\n", b"-ERR unknown command\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n"]
)
def test_what_is_not_http_is_no_answer(said):
    found, _ = call(answer(said))
    assert (found.status, found.body) == (0, b"")
    assert "not HTTP" in found.problem


def test_a_reset_is_no_answer():
    found, _ = call(reset)
    assert found.status == 0
    assert found.problem


def test_a_body_that_breaks_off_is_known_as_such():
    async def behave(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    found, _ = call(behave)
    assert (found.status, found.body) == (200, b"half")
    assert found.problem


def test_nobody_there():
    async def run():
        async with serve_web(hang) as web:
            url = web.url()
        async with client() as ours:
            return await ours.post(url, b"", {}, seconds=5)

    found = asyncio.run(run())
    assert found.status == 0
    assert found.problem.endswith("failed: Connection refused.")


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return keep_self_signed(tmp_path_factory.mktemp("tls") / "tls.pem", "hooks.example")


def call_tls(certificate, name, tls=None):
    async def run(server):
        async with serve_web(answer(OK), tls=make_context(certificate)) as web, client(server, tls=tls) as ours:
            return await ours.post(web.url(name, "https"), b"", {}, seconds=5)

    with serve({("hooks.example", "A"): [PRIVATE], ("other.example", "A"): [PRIVATE]}) as server:
        return asyncio.run(run(server))


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate):
    found = call_tls(certificate, "hooks.example")
    assert found.status == 0
    assert found.problem.startswith("The TLS certificate of hooks.example:")
    assert "self-signed" in found.problem


def test_the_certificate_must_be_of_the_name_that_was_called(certificate):
    tls = ssl.create_default_context(cafile=certificate)
    assert call_tls(certificate, "hooks.example", tls).status == 200
    found = call_tls(certificate, "other.example", tls)
    assert found.status == 0
    assert "Hostname mismatch" in found.problem


def test_tls_where_there_is_none():
    async def run():
        async with serve_web(answer(b"no")) as web, client() as ours:
            return await ours.post(web.url(scheme="https"), b"", {}, seconds=1)

    assert asyncio.run(run()).status == 0


# Names


def test_a_name_is_called_at_the_address_that_was_judged(connects):
    found, server = call_name({("hooks.example", "A"): [PUBLIC]})
    assert connects == [(PUBLIC, 443)]
    assert sorted(kind for _, kind, _ in server.asked) == ["A", "AAAA"]
    assert found.problem == "The connection to hooks.example:443 failed: not in a test."


def test_the_addresses_of_a_name_are_tried_in_turn(connects):
    zone = {("hooks.example", "A"): [PUBLIC, "8.8.4.4"], ("hooks.example", "AAAA"): ["2001:4860:4860::8888"]}
    call_name(zone)
    assert {host for host, _ in connects} == {PUBLIC, "8.8.4.4", "2001:4860:4860::8888"}


@pytest.mark.parametrize(
    "records",
    [
        {"A": [PRIVATE]},
        {"A": [PUBLIC, "10.0.0.1"]},
        {"A": [PUBLIC], "AAAA": ["::1"]},
        {"A": [PUBLIC], "AAAA": ["fd00::1"]},
        {"A": ["169.254.169.254"]},
        {"A": ["0.0.0.0"]},
        {"AAAA": ["::ffff:127.0.0.1"]},
        {"AAAA": ["64:ff9b::7f00:1"]},
        {"AAAA": ["64:ff9b::808:808"]},
        {"AAAA": ["2002:7f00:1::"]},
        {"AAAA": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"]},
        {"AAAA": ["::"]},
    ],
)
def test_a_name_with_any_address_inside_is_not_called(connects, records):
    found, _ = call_name({("hooks.example", kind): values for kind, values in records.items()})
    assert found.status == 0
    assert "is not on the public Internet" in found.problem
    assert connects == []


def test_what_dns64_repeats_is_left_out(connects):
    call_name({("hooks.example", "A"): ["8.8.8.8"], ("hooks.example", "AAAA"): ["64:ff9b::808:808"]})
    assert connects == [("8.8.8.8", 443)]


def test_an_alias_to_the_inside_is_not_called(connects):
    found, _ = call_name({("hooks.example", "CNAME"): ["inside.example."], ("inside.example", "A"): ["10.0.0.8"]})
    assert "10.0.0.8 is not on the public Internet" in found.problem
    assert connects == []


@pytest.mark.parametrize(
    ("zone", "faults", "said"),
    [
        ({}, {}, "The name hooks.example does not exist."),
        ({("hooks.example", "TXT"): ["x"]}, {}, "The name hooks.example has no address."),
        ({}, {"hooks.example": SERVFAIL}, "could not be looked up"),
        ({}, {"hooks.example": SILENT}, "did not answer within 0.5 seconds"),
    ],
)
def test_a_name_without_an_address(zone, faults, said):
    async def run(server):
        async with client(server, ()) as ours:
            return await ours.post("http://hooks.example/", b"", {}, seconds=0.5)

    with serve(zone, faults) as server:
        assert said in asyncio.run(run(server)).problem


class Rebinding(FaultyNameServer):
    """Answers what is allowed the first time, and what is not ever after."""

    def _find_in_zone(self, name, rdtype):
        first = sum(kind == "A" for _, kind, _ in self.asked) <= 1
        return ["127.0.0.2" if first else "127.0.0.1"] if rdtype == "A" else []


def test_a_name_that_is_bound_anew_leads_nowhere_else(monkeypatch):
    """127.0.0.2 stands for the Internet here, 127.0.0.1 for the inside: each has a server on the same port."""

    async def run(server):
        resolver = Resolver((server.endpoint,))
        async with serve_web(answer(OK), host="127.0.0.2") as outside:
            trap = await asyncio.start_server(lambda *_: pytest.fail("reached"), "127.0.0.1", outside.port)
            async with Client(resolver=resolver, allowed=(ip_network("127.0.0.2/32"),)) as ours:
                first = await ours.post(outside.url("rebind.example"), b"", {}, seconds=5)
                asked = len(server.asked)
                resolver.forget()
                second = await ours.post(outside.url("rebind.example"), b"", {}, seconds=5)  # on the same connection
                monkeypatch.setattr(guarded.clock, "monotonic", lambda: time.monotonic() + guarded.LIFE + 1)
                third = await ours.post(outside.url("rebind.example"), b"", {}, seconds=5)
            trap.close()
            return first, asked, second, third

    with Rebinding({}, {}) as server:
        first, asked, second, third = asyncio.run(run(server))
    assert (first.status, first.address, asked) == (200, "127.0.0.2", 2)
    assert (second.status, second.address) == (200, "127.0.0.2")
    assert third.status == 0
    assert "127.0.0.1 is not on the public Internet" in third.problem


# URLs

CALLABLE = [
    "http://hooks.example/",
    "HTTPS://Hooks.Example:8443/a/b?c=d&e=%20",
    "https://hooks.example.",
    "https://hooks.example:443",
    "https://hooks.example?x=1",
    "http://my_hook.team-1.example/",
    "https://bücher.example/ü",
    "https://xn--bcher-kva.example/",
    "http://8.8.8.8/",
    "http://[2001:4860:4860::8888]:8080/",
    "http://[::ffff:8.8.8.8]/",
    "https://hooks.example/@user/a:b;c=(d)*!$'[x]",
    "https://1.example/",
    "https://hooks.example:0443/",
]
NEVER = [
    "",
    "hooks.example",
    "//hooks.example/",
    "http:/hooks.example/",
    "http:hooks.example",
    "http:///hooks.example/",
    "http://",
    "http://:80/",
    "http://?x",
    "ftp://hooks.example/",
    "file:///etc/passwd",
    "gopher://hooks.example:70/_x",
    "dict://hooks.example:11211/stat",
    "ldap://hooks.example/",
    "jar:http://hooks.example!/",
    "javascript:alert(1)",
    "http://user@hooks.example/",
    "http://user:secret@hooks.example/",
    "http://@hooks.example/",
    "http://hooks.example#@127.0.0.1/",
    "http://127.0.0.1#@hooks.example/",
    "http://hooks.example/#here",
    "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
    "http://127.1.1.1:80\\@127.2.2.2:80/",
    "http:\\\\hooks.example\\",
    "http://hooks.example\\.inside.example/",
    "http://hooks.example/\r\nHost: x",
    "http://hooks.example/a b",
    " http://hooks.example/",
    "http://hooks.example/\n",
    "http://hooks.example/\t",
    "http://hooks.example/\x00",
    "http://hooks.example%2f@127.0.0.1/",
    "http://hooks%2eexample/",
    "http://127.0.0.1%00.example/",
    "http://hooks.example:80:80/",
    "http://hooks.example:80a/",
    "http://hooks.example:-80/",
    "http://hooks.example:99999/",
    "http://hooks.example:0/",
    "http://hooks.example:22/",
    "http://hooks.example:25/",
    "http://hooks.example:6379/",
    "http://hooks.example:5432/",
    "http://hooks.example:11211/",
    "http://hooks.example:9200/",
    "http://hooks.example:2375/",
    "http://8.8.8.8:6379/",
    "http://localhost/",
    "http://LOCALHOST.:8080/",
    "http://ip6-localhost/",
    "http://a.localhost/",
    "http://printer/",
    "http://printer.local/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://kubernetes.default.svc/",
    "http://kubernetes.default.svc.cluster.local/",
    "http://router.lan/",
    "http://nas.home.arpa/",
    "http://1.0.0.127.in-addr.arpa/",
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0:8080/",
    "http://2130706433/",
    "http://3232235521/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://00000177.1/",
    "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0x7f.1/",
    "http://0X7F.0.0.1/",
    "http://0x/",
    "http://127.0.0.1.0x1/",
    "http://425.510.425.510/",
    "http://7147006462/",
    "http://0xA9FEA9FE/",
    "http://0xA9.0xFE.0xA9.0xFE/",
    "http://2852039166/",
    "http://169.254.169.254/latest/meta-data/",
    "http://①②⑦.⓪.⓪.①/",
    "http://⑯⑨。②⑤④。⑯⑨｡②⑤④/",
    "http://127。0。0。1/",
    "http://１２７.0.0.1/",
    "http://ⓛocalhost/",
    "http://loc\u00adalhost/",
    "http://loc\u200balhost/",
    "http://[::]/",
    "http://[::1]:8080/",
    "http://[0000::1]/",
    "http://[0:0:0:0:0:0:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::8.8.8.8]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[2001:4860:4860::8888%1]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
    "http://[::1/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://[::1].example/",
    "http://::1/",
    "http://2001:4860:4860::8888/",
    "http://-a.example/",
    "http://a..example/",
    "http://.example/",
    "http://hooks.example../",
    "http://./",
    "http://a!b.example/",
    f"http://{'a' * 64}.example/",
    f"http://{'a.' * 130}example/",
    "http://hooks.example/" + "a" * 2000,
    "http://\ud800.example/",
    "http://hooks.example/\ud800",
    "http://xn--\u2100.example/",
    "http://a℀b.example/",
]


@pytest.mark.parametrize("url", CALLABLE)
def test_an_honest_url_is_callable(url):
    assert check_url(url, ()) == ""


@pytest.mark.parametrize("url", NEVER)
def test_a_url_that_leads_astray_is_refused_in_a_sentence(url):
    said = check_url(url, ())
    assert said.endswith(".")
    assert len(said) > 20


@pytest.mark.parametrize("url", NEVER)
def test_and_neither_called_nor_looked_up(url, connects):
    async def run():
        async with client(None, ()) as ours:
            return await ours.post(url, b"", {}, seconds=5)

    found = asyncio.run(run())
    assert (found.status, connects) == (0, [])
    assert found.problem == check_url(url, ())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:25/", "http://[::ffff:127.0.0.1]:6379/", "http://inside:6379/", "http://hooks.internal/"]
)
def test_what_the_operator_allows_may_be_called_on_any_port(url, settings):
    settings.GATEPOST_WEBHOOK_ALLOW = LOOPBACK
    assert check_url(url) == ""
    settings.GATEPOST_WEBHOOK_ALLOW = ()
    assert check_url(url) != ""


@pytest.mark.parametrize(("name", "address"), [("inside", "10.0.0.1"), ("inside", PUBLIC), ("out.example", PUBLIC)])
def test_but_only_what_is_allowed(connects, name, address):
    found, _ = call_name({(name, "A"): [address]}, name, 6379, allowed=LOOPBACK)
    assert (found.status, connects) == (0, [])
    assert "is not" in found.problem


def test_a_name_of_the_inside_leads_to_the_address_that_is_allowed(connects):
    call_name({("inside", "A"): [PRIVATE]}, "inside", 6379, allowed=LOOPBACK)
    assert connects == [(PRIVATE, 6379)]


def judge(ip):
    return check_address(ip_address(ip), 443, ()) == "" and check_url(f"https://{f'[{ip}]' if ':' in ip else ip}/", ()) == ""


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_addresses_of_the_corpora(corpus):
    smokescreen = json.loads((corpus / "ssrf_smokescreen_ips.json").read_text())
    expected = [(each["ip"], each["smokescreen"] == "ipAllowDefault") for each in smokescreen]
    expected += [tuple(each) for each in json.loads((corpus / "ssrf_svix_is_allowed.json").read_text())]
    assert len(expected) > 20
    assert [(ip, judge(ip)) for ip, _ in expected] == expected
