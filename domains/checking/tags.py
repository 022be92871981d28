"""Records made of `tag=value; tag=value` (RFC 6376 3.2): DKIM keys and DMARC policies."""

from __future__ import annotations

from collections.abc import Mapping


def read_tags(text: str) -> Mapping[str, str] | None:
    """Return the tags of a record in their order, values without the space around them; None where it is not a tag list."""
    tags: dict[str, str] = {}
    parts = text.split(";")
    if parts and not parts[-1].strip():
        parts.pop()  # a semicolon may stand at the end
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name.replace("_", "a").isalnum() or name in tags:
            return None
        tags[name] = value.strip()
    return tags or None
