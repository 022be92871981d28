"""The records to publish are exactly these."""

from __future__ import annotations

import dns.rdatatype
import dns.zone
import pytest
from pytest_django import Settings

from domains.models import SenderDomain, TrackingDomain
from domains.records import Purpose, proof_of_tracking, record_of_tracking, records_of, write_zone
from domains.rotation import rotate_keys
from tests.domains.zones import Clock, record, zone_of


def test_it_works(shop: SenderDomain, time: Clock) -> None:
    rsa, ed25519 = shop.dkim_keys.order_by("pk")
    assert [(record.name, record.type, record.value, record.is_required) for record in records_of(shop)] == [
        ("_gatepost.shop.example", "TXT", f"gatepost-verify={shop.verification_token}", True),
        (f"{rsa.selector}._domainkey.shop.example", "TXT", f"v=DKIM1; k=rsa; p={rsa.public_key}", True),
        (f"{ed25519.selector}._domainkey.shop.example", "TXT", f"v=DKIM1; k=ed25519; p={ed25519.public_key}", False),
        ("bounce.shop.example", "CNAME", "returns.platform.example", False),
        ("shop.example", "TXT", "v=spf1 include:returns.platform.example ~all", False),
        ("track.shop.example", "CNAME", "mail.platform.example", False),
        ("_dmarc.shop.example", "TXT", "v=DMARC1; p=none", False),
    ]


def test_prefixes_name_other_hosts(shop: SenderDomain) -> None:
    shop.subdomain, shop.track_prefix = "mail", "links"
    names = {record.purpose: record.name for record in records_of(shop)}
    assert (names[Purpose.RETURN_PATH], names[Purpose.TRACKING]) == ("mail.shop.example", "links.shop.example")


@pytest.mark.parametrize(
    ("url", "is_of_use"),
    [("https://mail.platform.example", True), ("http://mail.platform.example:8000", False), ("http://192.0.2.1", False)],
)
def test_a_tracking_host_that_cannot_be_used_is_said_to_be_of_no_use(
    url: str, is_of_use: bool, shop: SenderDomain, settings: Settings
) -> None:
    settings.GATEPOST_URL = url
    assert ("Of no use" not in record(shop, Purpose.TRACKING).note) is is_of_use


def test_labels_tell_records_apart(shop: SenderDomain) -> None:
    rotate_keys(shop)
    labels = [record.label for record in records_of(shop)]
    assert len(set(labels)) == len(labels) == 9


def test_the_zone_file_says_the_same(shop: SenderDomain) -> None:
    """dnspython reads the lines and finds each record, the long key whole."""
    records = records_of(shop)
    zone = dns.zone.from_text(write_zone(records), origin=".", relativize=False, check_origin=False)
    found = {
        (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(data.rdtype)): [_text(record) for record in data]
        for name, data in zone.iterate_rdatasets()
    }
    assert found == zone_of(*records)
    assert all(len(line.split('"')[1]) <= 255 for line in write_zone(records).splitlines() if '"' in line)


def _text(record: object) -> str:
    strings = getattr(record, "strings", None)
    return b"".join(strings).decode() if strings else str(record).removesuffix(".")


def test_the_record_of_a_tracking_host(settings) -> None:
    settings.GATEPOST_URL = "https://mail.platform.example"
    record = record_of_tracking(TrackingDomain(name="links.shop.example"))
    assert (record.name, record.type, record.value) == ("links.shop.example", "CNAME", "mail.platform.example")


def test_the_proof_of_a_tracking_host_is_of_one_account_and_host() -> None:
    hosts = [TrackingDomain(name=name, account_id=account) for account in (1, 2) for name in ("a.x.example", "b.x.example")]
    records = [proof_of_tracking(host) for host in hosts]
    assert (records[0].name, records[0].type) == ("_gatepost.a.x.example", "TXT")
    assert all(record.value.startswith("gatepost-verify=") for record in records)
    assert len({record.value for record in records}) == 4
    assert proof_of_tracking(hosts[0]) == records[0]  # nothing of it is stored
