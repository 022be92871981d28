"""What is read of events: found, paged, counted, aggregated; never another account's."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.tracking.facts import NOON, make_fact, make_random_facts, tell, tell_one
from tracking import queries, statistics
from tracking.events import Fact
from tracking.models import Event, EventType
from tracking.queries import EventFilter, aggregate, bucketed, compare, count_events, find_events, interactions, totals
from tracking.queries.aggregates import FIELDS, ROLLED_UP

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def asked(account_id: int = 1, **fields: Any) -> EventFilter:
    return EventFilter(account_id=account_id, **fields)


def found(**fields: Any) -> list[int]:
    return [event.recipient_id for event in find_events(asked(**fields)).events]


# Finding ------------------------------------------------------------------------------------------------------------------


def test_it_works() -> None:
    older, newer = tell_one(at=NOON), tell_one(at=NOON + HOUR)
    assert found() == [newer.recipient_id, older.recipient_id]


@pytest.mark.parametrize(
    "fields",
    [
        {"domain_id": 5},
        {"domain_ids": [5, 8]},
        {"smtp_user_id": 6},
        {"message_id": 7},
        {"tag": "welcome"},
        {"campaign": "spring"},
        {"recipient_domain": "Example.ORG"},
        {"recipient": "ZOE@example.org"},
        {"types": [EventType.BOUNCED]},
        {"types": ["bounced", "opened"]},
        {"since": NOON + timedelta(minutes=10)},
        {"text": "GREYlisted"},
        {"text": "zoe@"},
        {"text": "10.9.8.7"},
        {"words": {"subject": "very welcome"}},
        {"words": {"reply": "greylisted", "host": "MX7"}},
        {"words": {"sender": "shop@"}, "campaign": "spring", "text": "zoe"},
    ],
)
def test_each_condition_finds_its_own(fields: dict[str, Any]) -> None:
    tell_one(tags=["welcome to"], campaign="spring2", message_id=71, at=NOON)
    wanted = tell_one(
        kind="bounced",
        domain_id=5,
        smtp_user_id=6,
        message_id=7,
        tags=["other", "welcome"],
        campaign="spring",
        subject="You are very Welcome",
        sender="shop@acme.example",
        recipient="zoe@example.org",
        recipient_domain="example.org",
        reply="451 Greylisted",
        host="mx7.example.org",
        address="10.9.8.7",
        at=NOON + timedelta(minutes=30),
    )
    assert found(**fields) == [wanted.recipient_id]
    assert count_events(asked(**fields)).value == 1


def test_until_is_not_within() -> None:
    tell_one(at=NOON)
    assert found(until=NOON) == []
    assert len(found(since=NOON, until=NOON + timedelta(microseconds=1))) == 1


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash", 'quo"te', "it's", "ünï", "💌", " 100% "])
def test_every_character_stands_for_itself(text: str) -> None:
    tell_one(subject=f"see {text.strip()} here")
    tell_one(subject="see 100x axb back/slash quote its uni here")
    assert len(found(text=text)) == len(found(words={"subject": text})) == 1


@pytest.mark.parametrize("text", ["q\0", "x" * 5_000, "' OR 1=1 --", "%", "_", "%s", "\\"])
def test_rubbish_finds_nothing_and_breaks_nothing(text: str) -> None:
    tell_one(subject="plain")
    for fields in ({"text": text}, {"tag": text}, {"campaign": text}, {"recipient": text}, {"words": {"reply": text}}):
        assert found(**fields) == []


def test_tags_are_whole_words_of_any_kind() -> None:
    wanted = tell_one(tags=["ÄÖ 🎉 \"'%"])
    tell_one(tags=["ÄÖ"])
    assert found(tag="ÄÖ 🎉 \"'%") == [wanted.recipient_id]


def test_a_stranger_finds_nothing() -> None:
    fact = tell_one(1, "opened", tags=["a"], campaign="c", domain_id=5)
    for fields in (
        {},
        {"tag": "a"},
        {"campaign": "c"},
        {"message_id": fact.origin.message_id},
        {"text": "Hello"},
        {"domain_id": 5},
    ):
        theirs = asked(2, **fields)
        assert not find_events(theirs).events
        assert count_events(theirs).value == 0
        assert totals(theirs).is_empty
        for field in FIELDS:
            assert aggregate(theirs, field) == []
    assert not interactions(2, {fact.recipient_id: fact.origin.message_id})[fact.recipient_id].opens.times


# Pages --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def many() -> list[int]:
    """Recipients of 25 events, newest first; several of the same moment."""
    facts = [make_fact(at=NOON + timedelta(minutes=place // 3)) for place in range(25)]
    tell(facts)
    return [fact.recipient_id for fact in sorted(facts, key=lambda fact: (fact.at, fact.recipient_id), reverse=True)]


def test_pages_follow_each_other_down_and_up(many: list[int]) -> None:
    page, seen = find_events(asked(), limit=7), []
    assert not page.newer
    while True:
        seen.append([event.recipient_id for event in page.events])
        if not page.older:
            break
        page = find_events(asked(), before=page.older, limit=7)
    assert [key for keys in seen for key in keys] == many
    back = find_events(asked(), after=page.newer, limit=7)
    assert [event.recipient_id for event in back.events] == seen[-2]
    assert back.older
    assert back.newer
    top = find_events(asked(), after=find_events(asked(), after=back.newer, limit=7).newer, limit=7)
    assert [event.recipient_id for event in top.events] == seen[0]
    assert not top.newer


@pytest.mark.parametrize("text", ["El", "Ä", "票", "i!"])
@pytest.mark.parametrize("read_first", [0, 3, 1000])
def test_short_words_are_found_wherever_they_are(text: str, read_first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries.pages, "READ_FIRST", read_first)
    facts = [
        make_fact(at=NOON - timedelta(minutes=place), subject="hELLo Ä 发票 hI!" if place % 3 else "xyz", recipient="z@z.z")
        for place in range(20)
    ]
    tell(facts)
    expected = [fact.recipient_id for place, fact in enumerate(facts) if place % 3]
    page = find_events(asked(text=text), limit=4)
    assert [event.recipient_id for event in page.events] == expected[:4]
    rest = find_events(asked(text=text), before=page.older, limit=50)
    assert [event.recipient_id for event in rest.events] == expected[4:]
    assert [event.recipient_id for event in find_events(asked(text=text), skip=2, limit=3).events] == expected[2:5]
    assert count_events(asked(text=text)).value == len(expected)
    assert find_events(asked(2, text=text)).events == []


def test_numbered_pages(many: list[int]) -> None:
    assert [event.recipient_id for event in find_events(asked(), skip=10, limit=5).events] == many[10:15]


@pytest.mark.parametrize("cursor", ["", "x", "1", "zz.zz", ".", "-1.-1", "9" * 60 + ".1", "1." + "f" * 60])
def test_a_cursor_that_cannot_be_read_does_no_harm(cursor: str, many: list[int]) -> None:
    find_events(asked(), before=cursor)
    find_events(asked(), after=cursor)
    assert found() == many


def test_pages_of_an_old_campaign_begin_where_it_is() -> None:
    wanted = [tell_one(campaign="old", at=NOON + timedelta(minutes=place)).recipient_id for place in range(5)]
    tell([make_fact(at=NOON + timedelta(days=place)) for place in range(1, 5)])
    assert found(campaign="old") == wanted[::-1]
    assert found(campaign="old", since=NOON + timedelta(minutes=2, seconds=30)) == wanted[:2:-1]
    page = find_events(asked(campaign="old"), limit=2)
    assert [event.recipient_id for event in find_events(asked(campaign="old"), before=page.older).events] == wanted[2::-1]


# Counting -----------------------------------------------------------------------------------------------------------------


def test_counting_stops_where_events_must_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.queries.pages.MOST_COUNTED", 3)
    tell([make_fact() for _ in range(5)])
    assert count_events(asked(text="hello")) == queries.Count(value=3, is_exact=False)
    assert count_events(asked()) == queries.Count(value=5)


def test_a_message_that_cannot_be_has_no_events() -> None:
    tell_one()
    assert count_events(asked(message_id=0)).value == 0
    assert not find_events(asked(message_id=0)).events


@pytest.fixture
def told() -> list[Fact]:
    facts = make_random_facts(300, 7)
    tell(facts)
    return facts


SPANS = [
    (None, None),
    (NOON, NOON + timedelta(days=1)),
    (NOON + timedelta(minutes=20), NOON + timedelta(minutes=40)),
    (NOON + timedelta(minutes=20), NOON + timedelta(hours=30, minutes=7, seconds=1)),
    (NOON + timedelta(hours=30, minutes=20), None),
    (None, NOON + timedelta(minutes=1)),
    (NOON + timedelta(days=9), NOON + timedelta(days=10)),
    (NOON - timedelta(days=9), NOON + timedelta(hours=5, seconds=1)),
]


def within(facts: list[Fact], fields: dict[str, Any]) -> list[Fact]:
    since, until = fields.get("since") or NOON - timedelta(days=99), fields.get("until") or NOON + timedelta(days=99)
    return [
        fact
        for fact in facts
        if fact.origin.account_id == 1
        and since <= fact.at < until
        and fields.get("tag", "") in {"", *fact.origin.tags[: statistics.MOST_TAGS]}
        and fields.get("domain_id") in {None, fact.origin.domain_id}
        and fact.origin.domain_id in (fields.get("domain_ids") or {None, 1, 2})
        and (not fields.get("types") or fact.type in fields["types"])
    ]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize(
    "fields",
    [{}, {"domain_id": 1}, {"domain_ids": [2, 3]}, {"types": ["opened", "bounced"]}, {"domain_id": 2, "types": ["clicked"]}],
)
def test_counts_are_exact_for_any_span(span: Any, fields: dict[str, Any], told: list[Fact]) -> None:
    fields = {**fields, "since": span[0], "until": span[1]}
    assert count_events(asked(**fields)).value == len(within(told, fields))


# Aggregates ---------------------------------------------------------------------------------------------------------------


def key_of(fact: Fact, field: str) -> list[Any]:
    at = fact.at.replace(minute=0, second=0, microsecond=0)
    known = {
        "type": [fact.type.value],
        "tag": sorted({tag[:250] for tag in fact.origin.tags if tag}),
        "hour": [at],
        "day": [at.replace(hour=0)],
        "month": [at.replace(hour=0, day=1)],
    }
    if field in known:
        return known[field]
    value = getattr(fact.origin, field, None) if hasattr(fact.origin, field) else getattr(fact, field)
    return [value] if value else []


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field not in {"tag", "message_id", "recipient_id", "public_id", "seconds"}]
)
@pytest.mark.parametrize("fields", [{}, {"types": ["opened", "bounced"]}, {"since": NOON, "until": NOON + timedelta(days=1)}])
@pytest.mark.parametrize("way", ["roll-ups", "events"])
def test_aggregates_are_exact(field: str, fields: dict[str, Any], way: str, told: list[Fact]) -> None:
    """Both ways count the same; a search for what is in every event makes it look at the events."""
    wanted = Counter(key for fact in within(told, fields) for key in key_of(fact, field))
    buckets = aggregate(asked(**fields, text="Hello" if way == "events" else ""), field, 1000)
    assert {bucket.key: bucket.count for bucket in buckets} == dict(wanted)
    if field not in {"hour", "day", "month"}:
        assert [bucket.count for bucket in buckets] == sorted(wanted.values(), reverse=True)
    else:
        assert [bucket.key for bucket in buckets] == sorted(wanted)


def test_tags_are_counted_one_by_one_both_ways() -> None:
    tell([make_fact(tags=["a", "b"]), make_fact(tags=["b"], kind="opened"), make_fact(tags=["", "c"]), make_fact()])
    wanted = [("b", 2), ("a", 1), ("c", 1)]
    for text in ("", "hello"):
        assert [(bucket.key, bucket.count) for bucket in aggregate(asked(text=text), "tag")] == wanted
    assert [bucket.key for bucket in aggregate(asked(tag="a"), "tag")] == ["a", "b"]


def test_messages_are_counted_by_the_id_that_the_world_knows() -> None:
    busy, quiet = make_fact(message_id=70), make_fact(message_id=71)
    tell([busy, quiet, make_fact(kind="opened", message_id=70), make_fact(2, message_id=72)])
    found = [(str(bucket.key), bucket.count) for bucket in aggregate(asked(), "public_id")]
    assert found == [(busy.origin.public_id, 2), (quiet.origin.public_id, 1)]


def test_buckets_are_limited_and_the_last_of_time_stay() -> None:
    tell([make_fact(at=NOON + timedelta(days=day), campaign=f"c{day}") for day in range(5)])
    assert [bucket.key.day for bucket in aggregate(asked(), "day", 2)] == [13, 14]
    assert len(aggregate(asked(), "campaign", 2)) == 2


def test_a_field_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        aggregate(asked(), "headers")
    assert set(ROLLED_UP) <= set(FIELDS)


# Series -------------------------------------------------------------------------------------------------------------------


def test_gaps_are_filled() -> None:
    tell([make_fact(at=NOON), make_fact(at=NOON + 3 * HOUR, kind="opened")])
    series = bucketed(asked(since=NOON, until=NOON + 4 * HOUR), "hour")
    assert series.starts == [NOON + place * HOUR for place in range(4)]
    assert series.values["accepted"] == [1, 0, 0, 0]
    assert series.values["opened"] == [0, 0, 0, 1]
    assert set(series.values) == set(EventType.values)


@pytest.mark.parametrize(("bucket", "length"), [("hour", 75), ("day", 4), ("month", 1)])
@pytest.mark.parametrize("text", ["", "hello"])
def test_series_add_up_to_the_totals(bucket: str, length: int, text: str, told: list[Fact]) -> None:
    since, until = NOON - HOUR, NOON + timedelta(days=3, hours=2)
    series = bucketed(asked(since=since, until=until, text=text), bucket, by="counter")
    assert len(series.starts) == length
    sums = {name: sum(values) for name, values in series.values.items()}
    assert sums == totals(asked(since=since, until=until)).counts
    assert sum(sums.values()) > 100


def test_months_are_whole() -> None:
    series = bucketed(asked(since=datetime(2026, 1, 15, tzinfo=UTC), until=datetime(2026, 4, 2, tzinfo=UTC)), "month")
    assert [start.month for start in series.starts] == [1, 2, 3, 4]
    assert all(start.day == 1 for start in series.starts)


def test_a_span_is_compared_with_the_one_before() -> None:
    tell([make_fact(at=NOON), make_fact(at=NOON - HOUR), make_fact(at=NOON - 2 * HOUR), make_fact(at=NOON - 9 * HOUR)])
    now, before = compare(asked(since=NOON, until=NOON + 3 * HOUR))
    assert (now["accepted"], before["accepted"]) == (1, 2)


def test_shares() -> None:
    tell([*[make_fact(kind="delivered") for _ in range(3)], make_fact(kind="bounced"), make_fact(kind="opened")])
    sums = totals(asked())
    assert sums.delivered_share == 0.75
    assert sums.bounced_share == 0.25
    assert sums.share_of_delivered("opened_unique") == pytest.approx(1 / 3)
    assert totals(asked(2)).delivered_share is None


def test_a_series_needs_both_ends() -> None:
    with pytest.raises(ValueError, match="both ends"):
        bucketed(asked())
    with pytest.raises(ValueError, match="both ends"):
        compare(asked(since=NOON))


# Interactions -------------------------------------------------------------------------------------------------------------


def test_opens_and_clicks_are_lists_of_one_length() -> None:
    for sequence, kind in enumerate(("opened", "clicked", "opened"), 2):
        tell_one(
            kind=kind,
            recipient_id=900,
            message_id=90,
            sequence=sequence,
            at=NOON + sequence * HOUR,
            address=f"10.0.0.{sequence}",
            agent="Mozilla",
            url="https://a.example/" if kind == "clicked" else "",
        )
    both = interactions(1, {900: 90, 901: 90})
    milliseconds = int(NOON.timestamp() * 1000)
    assert both[900].opens.times == [milliseconds + 2 * 3_600_000, milliseconds + 4 * 3_600_000]
    assert both[900].opens.addresses == ["10.0.0.2", "10.0.0.4"]
    assert both[900].opens.agents == ["Mozilla", "Mozilla"]
    assert both[900].clicks.urls == ["https://a.example/"]
    assert not both[901].opens.times
    assert not both[901].clicks.times


def test_the_first_hits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.queries.hits.MOST_HITS", 2)
    tell(
        [
            make_fact(1, "opened", recipient_id=900, message_id=90, sequence=place, at=NOON + place * HOUR)
            for place in range(1, 5)
        ]
    )
    times = interactions(1, {900: 90})[900].opens.times
    assert times == [int((NOON + place * HOUR).timestamp() * 1000) for place in (1, 2)]
    assert Event.objects.count() == 4


def test_a_breakdown_has_all_counters_of_each_key() -> None:
    tell([make_fact(tags=["a", "b"]), make_fact(tags=["b"]), make_fact(kind="opened", tags=["a"]), make_fact(2, tags=["c"])])
    lines = queries.break_down(asked(), "tag")
    assert [(key, sums["accepted"], sums["opened"]) for key, sums in lines] == [("b", 2, 0), ("a", 1, 1)]
    assert queries.break_down(asked(), "domain_id") == []
