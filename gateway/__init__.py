"""Gatepost: the product. Project wiring, the doors that mail comes in by, and the engine that sends it."""

from gateway.celery import app as celery_app

__all__ = ["celery_app"]
