"""The Celery application. Tasks carry hints only: the database is the queue of record."""

import os

from celery import Celery

from gateway.base.openssl import load_openssl

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
load_openssl()

app = Celery("gatepost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["gateway.engine", "domains", "templates_app", "tracking", "accounts"])
