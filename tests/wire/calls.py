"""A harmless call of each door with every text field that it has. Secrets are put in by doors.py."""

from __future__ import annotations

import base64
from typing import Any

FILE = base64.b64encode(b"example file").decode()
PAST = "2020-01-02T03:04:05"
HTTP = {"Idempotency-Key": ""}  # a request's header that becomes part of a submission

SENDCLEAN: dict[str, Any] = {
    "owner_id": "",
    "token": "",
    "smtp_user_name": "",
    "message": {
        "html": '<p>Hello <a href="https://shop.example/">shop</a></p>',
        "text": "Hello https://shop.example/",
        "subject": "Hello there",
        "from_email": "news@acme.example",
        "from_name": "Acme",
        "to": [
            {"email": "rita@example.com", "name": "Rita", "type": "to"},
            {"email": "carl@example.com", "name": "Carl", "type": "cc"},
            {"email": "bea@example.com", "name": "Bea", "type": "bcc"},
        ],
        "headers": {
            "Reply-To": "Help <help@acme.example>",
            "X-Unique-Id": "order 7",
            "X-Shop": "7",
            "List-Id": "<news.acme.example>",
            "X-STes-TrackOpen": "yes",
            "X-STes-TrackClick": "both",
            "X-STes-AutoText": "no",
            "X-STes-AutoHtml": "no",
            "X-STes-TrackingDomain": "track.acme.example",
            "X-STes-SigningDomain": "acme.example",
            "X-STes-ReturnPathDomain": "bounce.acme.example",
        },
        "attachments": [{"type": "text/plain", "name": "a.txt", "content": FILE}],
        "images": [{"type": "image/png", "name": "logo", "content": FILE}],
    },
}

OCTETH: dict[str, Any] = {
    "SenderAPIKey": "",
    "From": {"email": "news@acme.example", "name": "Acme"},
    "Subject": "Hello there",
    "ContentType": "both",
    "HtmlContent": "<p>Hello</p>",
    "PlainContent": "Hello",
    "TemplateID": "",
    "TargetListID": "",
    "To": [{"email": "rita@example.com", "name": "Rita"}],
    "CC": [{"email": "carl@example.com", "name": "Carl"}],
    "BCC": [{"email": "bea@example.com", "name": "Bea"}],
    "ReplyTo": [{"email": "help@acme.example", "name": "Help"}],
    "Attachments": [
        {"filename": "a.txt", "content": FILE, "type": "text/plain", "disposition": "attachment", "contentid": "a"},
        {"filename": "logo", "content": FILE, "type": "image/png", "disposition": "inline", "contentid": "logo"},
    ],
    "Headers": {"X-Unique-Id": "order 7", "X-Shop": "7"},
    "Tags": ["welcome"],
    "TrackLinks": "true",
    "TrackOpens": "false",
    "SendAt": PAST,
}

_SENDCLOUD: dict[str, Any] = {
    "apiUser": "",
    "apiKey": "",
    "from": "Acme <news@acme.example>",
    "fromName": "Acme",
    "to": "Rita <rita@example.com>",
    "cc": "Carl <carl@example.com>",
    "bcc": "bea@example.com",
    "subject": "Hello %name%",
    "replyTo": "Help <help@acme.example>;other@acme.example",
    "html": "<body><p>Hello %name%</p></body>",
    "plain": "Hello %name%",
    "contentSummary": "Greetings",
    "headers": {"SC-Custom-key1": "value1", "X-Shop": "7 %name%", "List-Id": "<%name%.acme.example>"},
    "embeddedCid": "logo",
    "labelId": "7",
    "labelName": "spring",
    "tag": "a;b",
    "sendRequestId": "",
    "respEmailId": "true",
    "useNotification": "true",
    "useAddressList": "false",
}
_FILTERS = {name: {"settings": {"enable": "1"}} for name in ("open_tracking", "click_tracking", "subscription_tracking")}
SENDCLOUD_FOR_ALL: dict[str, Any] = _SENDCLOUD | {
    "xsmtpapi": {"pubsub": {"%name%": "you"}, "filters": _FILTERS, "settings": {"unsubscribe": {"page_id": [""]}}}
}
SENDCLOUD_FOR_EACH: dict[str, Any] = _SENDCLOUD | {
    "xsmtpapi": {
        "to": ["Rita <rita@example.com>", "joe@example.com"],
        "sub": {"%name%": ["%long%", "Joe"], "%other%": ["Rita", "Joe"]},
        "section": {"long": "Margarita %other%"},
    }
}
SENDCLOUD_WITHOUT_FILES = SENDCLOUD_FOR_ALL | {"embeddedCid": ""}
SENDCLOUD_FILES = [
    {"name": "attachments", "filename": "a.txt", "content_type": "text/plain", "content": "example file"},
    {"name": "embeddedImage", "filename": "logo.png", "content_type": "image/png", "content": "example file"},
]

