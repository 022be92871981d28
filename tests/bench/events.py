"""Queries over events: millions of one account beside another's, each kind of query timed, and what each index costs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection

from tests.bench import generate, indexes
from tests.bench.surroundings import Surroundings, say
from tracking.models import Event
from tracking.queries import (
    EventFilter,
    aggregate,
    break_down,
    bucketed,
    compare,
    count_events,
    endings,
    find_events,
    receivers,
    totals,
)
from tracking.queries.lines import Split, lines
from tracking.queries.outcomes import last_events
from tracking.queries.refusals import refusals

FAST, SLOW = 100.0, 2_000.0  # milliseconds at the 95th percentile: first pages and roll-ups; everything else
ACCOUNT, OTHER = 1, 2
BATCHES = 300  # of the writer, for each index that is weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    name: str
    p50: float
    p95: float
    limit: float

    @property
    def holds(self) -> bool:
        return self.p95 <= self.limit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=5_000_000, help="of the account (%(default)s)")
    parser.add_argument("--runs", type=int, default=30, help="of each query (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--no-indexes", action="store_true", help="do not weigh the indexes")


def run(options: argparse.Namespace, around: Surroundings) -> bool:
    """Make the events, time the queries, weigh the indexes, and print it all."""
    _prepare(options.events)
    timings = [_time(name, limit, query, options.runs) for name, (limit, query) in _queries().items()]
    costs = {} if options.no_indexes else {name: _weigh(name) for name in indexes.STEPS}
    _print(timings, costs, as_json=options.json)
    return all(timing.holds for timing in timings)


def _prepare(number: int) -> None:
    say(f"Making {number:,} events of one account, and a tenth of that of another ...")
    with generate.built_at_the_end("event_by_words", "event_by_tag"):
        made = generate.make_events(ACCOUNT, number)
        generate.make_events(OTHER, number // 10, first=100_000_000)
        say(f"{made:,} made. Building indexes ...")
    say("Counting the roll-ups ...")
    generate.make_statistics()
    with connection.cursor() as cursor:
        for table in ("tracking_event", "tracking_hourlystatistic"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def _asked(**fields: Any) -> EventFilter:
    return EventFilter(account_id=ACCOUNT, **fields)


def _queries() -> Mapping[str, tuple[float, Callable[[], object]]]:
    last_month = {"since": generate.END - timedelta(days=30), "until": generate.END}
    deep = find_events(_asked(until=generate.START + timedelta(days=20)), limit=1).older
    message = Event.objects.filter(account_id=ACCOUNT)[:1].get().message_id
    latest = _asked(types=["accepted"])
    by_day = Split(wanted=_asked(**last_month))
    by_hour = replace(by_day, bucket="hour", tags=["tag-3", "tag-13"])
    by_receiver = replace(by_day, receivers=["mail3.example", "mail5.example"])
    pages: dict[str, dict[str, Any]] = {
        "all": {},
        "common type": {"types": ["delivered"]},
        "rare type": {"types": ["complained"]},
        "two types": {"types": ["unsubscribed", "complained"]},
        "tag": {"tag": "tag-3"},
        "rare tag": {"tag": "rare"},
        "no such tag": {"tag": "never"},
        "domain": {"domain_id": 2},
        "old campaign": {"campaign": "campaign-01-05"},
        "message": {"message_id": message},
    }
    texts: dict[str, dict[str, Any]] = {
        "common word": {"text": "shipped"},
        "rare word": {"text": "#123456"},
        "absent word": {"text": "zzznothing"},
        "address": {"text": "user123456@"},
        "reply": {"words": {"reply": "mailbox full"}},
        "recipient": {"recipient": "user77@mail3.example"},
        "two letters": {"text": "zq"},
        "word of a domain": {"text": "shipped", "domain_id": 2},
    }
    domain = {"domain_id": 2, **last_month}
    return {
        **{f"first page: {name}": (FAST, _bound(find_events, _asked(**fields))) for name, fields in pages.items()},
        "deep page by cursor": (FAST, lambda: find_events(_asked(), before=deep)),
        "page by number, the 9,950th event": (SLOW, lambda: find_events(_asked(), skip=9_950)),
        **{f"count: {name}": (FAST, _bound(count_events, _asked(**fields))) for name, fields in pages.items()},
        **{
            f"aggregate by {field}": (FAST, _bound(aggregate, _asked(**last_month), field))
            for field in ("type", "tag", "day", "campaign")
        },
        "aggregate by tag, all time": (FAST, lambda: aggregate(_asked(), "tag")),
        "series by hour, 30 days": (FAST, lambda: bucketed(_asked(**last_month), "hour")),
        "totals and comparison, 30 days": (FAST, lambda: compare(_asked(**last_month))),
        "totals of a tag": (FAST, lambda: totals(_asked(tag="tag-3"))),
        **{
            f"aggregate by {field}, from events": (SLOW, _bound(aggregate, _asked(), field))
            for field in ("recipient_domain", "sender", "code", "host", "subject", "public_id", "recipient", "seconds")
        },
        "aggregate by account": (FAST, lambda: aggregate(_asked(**last_month), "account_id")),
        "totals and comparison of a domain, 30 days": (FAST, lambda: compare(_asked(**domain))),
        "totals and comparison of some domains, 30 days": (FAST, lambda: compare(_asked(domain_ids=[1, 2], **last_month))),
        "broken down by tag, a domain, 30 days": (FAST, lambda: break_down(_asked(**domain), "tag", 100)),
        "broken down by domain, 30 days": (FAST, lambda: break_down(_asked(**last_month), "domain_id", 1_000)),
        "by receiving domain, a domain, 30 days": (SLOW, lambda: receivers(_asked(**domain))),
        "by receiving domain, all time": (SLOW, lambda: receivers(_asked())),
        "speed of a receiving domain, 30 days": (
            SLOW,
            lambda: endings(_asked(recipient_domain="mail3.example", **domain), (1, 5, 10, 30, 60, 300, 600)),
        ),
        "lines by day, 30 days": (SLOW, lambda: lines(by_day, skip=0, limit=1_000)),
        "lines by hour and tag, 30 days": (SLOW, lambda: lines(by_hour, skip=0, limit=1_000)),
        "lines by day and receiving domain, 30 days": (SLOW, lambda: lines(by_receiver, skip=0, limit=1_000)),
        "refusals by day and receiving domain, 30 days": (SLOW, lambda: refusals(by_day, skip=0, limit=1_000)),
        "how the latest hundred copies stand": (FAST, lambda: last_events(ACCOUNT, find_events(latest, limit=100).events)),
        "ten pages of a thousand, as an export has": (SLOW, lambda: _turn_pages(_asked(**domain), 10)),
        **{f"search: {name}": (SLOW, _bound(find_events, _asked(**fields))) for name, fields in texts.items()},
        **{f"count of search: {name}": (SLOW, _bound(count_events, _asked(**fields))) for name, fields in texts.items()},
    }


def _turn_pages(asked: EventFilter, pages: int) -> None:
    older = None
    for _ in range(pages):
        older = find_events(asked, before=older, limit=1_000).older


def _bound(act: Callable[..., object], *arguments: Any) -> Callable[[], object]:
    return lambda: act(*arguments)


def _time(name: str, limit: float, query: Callable[[], object], runs: int) -> Timing:
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        query()
        taken.append((time.perf_counter() - start) * 1000)
    taken = sorted(taken[1:])  # the first one warms up
    timing = Timing(name=name, p50=taken[len(taken) // 2], p95=taken[int(len(taken) * 0.95)], limit=limit)
    say(_line(timing))
    return timing


def _weigh(name: str) -> indexes.Cost:
    cost = indexes.weigh(name, BATCHES)
    say(f"{name:45}{cost.database:8.4f} + {cost.writer:.4f} s of processor for 1,000 events")
    return cost


def _line(timing: Timing) -> str:
    verdict = "" if timing.holds else f"  MISSES {timing.limit:,.0f} ms"
    return f"{timing.name:45}{timing.p50:10.1f}{timing.p95:10.1f} ms{verdict}"


def _print(timings: list[Timing], costs: Mapping[str, indexes.Cost], *, as_json: bool) -> None:
    holds = all(timing.holds for timing in timings)
    if as_json:
        found = {"holds": holds, "queries": [asdict(timing) for timing in timings]}
        sys.stdout.write(json.dumps(found | {"indexes": {name: asdict(cost) for name, cost in costs.items()}}) + os.linesep)
        return
    lines = [f"{'milliseconds':45}{'p50':>10}{'p95':>10}", *map(_line, timings)]
    lines += ["", f"{'seconds for 1,000 events':45}{'database':>10}{'writer':>10}{'clock':>10}"]
    lines += [f"{name:45}{cost.database:10.4f}{cost.writer:10.4f}{cost.clock:10.4f}" for name, cost in costs.items()]
    lines += ["", "It holds." if holds else "It does not hold."]
    sys.stdout.write("\n".join(lines) + "\n")
