"""The web process's WSGI callable, which can be told to die."""

from __future__ import annotations

from gateway.wsgi import application
from tests.faults import points

__all__ = ["application"]

points.install("web")
points.hasten()
