"""What label/* takes."""

from __future__ import annotations

from typing import Any

from gateway.api.fields import Field, text
from gateway.api.sendcloud.parse.kinds import label_id, label_name
from gateway.api.sendcloud.parse.paging import LIMIT, START
from tracking.labels import LONGEST


def query(value: Any) -> str:
    """Take words to search names for."""
    if not 0 < len(text(value)) <= LONGEST:
        raise ValueError(f"must have 1 to {LONGEST} characters")
    return text(value)


LABEL_ID = Field("labelId", label_id, required=True, missing=40102, invalid=40103)
LABEL_NAME = Field("labelName", label_name, required=True, missing=40104, invalid=40105)
LABELS = (Field("query", query, default="", missing=40111, invalid=40112), START, LIMIT)
