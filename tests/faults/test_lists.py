"""Whoever takes the members of lists in is killed again and again; then each of them has one copy, no more and no less."""

from __future__ import annotations

import os
import random
import subprocess
import sys
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
KILLS = 30
STEPS = 100  # into the database and out of it again, within which a process is killed: a few batches, on any machine
EXPAND = """
import os
import signal
import sys
import django
django.setup()
from gateway.engine import lists

lists.BATCH = 100


def expand():
    while lists.expand(60):
        pass


def expand_until(left):
    def count(frame, event, arg):
        nonlocal left
        left -= (arg.__name__ if event.startswith("c_") else frame.f_code.co_name) in {"execute", "executemany", "commit"}
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    lists.expand(0)  # one batch: what is done but once, as to connect, is not counted
    sys.setprofile(count)
    expand()


for steps in map(int, sys.argv[1:]):
    child = os.fork()
    if not child:
        expand_until(steps)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the process was done before it could be killed"
if not sys.argv[1:]:
    expand()
"""


def start(env: dict[str, str], *steps: int) -> subprocess.Popen[bytes]:
    """Start a process that expands; where steps are given, one after the other that is killed at the last of so many."""
    return subprocess.Popen([sys.executable, "-c", EXPAND, *map(str, steps)], env=env)


def expanded() -> int:
    return sum(ListTask.objects.values_list("expanded", flat=True))


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
    assert start(process_env, *(dice.randrange(STEPS) + 1 for _ in range(KILLS))).wait(120) == 0
    assert KILLS * 100 < expanded() < MEMBERS, "the kills came too early or too late to prove anything"
    pair = [start(process_env), start(process_env)]  # two beside each other, as two workers
    assert [process.wait(120) for process in pair] == [0, 0]
    wait_for(lambda: not ListTask.objects.exclude(state="done").exists(), lambda: "not all is done")
    copies = Counter(email.lower() for email in Recipient.objects.values_list("email", flat=True))
    assert copies == Counter(f"p{number}@inbox.example" for number in range(MEMBERS))
    assert sorted(Recipient.objects.values_list("position", flat=True)) == list(range(MEMBERS))
    told = Event.objects.filter(type="accepted").values_list("recipient_id", flat=True)
    assert set(told) == set(Recipient.objects.values_list("pk", flat=True))
    assert [task.added for task in ListTask.objects.order_by("position")] == [half, MEMBERS - half]
