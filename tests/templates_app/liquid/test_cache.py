"""Parsed templates are kept, and not without end."""

from __future__ import annotations

from templates_app.liquid.cache import Key, Parsed
from templates_app.liquid.environment import LimitedEnvironment, Template

ENVIRONMENT = LimitedEnvironment()


class Kitchen:
    """Parses, and remembers what."""

    def __init__(self, most: int) -> None:
        self.parsed = Parsed(most)
        self.texts: list[str] = []

    def get(self, text: str) -> Template:
        key: Key = (text, False)
        return self.parsed.get(key, lambda: self.make(text))

    def make(self, text: str) -> Template:
        self.texts.append(text)
        template = ENVIRONMENT.from_string(text)
        assert isinstance(template, Template)
        return template


def test_a_template_is_parsed_once() -> None:
    kitchen = Kitchen(100)
    assert kitchen.get("{{ a }}") is kitchen.get("{{ a }}")
    assert kitchen.texts == ["{{ a }}"]


def test_the_oldest_goes_when_there_are_too_many_characters() -> None:
    kitchen = Kitchen(10)
    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        kitchen.get(text)
    assert kitchen.texts == ["aaaa", "bbbb", "cccc", "bbbb"]


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    kitchen = Kitchen(10)
    kitchen.get("x" * 11)
    kitchen.get("x" * 11)
    assert len(kitchen.texts) == 2
