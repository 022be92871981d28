"""Whether the database is there and its tables are those of this code."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


class NotReadyError(Exception):
    """The database cannot be used as it is; str() says why and what to do."""


def check_schema() -> None:
    """Raise NotReadyError when the database is unreachable, or its schema is behind this code."""
    try:
        executor = MigrationExecutor(connection)
        newest = executor.loader.graph.leaf_nodes()
        behind = executor.migration_plan(newest)
    except DatabaseError as error:
        raise NotReadyError(f"The database is unreachable: {_first_line(error)}. Check DATABASE_URL.") from None
    if lost := executor.loader.migrated_apps - {app for app, _ in newest}:
        # Of what one migration stands for now, some were applied and some not: Django leaves such apps out without a word.
        raise NotReadyError(
            f"The tables of {', '.join(sorted(lost))} are of a release too old to go on from; "
            "run `manage.py migrate` of a release in between first."
        )
    if behind:
        raise NotReadyError(f"The database's schema is behind by {len(behind)} migrations; run `manage.py migrate` first.")


def make_schema() -> None:
    """In embedded mode bring the schema up to this code; in production, where that is a step of its own, check it."""
    if settings.EMBEDDED:
        call_command("migrate", verbosity=0, interactive=False)
    check_schema()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
