"""Every mistake that people and panels make in DNS is found in a real name server's answers, and named in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.actions import add_domain
from domains.checking.examine import Plan, examine
from domains.checking.findings import Finding, Verdict
from domains.checking.keyrecords import KeyFacts
from domains.checking.tags import read_tags
from domains.keys import make_private_key, write_public_key
from domains.models import SenderDomain
from domains.records import Purpose, Record, records_of
from domains.verification import _plan
from gateway.base.resolver import Resolver
from tests.domains.zones import RETURNS, publish, record
from tests.support.cast import Tenant
from tests.support.dns import SERVFAIL, SILENT, FaultyNameServer, serve

INCLUDE = f"include:{RETURNS}"


@pytest.fixture
def published(shop: SenderDomain, dns: FaultyNameServer) -> SenderDomain:
    publish(dns, shop)
    return shop


def look(domain: SenderDomain, purpose: Purpose) -> Finding:
    """Return what is found of one record; of the keys, of the RSA one."""
    (findings,) = examine([_plan(domain)])
    return next(finding for finding in findings if finding.record.purpose is purpose)


def put(dns: FaultyNameServer, domain: SenderDomain, purpose: Purpose, *values: str, at: str = "") -> None:
    """Put values in the place of a record, or at another name and none in its place."""
    one = record(domain, purpose)
    del dns.zone[one.name, one.type]
    if values:
        dns.zone[at or one.name, one.type] = [value.format(value=one.value) for value in values]


def test_it_works(published: SenderDomain) -> None:
    (findings,) = examine([_plan(published)])
    assert [finding.record for finding in findings] == list(records_of(published))
    assert {(finding.verdict, finding.sentence) for finding in findings} == {(Verdict.GOOD, "")}


OWNERSHIP: Mapping[str, tuple[tuple[str, ...], str, Verdict]] = {
    "nothing": ((), "no TXT record at _gatepost.shop.example yet", Verdict.MISSING),
    "quotes doubled": (('"{value}"',), "quotation marks", Verdict.WRONG),
    "blanks": (("{value} ",), "spaces", Verdict.WRONG),
    "cut off": (("gatepost-verify=",), "cut off", Verdict.WRONG),
    "another's": (("gatepost-verify=someone-elses",), "of another account", Verdict.WRONG),
    "other texts": (("v=spf1 -all",), "but not this one", Verdict.MISSING),
}


def test_ownership_beside_other_texts(published: SenderDomain, dns: FaultyNameServer) -> None:
    put(dns, published, Purpose.OWNERSHIP, "v=spf1 -all", "{value}", "google-site-verification=x")
    assert look(published, Purpose.OWNERSHIP).is_ok


@pytest.mark.parametrize("case", OWNERSHIP)
def test_mistakes_of_ownership(case: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    values, sentence, verdict = OWNERSHIP[case]
    put(dns, published, Purpose.OWNERSHIP, *values)
    finding = look(published, Purpose.OWNERSHIP)
    assert finding.verdict is verdict
    assert sentence in finding.sentence


def test_ownership_in_other_letters(published: SenderDomain, dns: FaultyNameServer) -> None:
    put(dns, published, Purpose.OWNERSHIP, record(published, Purpose.OWNERSHIP).value.upper())
    assert "Capital and small letters" in look(published, Purpose.OWNERSHIP).sentence


def test_ownership_without_its_beginning(published: SenderDomain, dns: FaultyNameServer) -> None:
    put(dns, published, Purpose.OWNERSHIP, published.verification_token)
    assert "begins with gatepost-verify=" in look(published, Purpose.OWNERSHIP).sentence


@pytest.mark.parametrize("purpose", [Purpose.OWNERSHIP, Purpose.DKIM, Purpose.DMARC, Purpose.RETURN_PATH, Purpose.TRACKING])
def test_a_panel_that_appends_the_domain(purpose: Purpose, published: SenderDomain, dns: FaultyNameServer) -> None:
    one = record(published, purpose)
    put(dns, published, purpose, "{value}", at=f"{one.name}.shop.example")
    finding = look(published, purpose)
    assert finding.verdict is Verdict.WRONG
    assert f"found at {one.name}.shop.example" in finding.sentence
    assert f"enter only {one.name.removesuffix('.shop.example')} as its name" in finding.sentence


@pytest.mark.parametrize("purpose", [Purpose.OWNERSHIP, Purpose.DKIM, Purpose.DMARC])
def test_a_record_at_the_domain_itself(purpose: Purpose, published: SenderDomain, dns: FaultyNameServer) -> None:
    one = record(published, purpose)
    dns.zone["shop.example", "TXT"].append(one.value)
    put(dns, published, purpose)
    assert f"found at shop.example instead of {one.name}" in look(published, purpose).sentence


def test_a_wildcard_proves_nothing(published: SenderDomain, dns: FaultyNameServer) -> None:
    for one in records_of(published):
        dns.zone[one.name, "TXT"] = ["v=spf1 -all"]
        dns.zone.pop((one.name, "CNAME"), None)
    (findings,) = examine([_plan(published)])
    required = [finding for finding in findings if finding.record.purpose in {Purpose.OWNERSHIP, Purpose.DKIM}]
    assert {finding.verdict for finding in required} == {Verdict.MISSING}


KEY: Mapping[str, tuple[str, str]] = {
    "quotes doubled": ('"{value}"', "quotation marks"),
    "two strings typed by hand": ('{value}" "', "quotation marks"),
    "semicolons escaped": ("v=DKIM1\\; k=rsa\\; p={p}", "backslashes"),
    "not tags": ("v=DKIM1; p={p}; hello", "not a list of tags"),
    "v wrong": ("v=dkim1; k=rsa; p={p}", "must begin with v=DKIM1"),
    "v later": ("k=rsa; v=DKIM1; p={p}", "must be the first tag"),
    "revoked": ("v=DKIM1; k=rsa; p=", "revoked"),
    "testing": ("v=DKIM1; k=rsa; t=y; p={p}", "t=y"),
    "testing among flags": ("v=DKIM1; k=rsa; t=s:y; p={p}", "t=y"),
    "of another service": ("v=DKIM1; k=rsa; s=tlsrpt; p={p}", "does not allow e-mail"),
    "of another hash": ("v=DKIM1; k=rsa; h=sha1; p={p}", "does not allow sha256"),
    "of another kind": ("v=DKIM1; k=ed25519; p={p}", "k=ed25519, but this is a key of kind k=rsa"),
    "of another selector": ("v=DKIM1; k=rsa; p={other}", "the values were swapped"),
    "another's": ("v=DKIM1; k=rsa; p=TUlJ", "not this domain's"),
    "cut off": ("v=DKIM1; k=rsa; p={short}", "cut off; enter the value whole"),
}


@pytest.mark.parametrize("case", KEY)
def test_mistakes_of_keys(case: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    value, sentence = KEY[case]
    rsa, ed25519 = published.dkim_keys.order_by("pk")
    one = record(published, Purpose.DKIM)
    texts = {"p": rsa.public_key, "other": ed25519.public_key, "short": rsa.public_key[:100], "value": one.value}
    dns.zone[one.name, "TXT"] = [value.format(**texts)]
    finding = look(published, Purpose.DKIM)
    assert finding.verdict is Verdict.WRONG
    assert sentence in finding.sentence


def test_a_key_cut_after_255_characters(published: SenderDomain, dns: FaultyNameServer) -> None:
    put(dns, published, Purpose.DKIM, record(published, Purpose.DKIM).value[:255])
    assert "cut off after 255 characters" in look(published, Purpose.DKIM).sentence


def test_two_records_of_one_key(published: SenderDomain, dns: FaultyNameServer) -> None:
    put(dns, published, Purpose.DKIM, "{value}", "v=DKIM1; p=TUlJ")
    assert "2 TXT records" in look(published, Purpose.DKIM).sentence


def test_a_key_without_version_works_and_is_advised(published: SenderDomain, dns: FaultyNameServer) -> None:
    put(dns, published, Purpose.DKIM, record(published, Purpose.DKIM).value.removeprefix("v=DKIM1; "))
    finding = look(published, Purpose.DKIM)
    assert finding.is_ok
    assert "v=DKIM1; is missing" in finding.sentence


@pytest.mark.parametrize("spelling", ["v=DKIM1;k=rsa;p={p};", "v=DKIM1; k=rsa; t=s; n=note; p= {spaced}", "v=DKIM1; p={p}"])
def test_other_spellings_of_a_right_key(spelling: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    public = published.dkim_keys.get(algorithm="rsa").public_key
    spaced = " ".join(public[at : at + 64] for at in range(0, len(public), 64))
    put(dns, published, Purpose.DKIM, spelling.format(p=public, spaced=spaced))
    assert look(published, Purpose.DKIM).is_ok


def test_a_key_behind_a_cname(published: SenderDomain, dns: FaultyNameServer) -> None:
    one = record(published, Purpose.DKIM)
    dns.zone["keys.elsewhere.example", "TXT"] = dns.zone.pop((one.name, "TXT"))
    dns.zone[one.name, "CNAME"] = ["keys.elsewhere.example."]
    assert look(published, Purpose.DKIM).is_ok


def test_a_key_that_is_not_what_signs_is_found_out_by_the_probe(published: SenderDomain, dns: FaultyNameServer) -> None:
    """The row's public half stands in DNS, but the private half is another's: only a signature can tell."""
    public = write_public_key(make_private_key("rsa"))
    published.dkim_keys.filter(algorithm="rsa").update(public_key=public)
    put(dns, published, Purpose.DKIM, f"v=DKIM1; k=rsa; p={public}")
    assert "does not verify" in look(published, Purpose.DKIM).sentence


def test_a_key_that_was_sealed_elsewhere(published: SenderDomain, settings) -> None:
    settings.GATEPOST_SECRET_KEYS = ("another",)
    finding = look(published, Purpose.DKIM)
    assert finding.verdict is Verdict.UNKNOWN
    assert "Operator: look at GATEPOST_SECRET_KEYS" in finding.sentence


def test_a_mistake_in_dns_is_one_although_the_key_does_not_open(
    published: SenderDomain, dns: FaultyNameServer, settings
) -> None:
    settings.GATEPOST_SECRET_KEYS = ("another",)
    put(dns, published, Purpose.DKIM, "v=DKIM1; p=")
    assert look(published, Purpose.DKIM).verdict is Verdict.WRONG


ALIASES: Mapping[str, tuple[dict[tuple[str, str], list[str]], Verdict, str]] = {
    "nothing": ({}, Verdict.MISSING, "no CNAME record at bounce.shop.example yet"),
    "elsewhere": ({("bounce.shop.example", "CNAME"): ["other.example."]}, Verdict.WRONG, "points to other.example instead"),
    "domain appended": (
        {("bounce.shop.example", "CNAME"): [f"{RETURNS}.shop.example."]},
        Verdict.WRONG,
        f"End the value with a dot: {RETURNS}.",
    ),
    "an address": ({("bounce.shop.example", "A"): ["192.0.2.7"]}, Verdict.WRONG, "an address (192.0.2.7)"),
    "a v6 address": ({("bounce.shop.example", "AAAA"): ["2001:db8::7"]}, Verdict.WRONG, "switch the proxy off"),
    "a chain": (
        {("bounce.shop.example", "CNAME"): ["a.other.example."], ("a.other.example", "CNAME"): [f"{RETURNS}."]},
        Verdict.GOOD,
        "",
    ),
    "a chain elsewhere": (
        {("bounce.shop.example", "CNAME"): ["a.other.example."], ("a.other.example", "CNAME"): ["b.other.example."]},
        Verdict.WRONG,
        "a.other.example and on to b.other.example",
    ),
    "a loop": (
        {("bounce.shop.example", "CNAME"): ["a.other.example."], ("a.other.example", "CNAME"): ["bounce.shop.example."]},
        Verdict.WRONG,
        "instead of",
    ),
}


@pytest.mark.parametrize("case", ALIASES)
def test_aliases(case: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    zone, verdict, sentence = ALIASES[case]
    del dns.zone["bounce.shop.example", "CNAME"]
    dns.zone |= zone
    finding = look(published, Purpose.RETURN_PATH)
    assert finding.verdict is verdict
    assert sentence in finding.sentence


SPF: Mapping[str, tuple[tuple[str, ...], Verdict, str]] = {
    "nothing": ((), Verdict.MISSING, "no SPF record"),
    "ours among others": ((f"v=spf1 mx ip4:192.0.2.0/24 {INCLUDE} -all",), Verdict.GOOD, ""),
    "beside other texts": ((f"v=spf1 {INCLUDE} ~all", "google-site-verification=x"), Verdict.GOOD, ""),
    "by another include": (("v=spf1 include:_spf.shop.example ~all",), Verdict.GOOD, ""),
    "by a redirect": (("v=spf1 redirect=_spf.shop.example",), Verdict.GOOD, ""),
    "two": ((f"v=spf1 {INCLUDE} ~all", "v=spf1 mx -all"), Verdict.WRONG, "2 SPF records"),
    "not ours": (("v=spf1 mx -all",), Verdict.WRONG, f"add {INCLUDE}"),
    "misspelt": ((f"v=spf1 {INCLUDE} -al",), Verdict.WRONG, "The term '-al'"),
    "spaced": (("v=spf1 include: returns.example ~all",), Verdict.WRONG, "The term 'include:'"),
    "quoted": ((f'"v=spf1 {INCLUDE} ~all"',), Verdict.WRONG, "quotation marks"),
    "too many look-ups": (("v=spf1 " + "a:h.example " * 11 + INCLUDE,), Verdict.WRONG, "more than 10 DNS look-ups"),
    "too many within": (("v=spf1 include:big.example " + INCLUDE,), Verdict.WRONG, "more than 10 DNS look-ups"),
    "a loop": ((f"v=spf1 include:loop.example {INCLUDE} ~all",), Verdict.GOOD, ""),
}


@pytest.mark.parametrize("case", SPF)
def test_spf(case: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    values, verdict, sentence = SPF[case]
    dns.zone["_spf.shop.example", "TXT"] = [f"v=spf1 {INCLUDE} ~all"]
    dns.zone["big.example", "TXT"] = [
        "v=spf1 mx a ptr exists:x.example a:b.example mx:c.example a:d.example a:e.example mx a ?all"
    ]
    dns.zone["loop.example", "TXT"] = ["v=spf1 include:loop.example -all"]
    put(dns, published, Purpose.SPF, *values)
    finding = look(published, Purpose.SPF)
    assert finding.verdict is verdict
    assert sentence in finding.sentence


DMARC: Mapping[str, tuple[tuple[str, ...], Verdict, str]] = {
    "nothing": ((), Verdict.MISSING, "no TXT record at _dmarc.shop.example"),
    "another policy": (("v=DMARC1; p=reject; rua=mailto:d@shop.example; adkim=s",), Verdict.GOOD, ""),
    "two": (("v=DMARC1; p=none", "v=DMARC1; p=reject"), Verdict.WRONG, "2 DMARC records"),
    "no policy": (("v=DMARC1; rua=mailto:d@shop.example",), Verdict.WRONG, "no valid policy"),
    "odd policy": (("v=DMARC1; p=quarantaine",), Verdict.WRONG, "no valid policy"),
    "malformed": (("v=DMARC1 p=none",), Verdict.WRONG, "malformed"),
    "small letters": (("v=dmarc1; p=none",), Verdict.WRONG, "malformed"),
    "quoted": (('"v=DMARC1; p=none"',), Verdict.WRONG, "quotation marks"),
    "escaped": (("v=DMARC1\\; p=none",), Verdict.WRONG, "backslashes"),
}


@pytest.mark.parametrize("case", DMARC)
def test_dmarc(case: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    values, verdict, sentence = DMARC[case]
    put(dns, published, Purpose.DMARC, *values)
    finding = look(published, Purpose.DMARC)
    assert finding.verdict is verdict
    assert sentence in finding.sentence


def test_the_policy_of_the_organisation_holds_below_it(acme: Tenant, dns: FaultyNameServer) -> None:
    dns.zone["_dmarc.shop.co.uk", "TXT"] = ["v=DMARC1; p=reject"]
    finding = look(add_domain(acme.account, "mail.shop.co.uk"), Purpose.DMARC)
    assert finding.is_ok
    assert "The policy of shop.co.uk holds" in finding.sentence


@pytest.mark.parametrize("fault", [SERVFAIL, SILENT])
def test_no_answer_is_no_verdict(fault: str, published: SenderDomain, dns: FaultyNameServer) -> None:
    plan = _plan(published)
    dns.faults = {one.name: fault for one in plan.records}
    (findings,) = examine([plan], seconds=0.5)
    assert {finding.verdict for finding in findings} == {Verdict.UNKNOWN}
    assert all("could not be looked up" in finding.sentence for finding in findings)


def test_many_domains_are_looked_at_beside_each_other(dns: FaultyNameServer) -> None:
    names = [f"d{number}.example" for number in range(32)]
    dns.faults = {f"_gatepost.{name}": SILENT for name in names}
    plans = [Plan(domain=name, records=(ownership_of(name),)) for name in names]
    began = monotonic()
    looked = examine(plans, seconds=0.4)
    assert monotonic() - began < 2
    assert [finding.record.name for (finding,) in looked] == [f"_gatepost.{name}" for name in names]


def ownership_of(name: str) -> Record:
    return Record(purpose=Purpose.OWNERSHIP, name=f"_gatepost.{name}", type="TXT", value="gatepost-verify=token")


@given(st.text(max_size=300))
def test_whatever_tags_are_read_nothing_is_raised(text: str) -> None:
    tags = read_tags(text)
    assert tags is None or all(name.strip() == name for name in tags)


def test_whatever_dns_says_nothing_is_raised() -> None:
    """Bytes of every kind in every TXT record, by a real server."""
    private = make_private_key("ed25519")
    key = KeyFacts(selector="gp1", algorithm="ed25519", public_key=write_public_key(private), signer=None)
    names = {Purpose.OWNERSHIP: "_gatepost.x.example", Purpose.DKIM: "gp1._domainkey.x.example", Purpose.SPF: "x.example"}
    names[Purpose.DMARC] = "_dmarc.x.example"
    records = tuple(
        Record(
            purpose=purpose, name=name, type="TXT", value="gatepost-verify=t", selector="gp1" if purpose is Purpose.DKIM else ""
        )
        for purpose, name in names.items()
    )
    plan = Plan(domain="x.example", records=records, keys={"gp1": key})
    start = st.sampled_from(
        ["", "v=spf1 ", "v=DKIM1; p=", "v=DMARC1;", "gatepost-verify=", '"', f"v=DKIM1; k=ed25519; p={key.public_key};"]
    )
    texts = st.lists(st.builds(lambda head, tail: head + tail, start, st.text(max_size=80)), min_size=1, max_size=3)
    with serve({}) as server:
        resolver = Resolver((server.endpoint,))

        @given(texts)
        def whatever(found: list[str]) -> None:
            server.zone = {(name, "TXT"): found for name in names.values()}
            (findings,) = examine([plan], resolver=resolver)
            assert all(str(finding.as_json()).isprintable() for finding in findings)

        whatever()
