"""Recipients that wait in a queue as a busy installation has them: lists of a thousand beside single mails, of many accounts.

Made in the database. What a message is like follows from a hash of its number, so that every run makes the same. Bodies are
those of the other loads, as a claim brings them along; no events are made, as no claim looks at those.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from django.db import connection

from accounts.models import Account
from tests.bench.load.letters import HOLE, SIZE, make_bodies

ACCOUNTS = 500  # that have mail all the time; their keys are even
SMALL = ACCOUNTS - 1  # the key of an account among them that has a single mail now and then
BIG = 2 * (ACCOUNTS // 4)  # the key of an account that has millions
PER_LIST = 1000  # recipients of a list, on the average


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What waits.

    Of `accounts` accounts from `first_account` on, every second key: `skew` 1 is as much of each, 3 gives an eighth of all to
    one of 500. A share `lists` of the messages goes to a list; a share `put_off` of the recipients was deferred, due between
    `due_from` and `due_to` seconds from now.
    """

    accounts: int = ACCOUNTS
    first_account: int = 2
    skew: int = 3
    destinations: int = 2000
    lists: float = 0.02
    put_off: float = 0.05
    due_from: int = 3600
    due_to: int = 6 * 3600

    @property
    def per_message(self) -> float:
        """Recipients of a message, on the average."""
        return self.lists * PER_LIST + 1 - self.lists


def _dice(salt: int, sides: int) -> str:
    return f"mod(hashint8(m + {salt}::bigint * 1000000007) & 2147483647, {sides})"


_ROLL = "mod(hashint8(m * 4096 + place + {salt}) & 2147483647, {sides})"
_MESSAGES = f"""
    SELECT m, {_dice(2, 1_000_000)} < %(lists)s * 1000000 AS is_bulk,
        %(first_account)s + 2 * floor(%(accounts)s * power({_dice(1, 1_000_000)} / 1000000.0, %(skew)s))::bigint AS account_id
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(messages)s - 1) AS m
"""
_INSERT_MESSAGES = f"""
    INSERT INTO gateway_message (id, account_id, public_id, door, accepted_at, subject, sender, sender_name, headers, reply_to,
        options, tags, campaign, unique_id, is_raw, size, files_size, note, client)
    SELECT m, account_id, ('00000000-0000-7000-8000-' || lpad(to_hex(m), 12, '0'))::uuid, 'smtp', now(), 'Order ' || m,
        'news@sender' || account_id || '.example', 'News', '[]', '[]',
        CASE WHEN is_bulk THEN '{{"bulk": true, "one_by_one": true}}'::jsonb ELSE '{{}}' END,
        jsonb_build_array('tag-' || {_dice(3, 40)}), '', '', false, {SIZE}, 0, '', ''
    FROM ({_MESSAGES}) AS messages
"""
_TOKEN = "'wait-' || lpad(m::text, 10, '0')"
_INSERT_CONTENT = f"""
    INSERT INTO gateway_content (message_id, html, text)
    SELECT m, replace(%(html)s, '{HOLE}', {_TOKEN}), replace(%(text)s, '{HOLE}', {_TOKEN}) FROM ({_MESSAGES}) AS messages
"""
_INSERT_RECIPIENTS = f"""
    INSERT INTO gateway_recipient (id, message_id, account_id, position, kind, email, name, domain, variables, state, priority,
        attempts, sequence, next_attempt_at, marks)
    SELECT m * 4096 + place, m, account_id, place, 'to',
        'user' || {_ROLL.format(salt=0, sides=900_000)} || '@mail' || host || '.example', '', 'mail' || host || '.example',
        CASE WHEN is_bulk THEN jsonb_build_object('NAME', 'Person ' || place, 'CODE', to_hex(m * 4096 + place)) END,
        CASE WHEN is_put_off THEN 'deferred' ELSE 'queued' END, is_bulk::int, is_put_off::int, 1 + is_put_off::int,
        CASE WHEN is_put_off THEN now() + make_interval(secs => %(due_from)s + random() * (%(due_to)s - %(due_from)s)) END, 0
    FROM (
        SELECT *, {_ROLL.format(salt=10**15, sides="%(destinations)s")} * {_dice(4, 1000)} / 1000 AS host,
            {_ROLL.format(salt=10**16, sides=1_000_000)} < %(put_off)s * 1000000 AS is_put_off
        FROM ({_MESSAGES}) AS messages
        CROSS JOIN LATERAL
            generate_series(0, CASE WHEN is_bulk THEN {PER_LIST // 2 - 1} + {_dice(5, PER_LIST)} ELSE 0 END) AS place
        OFFSET 0
    ) AS recipients
"""


def make_accounts() -> None:
    """Make all accounts that any mix names."""
    keys = range(1, 2 * ACCOUNTS + 1)
    Account.objects.bulk_create(Account(pk=key, name=f"Account {key}", owner_id=f"owner{key}") for key in keys)


def make_backlog(number: int, mix: Mix, *, first: int) -> int:
    """Make about `number` recipients of messages whose keys count from `first`; return how many there are."""
    text, html = make_bodies()
    values = asdict(mix) | {"first": first, "messages": max(1, round(number / mix.per_message)), "text": text, "html": html}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # what refers to what need not be checked: it is made here
        for statement in (_INSERT_MESSAGES, _INSERT_CONTENT, _INSERT_RECIPIENTS):
            cursor.execute(statement, values)
        made = cursor.rowcount
        cursor.execute("RESET session_replication_role")
    return made


@contextmanager
def indexes_at_the_end() -> Iterator[None]:
    """Leave the recipients' indexes out while rows come in, and build them then, with the statistics; its key stays."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'gateway_recipient' AND indexname LIKE 'recipient_%'"
            " AND indexname <> 'recipient_once'"
        )
        definitions = dict(cursor.fetchall())
        for name in definitions:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for definition in definitions.values():
            cursor.execute(definition)
        for table in ("gateway_message", "gateway_content", "gateway_recipient"):
            cursor.execute(f"VACUUM ANALYZE {table}")