MAILUP: dict[str, Any] = {
    "Html": {
        "DocType": "<!DOCTYPE html>",
        "Head": "<title>T</title>",
        "Body": "<p>Hello [name]</p>",
        "BodyTag": "<body>",
    },
    "Text": "Hello [name]",
    "Subject": "Hello [name]",
    "From": {"Name": "Acme", "Email": "news@acme.example"},
    "To": [{"Name": "Rita", "Email": "rita@example.com"}],
    "Cc": [{"Name": "Carl", "Email": "carl@example.com"}],
    "Bcc": ["bea@example.com"],
    "ReplyTo": "Help <help@acme.example>",
    "CharSet": "utf-8",
    "ExtendedHeaders": [{"N": "X-Shop", "V": "7 [name]"}, {"N": "List-Id", "V": "<[name].acme.example>"}],
    "Attachments": [{"Filename": "a.txt", "ContentId": "a", "Body": FILE}],
    "EmbeddedImages": [{"Filename": "b.png", "ContentId": "b", "Body": FILE}],
    "XSmtpAPI": {
        "CampaignName": "Spring",
        "CampaignCode": "1001",
        "CampaignReport": "Report",
        "Header": "true",
        "Footer": "true",
        "ClickTracking": "true",
        "ViewTracking": "true",
        "Priority": "2",
        "Schedule": PAST,
        "DynamicFields": [{"N": "name", "V": "you"}],
        "SkipDynamicFields": "false",
    },
    "User": {"Username": "", "Secret": ""},
}

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
_ENVELOPE: dict[str, Any] = {
    "ehlo": "shop.example",
    "label": "spring",
    "mail": "bounces@acme.example",
    "mail_parameters": {"SIZE": "1000", "BODY": "8BITMIME", "SMTPUTF8": "", "AUTH": "<>"},
    "rcpt": ["rita@example.com", "bea@example.com"],
    "rcpt_parameters": "",
}
SMTP: dict[str, Any] = _ENVELOPE | {"fields": _FIELDS, "x_smtpapi": None, "body": _MULTIPART}
SMTP_SWITCHED: dict[str, Any] = SMTP | {
    "fields": [
        *_FIELDS,
        ["X-STes-TrackOpen", "yes"],
        ["X-STes-TrackClick", "both"],
        ["X-STes-TrackingDomain", "track.acme.example"],
        ["X-STes-SigningDomain", "acme.example"],
        ["X-STes-ReturnPathDomain", "bounce.acme.example"],
    ]
}
SMTP_SENDCLOUD: dict[str, Any] = SMTP | {"x_smtpapi": {"base64": SENDCLOUD_FOR_EACH["xsmtpapi"]}}
SMTP_MAILUP: dict[str, Any] = SMTP | {"x_smtpapi": {"json": MAILUP["XSmtpAPI"]}}

CONSOLE: dict[str, Any] = {
    "name": "Acme",
    "local_part": "news",
    "subject": "Hello {{ name }}",
    "send_at": "",
    "once": "",
    "template": {
        "subject": "Unused",
        "html": "<p>Hello {{ name }} {{ other }}</p>",
        "text": "Hello {{ name }}",
    },
    "member": {"email": "rita@example.com", "name": "Rita", "variables": {"other": "you"}},
}
TEST_OF_TEMPLATE: dict[str, Any] = {
    "sender": "news@acme.example",
    "values": '{"name": "you", "other": "all"}',
    "template": {"subject": "Hello {{ name }}", "html": "<p>Hello {{ name }}</p>", "text": "Hello {{ name }}"},
}
