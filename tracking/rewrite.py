"""Puts tracked links into the texts of a mail, and something of ours at their end; every other octet stays.

A text is cut once, which takes a walk through all of it; each copy then costs one join.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from tracking.rewrite_html import find_in_html
from tracking.rewrite_text import find_in_text, is_armoured
from tracking.rewrite_urls import Found, Span

__all__ = ["Cut", "cut", "is_armoured"]

_FINDERS: dict[str, Callable[[str], Found]] = {"html": find_in_html, "plain": find_in_text, "flowed": find_in_text}
_WAY_OUT = re.compile(r"unsubscri|opt-?out", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A text cut where something else may stand: between its pieces, one fewer, links to `targets`; None is its end.

    `has_way_out`: one of its links says of itself that it leads to unsubscribing.
    """

    pieces: tuple[str, ...]
    targets: tuple[str | None, ...]
    has_way_out: bool

    def fill(self, follow: Callable[[str], str], at_end: str) -> str:
        """Return the text with the URL `follow(target)` for each link, and `at_end` at its end."""
        filled = [""] * (2 * len(self.targets) + 1)
        filled[::2] = self.pieces
        filled[1::2] = [at_end if target is None else follow(target) for target in self.targets]
        return "".join(filled)


def cut(kind: str, text: str, *, links: bool, ours: tuple[str, ...]) -> Cut:
    """Cut `text`, of `kind` html, plain or flowed, at its end, and at its links where `links` is on.

    Links that begin as one of `ours` does are left alone.
    """
    found = _FINDERS[kind](text)
    spans = [span for span in found.spans if not span.target.startswith(ours)] if links else []
    places = sorted([*map(_place, spans), (found.end, found.end, None)], key=lambda place: place[:2])
    edges = [0, *(edge for begin, end, _ in places for edge in (begin, end)), len(text)]
    return Cut(
        pieces=tuple(text[begin:end] for begin, end in list(pairwise(edges))[::2]),
        targets=tuple(target for _, _, target in places),
        has_way_out=any(_WAY_OUT.search(span.target) for span in found.spans),
    )


def _place(span: Span) -> tuple[int, int, str | None]:
    return span.begin, span.end, span.target
