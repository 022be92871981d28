"""What finding events needs of PostgreSQL beyond the models; nothing to do elsewhere.

The index over the words of an event makes a search of five million events take milliseconds instead of seconds. It needs the
extension pg_trgm, which comes with PostgreSQL and which the owner of the database may add; where it is missing, or not allowed,
searches read all events of the account. The expression is that of tracking.queries.filters.Contains over SEARCHED.

Roll-ups change at every commit: room on their pages lets a change stay on its page, and takes no new entries in the indexes.
"""

from django.db import Error, migrations, transaction

WORDS = "lower(subject || ' ' || sender || ' ' || recipient || ' ' || address || ' ' || host || ' ' || reply)"
STEPS = [
    "CREATE INDEX event_by_tag ON tracking_event USING gin (tags jsonb_path_ops)",
    "ALTER TABLE tracking_hourlystatistic SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)",
]
WITH_TRIGRAMS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX event_by_words ON tracking_event USING gin ({WORDS} gin_trgm_ops)",
]
UNDO = [
    "DROP INDEX IF EXISTS event_by_words",
    "DROP INDEX IF EXISTS event_by_tag",
    "ALTER TABLE tracking_hourlystatistic RESET (fillfactor, autovacuum_vacuum_scale_factor)",
]


def apply(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for step in STEPS:
        schema_editor.execute(step)
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for step in WITH_TRIGRAMS:
                schema_editor.execute(step)
    except Error:
        print("\n    pg_trgm is not to be had: searches for words read all events of an account.", end="")


def undo(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for step in UNDO:
            schema_editor.execute(step)


class Migration(migrations.Migration):
    dependencies = [("tracking", "0004_find_events")]
    operations = [migrations.RunPython(apply, undo)]
