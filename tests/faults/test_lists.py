"""Whoever takes the members of lists in is killed again and again; then each of them has one copy, no more and no less."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter

import pytest

from gateway.engine import intake
from gateway.engine.mailing import send_to_lists
from gateway.engine.submission import Mailbox, Submission
from gateway.models import ListTask, Recipient
from tests.support.cast import make_tenant
from tests.support.installation import wait_for
from tests.support.lists import make_list
from tracking.models import Event

MEMBERS = int(os.environ.get("GATEPOST_TEST_MEMBERS", "8000"))
KILLS = 6
EXPAND = """
import django
django.setup()
from gateway.engine import lists
lists.BATCH = 100
while lists.expand(60):
    pass
"""


def start(env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", EXPAND], env=env)


def expanded() -> int:
    return sum(ListTask.objects.values_list("expanded", flat=True))


def kill_on_the_way(env: dict[str, str], dice: random.Random) -> bool:
    """Expand, and kill the process somewhere in between; return whether it was still at work."""
    before = expanded()
    process = start(env)
    wait_for(lambda: expanded() > before or process.poll() is not None, lambda: "nothing is taken in")
    time.sleep(dice.uniform(0, 0.15))
    was_at_work = process.poll() is None
    process.kill()
    process.wait(60)
    return was_at_work


@pytest.mark.django_db(transaction=True)
def test_each_member_has_one_copy_whoever_is_killed(process_env: dict[str, str]) -> None:
    tenant, dice = make_tenant("acme"), random.Random(7)
    half = MEMBERS // 2
    one = make_list(tenant.account.pk, [f"p{number}@inbox.example" for number in range(half)], "one")
    two = make_list(tenant.account.pk, [f"P{number}@inbox.example" for number in range(half - 500, MEMBERS)], "two")
    asked = Submission(
        account_id=tenant.account.pk,
        door="sendcloud",
        sender=Mailbox(email="ann@acme.example"),
        recipients=(),
        subject="Hello",
        text="Hello",
    )
    send_to_lists(asked, [one.pk, two.pk])
    intake.close_intake()
    kills = sum(kill_on_the_way(process_env, dice) for _ in range(KILLS))
    assert kills >= KILLS // 2, "the process was done before it could be killed"
    assert expanded() < MEMBERS, "the kills came too late to prove anything"
    pair = [start(process_env), start(process_env)]  # two beside each other, as two workers
    assert [process.wait(120) for process in pair] == [0, 0]
    wait_for(lambda: not ListTask.objects.exclude(state="done").exists(), lambda: "not all is done")
    copies = Counter(email.lower() for email in Recipient.objects.values_list("email", flat=True))
    assert copies == Counter(f"p{number}@inbox.example" for number in range(MEMBERS))
    assert sorted(Recipient.objects.values_list("position", flat=True)) == list(range(MEMBERS))
    told = Event.objects.filter(type="accepted").values_list("recipient_id", flat=True)
    assert set(told) == set(Recipient.objects.values_list("pk", flat=True))
    assert [task.added for task in ListTask.objects.order_by("position")] == [half, MEMBERS - half]
