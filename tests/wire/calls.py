"""A harmless call of each door with every text field that it has; those that hand in whole mail stand in raw.py.

Secrets are put in by doors.py, and where a text names a template, a list or a member, the key of that.
"""

from __future__ import annotations

import base64
from typing import Any

FILE = base64.b64encode(b"example file").decode()
PAST = "2020-01-02T03:04:05"
HTTP = {"Idempotency-Key": ""}  # a request's header that becomes part of a submission
TEMPLATE, LIST, MEMBER = "TEMPLATE_KEY", "LIST_KEY", "MEMBER_KEY"

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

_ENVELOPE: dict[str, Any] = {
    name: SENDCLEAN["message"][name] for name in ("from_email", "from_name", "to", "attachments", "images")
}
SENDCLEAN_TEMPLATE: dict[str, Any] = SENDCLEAN | {
    "message": _ENVELOPE
    | {
        "template_id": TEMPLATE,
        "subject": "",  # the template's
        "headers": SENDCLEAN["message"]["headers"]
        | {
            "X-Shop": "7 {{NAME}}",
            "List-Id": "<{{NAME}}.acme.example>",
            "X-STes-AutoText": "yes",
            "X-STes-AutoHtml": "yes",
        },
        "dynamic_value": {"NAME": "you", "Other": "all"},
    }
}
TEMPLATE_OF_SENDCLEAN = {"subject": "Hello {{NAME}}", "html": "<p>Hello {{NAME}} {{ Other }}</p>", "text": ""}
TEMPLATE_OF_GET = TEMPLATE_OF_SENDCLEAN | {"subject": "Unused", "text": "Hello {{NAME}}"}
SENDCLEAN_GET: dict[str, Any] = {
    "owner_id": "",
    "token": "",
    "smtp_user_name": "",
    "template_id": TEMPLATE,
    "subject": "Hello {{NAME}}",
    "from_email": "news@acme.example",
    "to": "rita@example.com",
    "dynamic_value": {"NAME": "you", "Other": "all"},
}

SENDCLEAN_VERIFY: dict[str, Any] = {"owner_id": "", "token": "", "domain": "acme.example", "mailbox": "postmaster"}

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

_NOT_OF_LISTS = ("To", "CC", "BCC", "TemplateID", "TargetListID")
OCTETH_TEMPLATE: dict[str, Any] = OCTETH | {
    "Command": "EmailGateway.SendEmail",
    "ResponseFormat": "JSON",
    "Subject": "Hello {{ Subscriber:Name }} %Subscriber:other%",
    "Headers": {"X-Unique-Id": "order 7", "X-Shop": "7 {{ Subscriber:Name }}", "List-Id": "<%Subscriber:other%.acme.example>"},
    "TemplateID": TEMPLATE,
    "ListID": LIST,
    "SubscriberID": MEMBER,
    "JourneyID": "3",
    "ActionID": "4",
}
TEMPLATE_OF_OCTETH = {
    "subject": "Unused",
    "html": "<p>Hello {{ Subscriber:EmailAddress }}</p>",
    "text": "Hello %Subscriber:other%",
}
OCTETH_LIST: dict[str, Any] = {name: value for name, value in OCTETH.items() if name not in _NOT_OF_LISTS} | {
    "Subject": "Hello {{ Subscriber:name }} %Subscriber:other%",
    "HtmlContent": "<p>Hello {{ Subscriber:name }}</p>",
    "PlainContent": "Hello %Subscriber:email%",
    "Headers": {"X-Unique-Id": "order 7", "X-Shop": "7 {{ Subscriber:other }}"},
    "TargetListID": LIST,
}
A_MEMBER: dict[str, Any] = {"email": "rita@example.com", "name": "Rita", "variables": {"other": "you", "Name": "R."}}

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
_TEMPLATED = {name: _SENDCLOUD[name] for name in _SENDCLOUD if name not in {"cc", "bcc", "html", "plain", "contentSummary"}}
SENDCLOUD_TEMPLATE: dict[str, Any] = _TEMPLATED | {
    "templateInvokeName": TEMPLATE,
    "subject": "",  # the template's
    "xsmtpapi": SENDCLOUD_FOR_EACH["xsmtpapi"],
}
TEMPLATE_OF_SENDCLOUD = {"subject": "Hello %name%", "html": "<p>Hello %name% %other%</p>", "text": "Hello %name%"}
SENDCLOUD_CALENDAR: dict[str, Any] = SENDCLOUD_FOR_ALL | {
    "startTime": "2030-01-31 09:00:00",
    "endTime": "2030-01-31 10:00:00",
    "title": "Budget",
    "organizerName": "Joe",
    "organizerEmail": "joe@example.com",
    "location": "Room 1",
    "description": "About money",
    "participatorNames": "Rita",
    "participatorEmails": "rita@example.com",
    "uid": "7",
    "isCancel": "false",
    "isUpdate": "false",
    "valarmTime": "15",
}
_SENDCLOUD_V1: dict[str, Any] = {
    "api_user": "",
    "api_key": "",
    "from": "Acme <news@acme.example>",
    "fromname": "Acme",
    "to": "Rita <rita@example.com>",
    "replyto": "Help <help@acme.example>",
    "headers": _SENDCLOUD["headers"],
    "label": "",
    "resp_email_id": "true",
    "use_maillist": "false",
    "gzip_compress": "false",
}
SENDCLOUD_V1: dict[str, Any] = _SENDCLOUD_V1 | {
    "cc": "Carl <carl@example.com>",
    "bcc": "bea@example.com",
    "subject": "Hello %name%",
    "html": "<body><p>Hello %name%</p></body>",
    "plain": "Hello %name%",
    "x_smtpapi": {"pubsub": {"%name%": "you"}, "filters": _FILTERS},
}
SENDCLOUD_V1_TEMPLATE: dict[str, Any] = _SENDCLOUD_V1 | {
    "template_invoke_name": TEMPLATE,
    "subject": "",  # the template's
    "substitution_vars": SENDCLOUD_FOR_EACH["xsmtpapi"],
}
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

MAILUP_TEMPLATE: dict[str, Any] = {name: value for name, value in MAILUP.items() if name not in {"Html", "Text"}} | {
    "TemplateId": TEMPLATE,
}
TEMPLATE_OF_MAILUP = {"subject": "Unused", "html": "<p>Hello [name]</p>", "text": "Hello [name]"}

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
