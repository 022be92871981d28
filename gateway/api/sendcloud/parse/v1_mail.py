"""What mail.send and mail.send_template of version 1 take: what their heirs do, by other names, and content that is compressed.

With gzip_compress, html and plain are base64 of gzip (RFC 4648 4, RFC 1952).
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.conf import settings

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import Field, boolean, check, fault_in, text
from gateway.api.sendcloud.parse import drop_empty
from gateway.api.sendcloud.parse.mail import SendCall, parse_send, parse_template
from gateway.api.sendcloud.parse.mail_fields import SEND, SEND_TEMPLATE

# The names of version 2 by those of version 1, where they differ.
_NAMES: Final[Mapping[str, str]] = {
    "fromname": "fromName",
    "replyto": "replyTo",
    "label": "labelId",
    "files": "attachments",
    "x_smtpapi": "xsmtpapi",
    "resp_email_id": "respEmailId",
    "use_maillist": "useAddressList",
}
_OF_TEMPLATES: Final[Mapping[str, str]] = {
    **_NAMES,
    "substitution_vars": "xsmtpapi",
    "template_invoke_name": "templateInvokeName",
}
_SAME: Final = ("from", "to", "cc", "bcc", "subject", "html", "plain", "headers")
_GZIP: Final = Field("gzip_compress", boolean, default=False, invalid=40861)
_COMPRESSED: Final = (("html", 40865), ("plain", 40866))
_WITH_HEADER: Final = 16 + zlib.MAX_WBITS  # zlib reads gzip, not its own format


def _rename(table: Sequence[Field], names: Mapping[str, str]) -> tuple[Field, ...]:
    """Return the fields of a table of version 2 that version 1 has, by its names."""
    old = {new: name for name, new in names.items()} | {name: name for name in _SAME}
    return tuple(
        Field(old[one.name], one.kind, required=one.required, default=one.default, missing=one.missing, invalid=one.invalid)
        for one in table
        if one.name in old
    )


SEND_V1: Final = (*_rename(SEND, _NAMES), _GZIP)
SEND_TEMPLATE_V1: Final = (*_rename(SEND_TEMPLATE, _OF_TEMPLATES), _GZIP)


def parse_send_v1(payload: Payload, credential: Credential) -> SendCall:
    """Return what a mail.send asks for."""
    return parse_send(_translate(payload, _NAMES), credential)


def parse_template_v1(payload: Payload, credential: Credential) -> SendCall:
    """Return what a mail.send_template asks for; x_smtpapi does as well as substitution_vars."""
    return parse_template(_translate(payload, _OF_TEMPLATES), credential)


def _translate(payload: Payload, names: Mapping[str, str]) -> Payload:
    """Return the payload as a call of version 2 has it."""
    given = drop_empty(payload.values)
    is_compressed = check((_GZIP,), given)["gzip_compress"]
    values: dict[str, Any] = {name: given[name] for name in _SAME if name in given}
    values |= {new: given[name] for name, new in names.items() if name in given}
    if is_compressed:
        values |= {name: _unpack(name, values[name], code) for name, code in _COMPRESSED if name in values}
    return replace(payload, values=values)


def _unpack(name: str, value: Any, code: int) -> str:
    """Return the text that is in base64 of gzip; raise FieldsRefused where it is not, or is longer than a mail may be."""
    limit = settings.GATEPOST_MAX_SIZE
    try:
        packed = base64.b64decode("".join(text(value).split()), validate=True)
        unpacking = zlib.decompressobj(_WITH_HEADER)
        content = unpacking.decompress(packed, limit + 1).decode()
    except (binascii.Error, zlib.error, ValueError) as error:
        raise fault_in(name, code, f"{name} is not base64 of gzip: {error}.") from None
    if not unpacking.eof:
        raise fault_in(name, code, f"{name} is not whole, or longer than {limit} bytes.")
    return content
