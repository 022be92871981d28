"""The console's rooms: the model and its admin of each, once the URLs have loaded them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.db.models import Model

import gateway.urls  # noqa: F401  registers them

ROOMS: Final[dict[type[Model], admin.ModelAdmin[Any]]] = admin.site._registry
