"""The conformance table: every call of a dialect with its answers and documented errors, read from the tables in the code.

`calls_of` walks the URLs and commands, so that a call cannot be served without standing here; `rows_of` has a row for each
error of a call that the code documents. What is answered NEVER is a row, too. The tests of each dialect bring the example that
provokes a row, and fail for a row without one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from django.urls import URLPattern

from gateway.api.base import DialectView, UnknownPath
from gateway.api.fields import Field
from gateway.api.mailup import errors as mailup_errors
from gateway.api.mailup import urls as mailup_urls
from gateway.api.octeth import urls as octeth_urls
from gateway.api.octeth.errors import Table
from gateway.api.octeth.errors.commands import SMTP_RELAY
from gateway.api.octeth.views.base import ByMethod
from gateway.api.octeth.views.command import Command
from gateway.api.octeth.views.commands import COMMANDS, PUBLIC, Api
from gateway.api.octeth.views.sender_domains import SenderDomains
from gateway.api.octeth.views.smtp_relay import SMTPRelay
from gateway.api.sendclean import urls as sendclean_urls
from gateway.api.sendclean.errors import ERRORS as SENDCLEAN
from gateway.api.sendcloud import urls as sendcloud_urls
from gateway.api.sendcloud.views.base import SendCloudView

DOCUMENTS = Path(__file__).parents[2] / "golden" / "documents"
Row = tuple[str, int | str]  # a call, and the code of an error
OF_EVERY_CALL = (40005, 40301, 49903, 49906, 50000, 501, 6001)  # of SendCloud's


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: its name as the vendor writes it, what it takes, and what it answers."""

    name: str
    kind: type[DialectView] | type[Command]

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.kind.fields

    @property
    def answers(self) -> tuple[type[msgspec.Struct], ...]:
        return self.kind.answers


def sendclean() -> dict[str, Call]:
    """Return SendClean's calls by name; an alias is no call of its own."""
    return _by_name(_views(sendclean_urls.urlpatterns))


def sendcloud() -> dict[str, Call]:
    """Return SendCloud's calls by name; those of version 1 begin with `webapi/`."""
    return _by_name(_views(sendcloud_urls.urlpatterns))


def octeth() -> dict[str, Call]:
    """Return Octeth's calls by name: those of /api/v1, and the commands of /api.php."""
    views = [view for view in _views(octeth_urls.urlpatterns) if view is not Api]
    inner = [call for view in views for call in (view.calls.values() if issubclass(view, ByMethod) else [view])]
    assert {*PUBLIC.values()} <= {*inner}
    return _by_name(inner) | {command.name: Call(name=command.name, kind=command) for command in COMMANDS.values()}


def mailup() -> dict[str, Call]:
    """Return MailUp's calls by name."""
    return _by_name(_views(mailup_urls.urlpatterns))


def rows_of_sendclean() -> list[Row]:
    """Return a row for each call and each of the three types of error."""
    return [(name, kind) for name in sendclean() for kind in sorted({row.type for row in SENDCLEAN.values()})]


def rows_of_octeth() -> list[Row]:
    """Return a row for each call and each number that it documents."""
    return [(name, code) for name, call in octeth().items() for code in words_of(call)]


def rows_of_sendcloud() -> list[Row]:
    """Return a row for each call and each code that it documents: those of its fields, its own, and those of every call."""
    return [(name, code) for name, call in sendcloud().items() for code in codes_of(call)]


def codes_of(call: Call) -> list[int]:
    """Return the codes that one of SendCloud's calls may refuse with."""
    assert issubclass(call.kind, SendCloudView)
    of_fields = {code for field in call.fields for code in (field.missing, field.invalid) if code is not None}
    return sorted(of_fields | {*call.kind.codes} | {*OF_EVERY_CALL})


def rows_of_mailup() -> list[Row]:
    """Return a row for each call and each code that it may answer."""
    never = mailup_errors.NEVER
    return [(name, code) for name in mailup() for code in mailup_errors.CODES if code != "0" and code not in never[name]]


def words_of(call: Call) -> Mapping[int, str]:
    """Return the documented errors of one of Octeth's calls; those of the relay are replies, without words of their own."""
    if call.kind is SMTPRelay:
        return SMTPRelay.errors | {code: "" for code, _ in SMTP_RELAY.values() if code < 400}
    if issubclass(call.kind, Command):
        return call.kind.errors
    if call.kind is SenderDomains:
        return SenderDomains.words
    table: Table = call.kind.table  # type: ignore[attr-defined]
    return table.words


def documents(dialect: str) -> dict[str, dict[str, Any]]:
    """Return what the vendor's documents say, by call."""
    found: dict[str, dict[str, Any]] = json.loads((DOCUMENTS / f"{dialect}.json").read_text(encoding="utf-8"))
    return found


def differences(example: Any, answer: Any, path: str = "") -> Iterator[str]:
    """Yield where an answer lacks a key of a vendor's example, or has another type of value under it."""
    if type(example) is not type(answer):
        yield f"{path or 'all'} is {answer!r}, not {type(example).__name__}"
    elif isinstance(example, dict):
        for key, value in example.items():
            if key in answer:
                yield from differences(value, answer[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(example, list) and example:
        if not answer:
            yield f"{path} is empty"
        for place, item in enumerate(answer):
            yield from differences(example[0], item, f"{path}[{place}]")


def is_a(answer: Any, kinds: tuple[type[msgspec.Struct], ...]) -> bool:
    """Tell whether an answer is one of the types, to the letter: the types of its values, and no key beside theirs."""
    return any(_is_one(answer, kind) for kind in kinds)


def _is_one(answer: Any, kind: type[msgspec.Struct]) -> bool:
    try:
        said = msgspec.convert(answer, kind, strict=True)
    except msgspec.ValidationError:
        return False
    return bool(_drop_defaults(msgspec.to_builtins(said), answer) == answer)


def _drop_defaults(whole: Any, answer: Any) -> Any:
    """Return what a type says of an answer, without members that have a default and were left out."""
    if isinstance(whole, dict) and isinstance(answer, dict):
        return {key: _drop_defaults(value, answer[key]) for key, value in whole.items() if key in answer}
    if isinstance(whole, list | tuple) and isinstance(answer, list):
        return [_drop_defaults(*pair) for pair in zip(whole, answer, strict=True)]
    return whole


def _views(patterns: list[URLPattern]) -> list[type[DialectView]]:
    kinds: list[type[DialectView]] = [pattern.callback.view_class for pattern in patterns]
    return [kind for kind in dict.fromkeys(kinds) if not issubclass(kind, UnknownPath)]


def _by_name(kinds: list[type[DialectView]]) -> dict[str, Call]:
    names = [re.split(r":|\n", (kind.__doc__ or "").strip(), maxsplit=1)[0] for kind in kinds]
    calls = {name: Call(name=name, kind=kind) for name, kind in zip(names, kinds, strict=True)}
    assert len(calls) == len(kinds), "two calls of one name"
    return calls
