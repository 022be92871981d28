"""A process that sends webhooks is killed with calls under way (promises W8, W9)."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.base import clock
from tests.support.endpoint import HANG
from tests.tracking.webhooks.conftest import World, states
from tracking.models import WebhookDelivery
from tracking.webhooks import queue

pytestmark = pytest.mark.django_db(transaction=True)

SENDER = """
import django
django.setup()
from tracking.webhooks.fanout import FanOut
FanOut().work(60, 60)
"""


def test_nothing_is_lost_and_what_comes_twice_is_the_same(world: Callable[..., World], process_env: dict[str, str]) -> None:
    here = world({"/": lambda times: 200 if times < 4 else HANG})
    here.hook()
    here.happen(12)
    env = process_env | {"GATEPOST_WEBHOOK_ALLOW": "127.0.0.0/8"}
    sender = subprocess.Popen([sys.executable, "-c", SENDER], env=env)
    here.endpoint.until(lambda: len(here.endpoint.calls) == 12, seconds=60)
    sender.kill()
    sender.wait()
    assert states().get("sending", 0) >= 8
    here.endpoint.script["/"] = 200
    here.run()
    assert len(here.endpoint.calls) == 12  # the leases hold
    WebhookDelivery.objects.filter(state="sending").update(lease_until=clock.now() - timedelta(seconds=1))
    assert queue.reclaim() >= 8
    here.run()
    assert states() == {"done": 12}
    heard = Counter((call.headers["webhook-id"], call.body) for call in here.endpoint.calls)
    assert len(heard) == 12
    assert max(heard.values()) == 2
