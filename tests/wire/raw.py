"""The doors that take mail as a whole: their harmless calls, and the octets of the mail in a call, spoiled or not.

The mail stands in a call taken apart, as an object with `fields`, a `body`, and what its X-SMTPAPI says if it has one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.wire.calls import MAILUP, SENDCLOUD_FOR_EACH

_MULTIPART = (
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello %name% [name]\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<p>Hello %name%</p>\r\n"
    "--b--\r\n"
)
_FIELDS = [
    ["From", "Acme <news@acme.example>"],
    ["To", "Rita <rita@example.com>"],
    ["Cc", "carl@example.com"],
    ["Bcc", "hidden@example.com"],
    ["Subject", "Hello %name% [name]"],
    ["Reply-To", "help@acme.example"],
    ["X-Unique-Id", "order 7"],
    ["X-Shop", "7 %name% [name]"],
    ["SC-Custom-key1", "value1"],
    ["MIME-Version", "1.0"],
    ["Content-Type", "multipart/alternative; boundary=b"],
]
_SMTP: dict[str, Any] = {
    "ehlo": "shop.example",
    "label": "spring",
    "mail": "bounces@acme.example",
    "mail_parameters": {"SIZE": "1000", "BODY": "8BITMIME", "SMTPUTF8": "", "AUTH": "<>"},
    "rcpt": ["rita@example.com", "bea@example.com"],
    "rcpt_parameters": "",
}
_MAIL: dict[str, Any] = {"fields": _FIELDS, "x_smtpapi": None, "body": _MULTIPART}
SMTP: dict[str, Any] = _SMTP | {"message": _MAIL}
SMTP_SWITCHED: dict[str, Any] = _SMTP | {
    "message": _MAIL
    | {
        "fields": [
            *_FIELDS,
            ["X-STes-TrackOpen", "yes"],
            ["X-STes-TrackClick", "both"],
            ["X-STes-TrackingDomain", "track.acme.example"],
            ["X-STes-SigningDomain", "acme.example"],
            ["X-STes-ReturnPathDomain", "bounce.acme.example"],
        ]
    }
}
SMTP_SENDCLOUD: dict[str, Any] = _SMTP | {"message": _MAIL | {"x_smtpapi": {"base64": SENDCLOUD_FOR_EACH["xsmtpapi"]}}}
SMTP_MAILUP: dict[str, Any] = _SMTP | {"message": _MAIL | {"x_smtpapi": {"json": MAILUP["XSmtpAPI"]}}}

SEND_RAW: dict[str, Any] = {"owner_id": "", "token": "", "smtp_user_name": "", "raw_message": _MAIL}
SMTP_RELAY: dict[str, Any] = {
    "Command": "EmailGateway.SMTPRelay",
    "AdminAPIKey": "",
    "SMTPUsername": "",
    "SMTPPassword": "",
    "UUID": "",
    "MailFrom": "bounces@acme.example",
    "RcptTo": "rita@example.com, <bea@example.com>",
    "Subject": "Unused",
    "RawEmail": _MAIL | {"ends_in_lf": True},
}


def find_mail(asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the mail in the body of a call, None where that hands in none as a whole."""
    return next((value for value in asked.values() if isinstance(value, dict) and "fields" in value), None)


def spell(mail: Mapping[str, Any]) -> str:
    """Return a mail as a call says it, its lines ending as the caller's program keeps them."""
    fields = [*mail["fields"], *_orders(mail["x_smtpapi"])]
    header = "".join(f"{name}: {value}\r\n" for name, value in fields)
    whole = f"{header}\r\n{mail['body']}"
    whole = whole if whole.endswith("\r\n") else whole + "\r\n"
    return whole.replace("\r\n", "\n") if "ends_in_lf" in mail else whole


def write(mail: Mapping[str, Any]) -> bytes:
    """Return the octets that a mail was handed in with, as SMTP has them."""
    whole = spell(mail)
    return (whole.replace("\n", "\r\n") if "ends_in_lf" in mail else whole).encode("utf-8", "surrogatepass")


def _orders(x_smtpapi: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if x_smtpapi is None:
        return []
    if "json" in x_smtpapi:
        return [("X-SMTPAPI", json.dumps(x_smtpapi["json"]))]
    return [("X-SMTPAPI", base64.b64encode(json.dumps(x_smtpapi["base64"]).encode()).decode())]
