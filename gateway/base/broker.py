"""The embedded broker's file: Celery's messages in SQLite, where no Redis is."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing

from celery import current_app
from django.conf import settings

log = logging.getLogger(__name__)

FILE = "broker.sqlite3"
_PATIENCE = 1.0  # seconds that a lock is waited for; the next sweep tries again


def make_broker() -> None:
    """Make the tables and queues of the file, before several processes come to it at once; in production, do nothing."""
    if settings.REDIS_URL:
        return
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        for queue in settings.CELERY_TASK_QUEUES:
            channel.queue_declare(queue)


def purge_broker() -> int:
    """Delete the messages that were taken, which kombu only marks, and return how many; in production, do nothing."""
    path = settings.GATEPOST_DATA / FILE
    if settings.REDIS_URL or not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as broker, broker:
            broker.execute("PRAGMA journal_mode=WAL")  # readers and the writer leave each other alone; kept in the file
            return broker.execute("DELETE FROM kombu_message WHERE NOT visible").rowcount
    except sqlite3.Error as error:
        log.warning("The broker's file could not be purged: %s.", error)
        return 0
