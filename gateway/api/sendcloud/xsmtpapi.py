"""SendCloud's X-SMTPAPI: a JSON object, as parameter `xsmtpapi` of the API or base64-encoded in a header (seeds/002).

    to        the recipients, at most 100; each gets a mail of its own
    pubsub    values for everybody, which beat
    sub       values by recipient: as many as `to` has
    section   longer texts that values of `sub` name as %key%; in them, %name% is the recipient's value of `sub`
    filters   open_tracking, click_tracking, subscription_tracking: settings.enable
    settings  unsubscribe.page_id, a number or a list of one

Null is absent, other names are ignored, and of a name that stands twice the last wins.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.api.bodies import parse_json
from gateway.api.fields import boolean, integer
from gateway.api.mailboxes import parse_mailbox
from gateway.api.overlay import MAX_LENGTH, Overlay, unfold
from gateway.base.errors import (
    FieldInvalid,
    FieldMissing,
    RecipientInvalid,
    RecipientMissing,
    Refused,
    RequestMalformed,
    TooManyRecipients,
)
from gateway.engine.submission import Addressee, Clicks, Syntax
from gateway.smtp.addresses import AddressError, parse_address

MAX_TO = 100
MAX_EXPANDED = 4_000_000  # characters that all sections together may grow to
_PAGE_IDS = range(1, 2**63)


def read_text(text: str) -> Overlay:
    """Return what the JSON in `text` asks for.

    Raises FieldInvalid("xsmtpapi") for what is no JSON object, FieldMissing("xsmtpapi") for an empty one, FieldInvalid,
    FieldMissing, RecipientMissing, RecipientInvalid or TooManyRecipients with field "xsmtpapi.<name>" for what is in it.
    """
    return read_object(_decode(text))


def read_object(asked: Mapping[str, Any]) -> Overlay:
    """Return what a decoded X-SMTPAPI asks for; raises as `read_text` does."""
    to = _read_to(asked.get("to"))
    shared = _texts(asked, "pubsub")
    own = {} if shared else _read_sub(asked.get("sub"), _texts(asked, "section"), to)
    filters = _object(asked.get("filters"), "filters")
    clicks = _read_switch(filters, "click_tracking")
    return Overlay(
        recipients=tuple(
            Addressee(email=email, variables={name: values[place] for name, values in own.items()})
            for place, email in enumerate(to)
        ),
        syntax=Syntax.SENDCLOUD if shared or own else Syntax.NONE,
        variables=shared,
        track_opens=_read_switch(filters, "open_tracking"),
        track_clicks=None if clicks is None else Clicks.HTML if clicks else Clicks.NONE,
        unsubscribe_link=_read_switch(filters, "subscription_tracking"),
        unsubscribe_page_id=_read_page_id(_object(asked.get("settings"), "settings")),
    )


def read_header(value: bytes) -> Overlay | None:
    """Return what an X-SMTPAPI header asks for, None when it is not base64 of a JSON object.

    Raises FieldInvalid("xsmtpapi") when it is, and is wrong.
    """
    try:
        text = base64.b64decode("".join(unfold(value).split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return None
    try:
        return read_text(text)
    except Refused as refusal:
        raise FieldInvalid("xsmtpapi", refusal.message, value=refusal.value) from refusal


def _decode(text: str) -> dict[str, Any]:
    if len(text) > MAX_LENGTH or len(text.encode("utf-8", "surrogatepass")) > MAX_LENGTH:
        raise FieldInvalid("xsmtpapi", f"The xsmtpapi is longer than {MAX_LENGTH} bytes.")
    try:
        asked = parse_json(text, keep_spelling=True)
    except RequestMalformed as refusal:
        raise FieldInvalid("xsmtpapi", refusal.message) from None
    if asked is None or asked == {}:
        raise FieldMissing("xsmtpapi", "The xsmtpapi is empty.")
    if not isinstance(asked, dict):
        raise FieldInvalid("xsmtpapi", "The xsmtpapi must be a JSON object.")
    return asked


def _read_to(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise FieldInvalid("xsmtpapi.to", "to in xsmtpapi must be an array of addresses.")
    if not value:
        raise RecipientMissing("to in xsmtpapi names nobody.", field="xsmtpapi.to")
    if len(value) > MAX_TO:
        raise TooManyRecipients(
            f"to in xsmtpapi has {len(value)} addresses; at most {MAX_TO} are allowed.", field="xsmtpapi.to"
        )
    return tuple(_read_address(item) for item in value)


def _read_address(item: Any) -> str:
    if not isinstance(item, str):
        raise RecipientInvalid("to in xsmtpapi has an item that is no text.", field="xsmtpapi.to")
    try:
        return parse_address(parse_mailbox(item).email).text
    except AddressError as error:
        raise RecipientInvalid(str(error), field="xsmtpapi.to", value=item) from None


def _read_sub(value: Any, sections: Mapping[str, str], to: Sequence[str]) -> dict[str, list[str]]:
    """Return for each variable the values in the order of `to`, sections expanded."""
    columns = _object(value, "sub")
    if columns and not to:
        raise FieldMissing("xsmtpapi.to", "An xsmtpapi with sub must have to.")
    own = {_bare(name): _read_column(name, column, len(to)) for name, column in columns.items()}
    return _Sections(sections).expand(own, len(to)) if sections else own


def _read_column(name: str, column: Any, count: int) -> list[str]:
    if not isinstance(column, list) or len(column) != count:
        raise FieldInvalid(
            "xsmtpapi.sub", f"{name[:80]} in sub must be an array of {count} values, one for each address in to."
        )
    return [_spell(item, "sub") for item in column]


class _Sections:
    """Expands sections in the values of one `sub`. What it makes is bounded: a short text can ask for very much."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.left = MAX_EXPANDED

    def expand(self, own: Mapping[str, Sequence[str]], count: int) -> dict[str, list[str]]:
        rows = [{name: column[place] for name, column in own.items()} for place in range(count)]
        return {name: [self._expand_value(row[name], row) for row in rows] for name in own}

    def _expand_value(self, value: str, row: Mapping[str, str]) -> str:
        return self._fill(value, lambda name: self._fill(self.texts[name], row.get) if name in self.texts else None)

    def _fill(self, text: str, find: Callable[[str], str | None]) -> str:
        """Put what `find` knows for %name%, in one pass; a % that belongs to no known name stays."""
        first, *rest = text.split("%")
        pieces, place = [first], 0
        self._spend(len(text))
        while place < len(rest):
            found = find(rest[place]) if place + 1 < len(rest) else None
            if found is None:
                pieces += ("%", rest[place])
                place += 1
            else:
                pieces += (found, rest[place + 1])
                place += 2
                self._spend(len(found))
        return "".join(pieces)

    def _spend(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise FieldInvalid("xsmtpapi.section", f"The sections grow to more than {MAX_EXPANDED} characters.")


def _texts(asked: Mapping[str, Any], name: str) -> dict[str, str]:
    return {_bare(key): _spell(item, name) for key, item in _object(asked.get(name), name).items()}


def _read_switch(filters: Mapping[str, Any], name: str) -> bool | None:
    enable = _object(_object(filters.get(name), "filters").get("settings"), "filters").get("enable")
    try:
        return None if enable is None else boolean(enable)
    except ValueError:
        raise FieldInvalid("xsmtpapi.filters", f"enable of {name} must be 0 or 1.") from None


def _read_page_id(settings: Mapping[str, Any]) -> int | None:
    """Return the number of an unsubscribe page: the official clients send it in a list."""
    page_id = _object(settings.get("unsubscribe"), "settings").get("page_id")
    if isinstance(page_id, list):
        page_id = page_id[0] if page_id else None
    try:
        number = None if page_id is None else integer(page_id)
    except ValueError:
        number = 0
    if number is not None and number not in _PAGE_IDS:
        raise FieldInvalid("xsmtpapi.settings", "page_id must be the number of an unsubscribe page.")
    return number


def _object(value: Any, name: str) -> dict[str, Any]:
    """Return a JSON object, an empty one for null; raise FieldInvalid for anything else."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise FieldInvalid(f"xsmtpapi.{name}", f"{name} in xsmtpapi must be an object.")


def _bare(name: str) -> str:
    """Return a variable's name without the % around it."""
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "%" else name


def _spell(value: Any, name: str) -> str:
    """Return a value as the JSON spells it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    raise FieldInvalid(f"xsmtpapi.{name}", f"{name} in xsmtpapi has a value that is neither text nor a number.")
