"""Events as a busy account has them: sixty days, some forty tags, two hundred receiving domains, bounces, opens and clicks.

Made in the database, in the order of time, as they would have come. What a message is like follows from a hash of its number,
so that every run makes the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import connection

from tests.bench.surroundings import say
from tracking.recount import mend, steps

DAYS = 60
END = datetime(2026, 3, 1, tzinfo=UTC)
START = END - timedelta(days=DAYS)
EVENTS_OF_A_MESSAGE = 2.4715  # on the average, as _HAPPENINGS has it
RARE = 50_000  # one message in so many has the tag "rare"


def _dice(salt: int, sides: int) -> str:
    return f"mod(hashint8(m + {salt}::bigint * 1000000007) & 2147483647, {sides})"


# Each kind of event: how many of 10,000 messages have it, how many seconds after they were accepted, the dice's salt.
_HAPPENINGS = (
    ("accepted", 10_000, "0", 1),
    ("deferred", 400, "3", 2),
    ("delivered", 9_600, "4 + 9 * random()", 3),
    ("bounced", 300, "5", 4),
    ("opened", 3_500, "900 + 80000 * random()", 5),
    ("opened", 300, "90000 + 80000 * random()", 6),
    ("clicked", 560, "1000 + 90000 * random()", 7),
    ("unsubscribed", 50, "2000", 8),
    ("complained", 5, "4000", 9),
)
_KINDS = ", ".join(f"({place}, '{kind}', {share}, {salt})" for place, (kind, share, _, salt) in enumerate(_HAPPENINGS))
_DELAY = "CASE place " + " ".join(f"WHEN {place} THEN {delay}" for place, (_, _, delay, _) in enumerate(_HAPPENINGS)) + " END"
_WORDS = "ARRAY['Your order has shipped', 'Welcome to Acme', 'Reset your password', 'Invoice for March', 'News of the week']"
_REFUSALS = """ARRAY['550 5.1.1 User unknown', '554 5.7.1 Message rejected as spam', '552 5.2.2 Mailbox full',
    '550 5.7.26 Unauthenticated mail is not accepted']"""
_CATEGORIES = "ARRAY['recipient', 'content', 'full', 'authentication']"
_GROUP = _dice(11, 4)  # domain and SMTP user; each has ten tags of its own

_INSERT = f"""
INSERT INTO tracking_event (at, id, account_id, domain_id, smtp_user_id, message_id, recipient_id, public_id, position,
    sequence, type, subject, sender, recipient, recipient_domain, tags, campaign, headers, is_first, category, code, enhanced,
    reply, host, address, agent, url)
SELECT at, (m << 16) | (place + 1), %(account)s, 1 + {_GROUP} / 2, 1 + {_GROUP}, m, m, ('00000000-0000-7000-8000-' ||
    lpad(to_hex(m), 12, '0'))::uuid, 0, place + 1, kind,
    ({_WORDS})[1 + {_dice(12, 5)}] || CASE WHEN {_dice(13, 3)} = 0 THEN ' #' || m ELSE '' END,
    'news' || {_GROUP} || '@acme.example',
    'user' || {_dice(14, 900_000)} || '@mail' || domain || '.example', 'mail' || domain || '.example',
    CASE WHEN {_dice(15, RARE)} = 0 THEN '["rare"]'::jsonb
         WHEN {_dice(16, 10)} < 3 THEN '[]'::jsonb
         WHEN {_dice(16, 10)} < 7 THEN jsonb_build_array('tag-' || ({_GROUP} * 10 + {_dice(17, 10)}))
         ELSE jsonb_build_array('tag-' || ({_GROUP} * 10 + {_dice(17, 10)}), 'tag-' || ({_GROUP} * 10 + {_dice(18, 10)})) END,
    CASE {_dice(19, 3)} WHEN 0 THEN 'campaign-' || to_char(accepted_at, 'MM-DD') WHEN 1 THEN 'receipts' ELSE '' END,
    '{{}}', place <> 5, CASE WHEN kind = 'bounced' THEN ({_CATEGORIES})[1 + {_dice(20, 4)}] ELSE '' END,
    CASE kind WHEN 'delivered' THEN 250 WHEN 'deferred' THEN 451 WHEN 'bounced' THEN 550 ELSE 0 END,
    CASE kind WHEN 'delivered' THEN '2.0.0' WHEN 'deferred' THEN '4.7.1' WHEN 'bounced' THEN '5.1.1' ELSE '' END,
    CASE kind WHEN 'delivered' THEN '2.0.0 Ok: queued as ' || upper(md5(m::text))
        WHEN 'bounced' THEN ({_REFUSALS})[1 + {_dice(20, 4)}]
        WHEN 'deferred' THEN '451 4.7.1 Greylisted, please try again in ' || {_dice(21, 300)} || ' seconds' ELSE '' END,
    CASE WHEN kind IN ('delivered', 'deferred', 'bounced')
        THEN 'mx' || {_dice(22, 2)} || '.mail' || domain || '.example' ELSE '' END,
    CASE WHEN kind IN ('delivered', 'deferred', 'bounced') THEN '192.0.2.' || {_dice(23, 250)}
         WHEN kind = 'accepted' THEN '' ELSE '198.51.100.' || {_dice(24, 250)} END,
    CASE WHEN kind IN ('opened', 'clicked') THEN 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36' ELSE '' END,
    CASE WHEN kind = 'clicked' THEN 'https://acme.example/offers/' || {_dice(25, 500)} ELSE '' END
FROM (
    SELECT m, place, kind, accepted_at, accepted_at + make_interval(secs => {_DELAY}) AS at,
        ({_dice(26, 200)} * {_dice(27, 200)}) / 200 AS domain
    FROM (
        SELECT m, %(start)s::timestamptz + make_interval(secs =>
            86400.0 * %(days)s * (m - %(first)s) / %(messages)s + 9000 * sin(6.2832 * %(days)s * (m - %(first)s) / %(messages)s)
        ) AS accepted_at
        FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(messages)s - 1) AS m
    ) AS messages CROSS JOIN (VALUES {_KINDS}) AS happenings(place, kind, share, salt)
    WHERE mod(hashint8(m + salt * 1000000007::bigint) & 2147483647, 10000) < share
    ORDER BY at OFFSET 0
) AS happened
"""


def make_events(account_id: int, number: int, *, first: int = 1) -> int:
    """Make about `number` events of an account, of messages counted from `first`; return how many there are."""
    messages = max(1, round(number / EVENTS_OF_A_MESSAGE))
    values = {"account": account_id, "start": START, "days": DAYS, "first": first, "messages": messages}
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '512MB'")
        cursor.execute(_INSERT, values)
        return cursor.rowcount


@contextmanager
def built_at_the_end(*names: str) -> Iterator[None]:
    """Leave indexes out while rows come in, and build them then: that takes a fraction of the time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [list(names)])
        definitions = dict(cursor.fetchall())
        for name in definitions:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for definition in definitions.values():
            cursor.execute(definition)


def make_statistics() -> None:
    """Count the roll-ups of all events."""
    for since, until in steps(START - timedelta(days=1), END + timedelta(days=3)):
        if since.hour == 0 and since.day % 10 == 0:
            say(f"  counted up to {since:%Y-%m-%d}")
        mend(since, until)
