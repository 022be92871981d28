"""Keys change while mail flows, and no signature is wrong at any time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from domains.actions import delete_domain
from domains.keys import add_keys, signers_for
from domains.models import DKIMKey, SenderDomain, SMTPUser
from domains.records import OVERLAP, Purpose, records_of
from domains.rotation import cancel_rotation, delete_retired, rotate_keys
from domains.verdicts import PASS, judge
from domains.verification import check_domain
from gateway.base.errors import FieldInvalid
from gateway.engine.accept import accept
from gateway.engine.drain import Drain
from gateway.engine.submission import Addressee, Mailbox, Submission
from gateway.models import Recipient
from tests.domains.zones import Clock, publish
from tests.support.dns import FaultyNameServer
from tests.support.sink import Sink, running_sink


def selectors(domain: SenderDomain) -> list[str]:
    return [signer.selector for signer in signers_for(domain.pk)]


@pytest.fixture
def signing(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> SenderDomain:
    """shop.example, verified and signing with its first keys."""
    publish(dns, shop)
    check_domain(shop)
    return shop


def test_it_works(signing: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    old = selectors(signing)
    made = [key.selector for key in rotate_keys(signing)]
    assert made == [f"{selector}2" for selector in old]
    check_domain(signing)
    assert selectors(signing) == old  # nothing is published yet
    publish(dns, signing)
    time.move(minutes=1)
    check_domain(signing)
    assert selectors(signing) == made
    assert signing.is_verified
    retired = DKIMKey.objects.filter(domain=signing, retired_at=time.now, is_active=False)
    assert sorted(retired.values_list("selector", flat=True)) == sorted(old)


def test_each_key_takes_over_by_itself(signing: SenderDomain, dns: FaultyNameServer) -> None:
    rsa, ed25519 = selectors(signing)
    rotate_keys(signing)
    publish(dns, signing)
    del dns.zone[f"{rsa}2._domainkey.shop.example", "TXT"]
    check_domain(signing)
    assert selectors(signing) == [rsa, f"{ed25519}2"]
    publish(dns, signing)
    check_domain(signing)
    assert selectors(signing) == [f"{rsa}2", f"{ed25519}2"]


def test_a_trusted_domain_rotates_by_dns_too(signing: SenderDomain, dns: FaultyNameServer) -> None:
    SenderDomain.objects.filter(pk=signing.pk).update(is_trusted=True)
    signing.refresh_from_db()
    old = selectors(signing)
    rotate_keys(signing)
    assert selectors(signing) == old


def test_one_rotation_at_a_time(signing: SenderDomain) -> None:
    rotate_keys(signing)
    with pytest.raises(FieldInvalid, match="wait for their records already"):
        rotate_keys(signing)
    assert cancel_rotation(signing) == 2
    assert len(rotate_keys(signing)) == 2


def test_the_records_of_retired_keys_stay_recommended_for_a_week(
    signing: SenderDomain, dns: FaultyNameServer, time: Clock
) -> None:
    rotate_keys(signing)
    publish(dns, signing)
    check_domain(signing)
    notes = [record.note for record in records_of(signing) if record.purpose is Purpose.DKIM]
    assert [note.split(" ")[0] for note in notes] == ["Signs", "Signs", "Retired.", "Retired."]
    assert f"{time.now + OVERLAP:%-d %B %Y}" in notes[2]
    time.now += OVERLAP
    assert delete_retired(time.now) == 0
    time.move(seconds=1)
    assert delete_retired(time.now) == 2
    assert len(selectors(signing)) == 2


def test_the_selector_of_a_deleted_key_is_not_given_again(signing: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    first = selectors(signing)[0]
    rotate_keys(signing)
    publish(dns, signing)
    check_domain(signing)
    DKIMKey.objects.filter(domain=signing, is_active=False).delete()
    assert next(key.selector for key in add_keys(signing)) == f"{first}3"


def test_a_retired_key_in_dns_proves_nothing(signing: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    rotate_keys(signing)
    publish(dns, signing)
    check_domain(signing)
    for selector in selectors(signing):
        del dns.zone[f"{selector}._domainkey.shop.example", "TXT"]
    time.move(hours=1)
    check_domain(signing)
    assert signing.failing_since == time.now


def test_records_of_retired_keys_may_go_without_harm(signing: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    old = selectors(signing)
    rotate_keys(signing)
    publish(dns, signing)
    check_domain(signing)
    for selector in old:
        del dns.zone[f"{selector}._domainkey.shop.example", "TXT"]
    time.move(hours=1)
    check_domain(signing)
    assert (signing.failing_since, signing.is_verified) == (None, True)
    assert len(selectors(signing)) == 2
    assert signing.next_check_at > time.now + timedelta(hours=20)  # nothing is awaited


class Post:
    """Mail from shop.example through the queue, to a receiving server that real DNS leads to."""

    def __init__(self, domain: SenderDomain, sink: Sink) -> None:
        self.domain = domain
        self.sink = sink

    def accept(self) -> None:
        submission = Submission(
            account_id=self.domain.account_id,
            smtp_user_id=SMTPUser.objects.for_account(self.domain.account_id).get().pk,
            door="smtp",
            sender=Mailbox(email=f"ann@{self.domain.name}"),
            recipients=(Addressee(email="bob@inbox.example"),),
            subject="Hello",
            text="Hello, Bob.",
        )
        accept([submission])

    def send(self) -> None:
        drain = Drain()
        drain.work(seconds=30, idle=0.3)
        drain.close()


@pytest.fixture
def post(signing: SenderDomain, dns: FaultyNameServer, settings: Any) -> Iterator[Post]:
    dns.zone |= {("inbox.example", "MX"): ["10 mx.inbox.example."], ("mx.inbox.example", "A"): ["127.0.0.1"]}
    with running_sink(()) as sink:
        settings.GATEPOST_MX_ALLOW = (ip_network("127.0.0.0/8"),)
        settings.GATEPOST_MX_PORT = sink.port
        yield Post(signing, sink)


@pytest.mark.django_db(transaction=True)
def test_mail_before_between_and_after_verifies(post: Post, signing: SenderDomain, dns: FaultyNameServer) -> None:
    post.accept()
    post.send()
    rotate_keys(signing)
    post.accept()
    post.send()
    post.accept()  # under way while the keys change
    publish(dns, signing)
    check_domain(signing)
    post.send()
    contents = [message.content or b"" for message in post.sink.messages]
    old, new = (f"s={key.selector};".encode() for key in signing.dkim_keys.filter(algorithm="rsa").order_by("pk"))
    assert [old in content for content in contents] == [True, True, False]
    assert [new in content for content in contents] == [False, False, True]
    assert {content.count(b"DKIM-Signature:") for content in contents} == {2}
    assert [judge(content) for content in contents] == [PASS] * 3
    assert {(message.mail_from or "").rpartition("@")[2] for message in post.sink.messages} == {"bounce.shop.example"}


@pytest.mark.django_db(transaction=True)
def test_mail_under_way_from_a_deleted_domain_fails(post: Post, signing: SenderDomain) -> None:
    post.accept()
    delete_domain(signing)
    post.send()
    assert Recipient.objects.get().state == "failed"
    assert not post.sink.messages
