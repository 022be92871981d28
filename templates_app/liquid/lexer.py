"""Splits a template into text, outputs `{{ }}` and tags `{% %}`, in linear time whatever stands in it.

The library's own lexer looks for the end of each unclosed tag anew, which takes quadratic time; this one stops at the first.
Semantics are the library's: the first `}}` or `%}` closes, `-` beside a mark strips the white space on its side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from templates_app.liquid.meter import TooMuch

MAX_EXPRESSION = 1_000  # characters: the library scans one in quadratic time
MAX_BRACKETS = 20  # in one expression, which the library parses and evaluates by recursion
MAX_TAGS = 10_000

_OPEN = re.compile(r"\{[{%]")
_NAME = re.compile(r"\s*(#|\w+)\s*")
_END_RAW = re.compile(r"\{%(-?)\s*endraw\s*(-?)%\}")
_COMMENTS = re.compile(r"\{%-?\s*(end)?comment\b[^%{}]*%\}")


def tokenize(source: str) -> Iterator[Token]:
    """Yield the tokens of a template; raise LiquidSyntaxError or TooMuch."""
    place, strips, count = 0, False, 0
    while found := _OPEN.search(source, place):
        start = found.start()
        yield from _content(source, place, start, strips, source.startswith("-", start + 2))
        place, strips, tokens = _read(source, start)
        yield from tokens
        count += 1
        if count > MAX_TAGS:
            raise TooMuch(f"There are more than {MAX_TAGS:,} fields and tags", token=tokens[0] if tokens else None)
    yield from _content(source, place, len(source), strips, False)


def _content(source: str, start: int, end: int, strips_left: bool, strips_right: bool) -> Iterator[Token]:
    text = source[start:end]
    text = text.lstrip() if strips_left else text
    text = text.rstrip() if strips_right else text
    if text:
        yield Token(TOKEN_CONTENT, text, start, source)


def _read(source: str, start: int) -> tuple[int, bool, list[Token]]:
    """Return where the output or tag at `start` ends, whether it strips what follows, and its tokens."""
    is_output = source[start + 1] == "{"
    mark = "}}" if is_output else "%}"
    close = source.find(mark, start + 2)
    if close < 0:
        raise _broken(source, start, f"“{source[start : start + 2]}” is never closed by “{mark}”")
    inner = start + 3 if source[start + 2] == "-" else start + 2
    strips = source[close - 1] == "-" and close - 1 >= inner
    end = max(inner, close - 1 if strips else close)
    if is_output:
        return (
            close + 2,
            strips,
            [Token(TOKEN_OUTPUT, source[start : close + 2], start, source), _expression(source, inner, end)],
        )
    return _read_tag(source, inner, end, close + 2, strips)


def _read_tag(source: str, inner: int, end: int, after: int, strips: bool) -> tuple[int, bool, list[Token]]:
    name = _NAME.match(source, inner, end)
    if name is None:
        raise _broken(source, inner, "There is a tag without a name; write {% raw %} around text that is none")
    tag = Token(TOKEN_TAG, name[1], name.start(1), source)
    if name[1] == "raw":
        return _skip_raw(source, after, strips, tag)
    if name[1] == "comment":
        return _skip_comment(source, after, tag)
    has_more = source[name.end() : end].strip()
    return after, strips, [tag, _expression(source, name.end(), end)] if has_more else [tag]


def _skip_raw(source: str, start: int, strips: bool, tag: Token) -> tuple[int, bool, list[Token]]:
    end = _END_RAW.search(source, start)
    if end is None:
        raise _broken(source, tag.start_index, "{% raw %} is never closed by {% endraw %}")
    return end.end(), bool(end[2]), list(_content(source, start, end.start(), strips, bool(end[1])))


def _skip_comment(source: str, start: int, tag: Token) -> tuple[int, bool, list[Token]]:
    depth = 1
    for found in _COMMENTS.finditer(source, start):
        depth += -1 if found[1] else 1
        if not depth:
            return found.end(), found[0].endswith("-%}"), []
    raise _broken(source, tag.start_index, "{% comment %} is never closed by {% endcomment %}")


def _expression(source: str, start: int, end: int) -> Token:
    text = source[start:end]
    token = Token(TOKEN_EXPRESSION, text.strip(), start + len(text) - len(text.lstrip()), source)
    if len(text) > MAX_EXPRESSION:
        raise TooMuch(f"One field or tag has more than {MAX_EXPRESSION:,} characters", token=token)
    if text.count("[") > MAX_BRACKETS:
        raise TooMuch(f"One field or tag has more than {MAX_BRACKETS} brackets", token=token)
    return token


def _broken(source: str, start: int, message: str) -> LiquidSyntaxError:
    return LiquidSyntaxError(message, token=Token(TOKEN_TAG, source[start : start + 2], start, source))
