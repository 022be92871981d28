"""Parsed templates, the latest used of them, as many as together have at most so many characters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from templates_app.liquid.environment import Template

MOST = 4_000_000  # characters of all templates kept: a parsed one takes many times its text
Key = tuple[str, bool]


class Parsed:
    """Templates by their text and whether values are escaped."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Template] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: Key, parse: Callable[[], Template]) -> Template:
        """Return the template of `key`, parsed when it is not there; what `parse` raises is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        template = parse()
        with self._lock:
            self._put(key, template)
        return template

    def _put(self, key: Key, template: Template) -> None:
        if key in self._kept:
            return
        self._kept[key] = template
        self._size += len(key[0])
        while self._size > self._most and self._kept:
            old, _ = self._kept.popitem(last=False)
            self._size -= len(old[0])
