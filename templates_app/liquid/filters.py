"""The filters that templates may use, each kept from making more than a value may hold.

Most make at most a few times what they are given, and what they made is weighed afterwards. GROWTH says beforehand what the
others would make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from liquid.builtin.filters.misc import date as parse_and_format
from liquid.filter import with_environment

from templates_app.liquid.meter import ITEM, MAX_VALUE, Meter, TooMuch, too_big, weigh
from templates_app.parts import text_of

MAX_DATE = 60  # characters of a date, and of the form it is to have
MAX_UNIQUE = 1_000  # items: `uniq` compares each with each

Filter = Callable[..., Any]


def run_filter(meter: Meter, name: str, filter_: Filter, left: Any, *args: Any, **options: Any) -> Any:
    """Return what a filter makes of `left`; raise TooMuch when it would be more than a value may hold."""
    meter.work(1)
    for value in (left, *args):
        weigh(value)
    if options.keys() - {"allow_false"}:
        raise TypeError(f"there is no option {min(options.keys() - {'allow_false'})}")
    if name in GROWTH and GROWTH[name](left, *args) > MAX_VALUE:
        raise too_big()
    made = filter_(left, *args, **options)
    weigh(made)
    return made


def _replaced(left: Any, seek: Any = "", put: Any = "", *_: Any) -> int:
    text, sought = _text(left), _text(seek)
    return text.count(sought) * len(_text(put)) + len(text)


def _joined(left: Any, separator: Any = " ", *_: Any) -> int:
    count = len(left) if isinstance(left, list | tuple | range) else 1
    return count * len(_text(separator)) + weigh(left)


def _split(left: Any, separator: Any = "", *_: Any) -> int:
    text, mark = _text(left), _text(separator)
    return ITEM * (text.count(mark) + 1 if mark else len(text))


def _compared(left: Any, *_: Any) -> int:
    if isinstance(left, list | tuple | range) and len(left) > MAX_UNIQUE:
        raise TooMuch(f"uniq takes at most {MAX_UNIQUE:,} items", token=None)
    return 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


# How many characters a filter would make at most; it takes what the filter takes.
GROWTH: Mapping[str, Callable[..., int]] = {
    "replace": _replaced,
    "join": _joined,
    "split": _split,
    "uniq": _compared,
}


@with_environment
def date(value: Any, form: Any, *, environment: Any) -> str:
    """Return a date as `form` asks (strftime); what is no date stays as it is."""
    if isinstance(value, str | int) and len(str(value)) > MAX_DATE:
        return str(value)
    if len(_text(form)) > MAX_DATE:
        raise TooMuch(f"The form of a date has more than {MAX_DATE} characters", token=None)
    return str(parse_and_format(value, form, environment=environment))


def strip_html(value: Any) -> str:
    """Return HTML as plain text; in linear time, which the library's does not promise."""
    return text_of("" if value is None else _text(value))
