"""Where text stands in the calls of each door, derived from the product's own tables, and what each text may change.

A text that no rule below names may change nothing that is seen on the wire, so that a field is under test the day it exists.
`test_places.py` proves that no field is left out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from gateway.api.fields import Field
from gateway.api.mailup import xsmtpapi as mailup_xsmtpapi
from gateway.api.mailup.parse import SMTP_USER as MAILUP_USER
from gateway.api.mailup.parse import messages as mailup
from gateway.api.octeth.parse import email_fields as octeth
from gateway.api.octeth.parse import smtp_relay
from gateway.api.sendclean.parse import CREDENTIALS, SMTP_USER, raw, sending_domains, switches
from gateway.api.sendclean.parse import messages as sendclean
from gateway.api.sendcloud.parse import CREDENTIALS as SENDCLOUD_CREDENTIALS
from gateway.api.sendcloud.parse import mail_fields as sendcloud
from gateway.api.sendcloud.parse import v1_mail as sendcloud_v1
from gateway.api.sendcloud.parse.v1 import CREDENTIALS_V1
from tests.wire import calls
from tests.wire import raw as raw_calls

Step = str | int
Path = tuple[Step, ...]

NAME = -1  # as the last step of a path: the name under which the value stands, not the value


class May(Flag):
    """What a text may change of what is seen on the wire."""

    NOTHING = 0
    SENDER = auto()  # From
    PEOPLE = auto()  # RCPT TO, and the addresses in To and Cc
    SHOWN = auto()  # To and Cc, names alone
    REPLIES = auto()
    SUBJECT = auto()
    HEADER = auto()  # the name of its own header, or whether there is one
    PARTS = auto()  # the type of its own part
    RETURN = auto()  # MAIL FROM
    WAY_OUT = auto()  # whether there is a List-Unsubscribe
    ALL = SENDER | PEOPLE | SHOWN | REPLIES | SUBJECT | HEADER | PARTS | RETURN | WAY_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A text of a call: the door with its harmless call, and where in it the text stands."""

    door: str
    path: Path

    def __str__(self) -> str:
        return f"{self.door}:{self.key}"

    @property
    def key(self) -> str:
        """The path in lower case, without numbers; the name of a member ends with #."""
        words = [step.lower() for step in self.path if isinstance(step, str)]
        return "/".join(words) + ("#" if self.path[-1] == NAME else "")

    @property
    def may(self) -> May:
        own, common = RULES.get(self.door, {}), RULES[self.door.partition(" ")[0]]
        rules = (*own.items(), *common.items())
        return next((may for pattern, may in rules if re.fullmatch(pattern, self.key)), May.NOTHING)

    @property
    def is_raw(self) -> bool:
        """Whether the door takes mail as a whole."""
        return raw_calls.find_mail(CALLS[self.door]["body"]) is not None

    @property
    def is_in_header(self) -> bool:
        """Whether the text stands in the header of mail that is handed in whole."""
        return "fields" in self.path


# The tables of each door, and where in its call their fields stand.
Tables = list[tuple[Sequence[Field], Path]]

_SENDCLEAN: Tables = [
    (CREDENTIALS, ()),
    (SMTP_USER, ()),
]
_SENDCLEAN_MESSAGE: Tables = [
    *_SENDCLEAN,
    (sendclean.CALL, ()),
    (sendclean.RECIPIENT, ("message", "to", 0)),
    (sendclean.ATTACHMENT, ("message", "attachments", 0)),
    (sendclean.IMAGE, ("message", "images", 0)),
    (switches.SWITCHES, ("message", "headers")),
    (switches.PARTS, ("message", "headers")),
]
_OCTETH: Tables = [
    ((octeth.KEY,), ()),
    (octeth.FIELDS, ()),
    (octeth.ATTACHMENT, ("Attachments", 0)),
    (octeth.ATTACHMENT, ("Attachments", 1)),
    (octeth._MAILBOX, ("From",)),
]
_MAILUP: Tables = [
    (MAILUP_USER, ("User",)),
    (mailup.EMAIL_ADDRESS, ("From",)),
    (mailup.EMAIL_ADDRESS, ("To", 0)),
    (mailup.MESSAGE_PART, ("Attachments", 0)),
    (mailup.MESSAGE_PART, ("EmbeddedImages", 0)),
    (mailup_xsmtpapi.FIELDS, ("XSmtpAPI",)),
]
TABLES: Mapping[str, Tables] = {
    "sendclean": [*_SENDCLEAN_MESSAGE, (sendclean.MAIL, ("message",))],
    "sendclean template": [*_SENDCLEAN_MESSAGE, (sendclean.TEMPLATED, ("message",))],
    "sendclean get": [*_SENDCLEAN, (sendclean.TEMPLATED_BY_GET, ())],
    "sendclean verify": [(CREDENTIALS, ()), (sending_domains.VERIFIED, ())],
    "sendclean raw": [*_SENDCLEAN, (raw.RAW, ())],
    "octeth": _OCTETH,
    "octeth template": _OCTETH,
    "octeth list": _OCTETH,
    "octeth relay": [(smtp_relay.FIELDS, ())],
    "sendcloud all": [(SENDCLOUD_CREDENTIALS, ()), (sendcloud.SEND, ())],
    "sendcloud each": [(SENDCLOUD_CREDENTIALS, ()), (sendcloud.SEND, ())],
    "sendcloud json": [(SENDCLOUD_CREDENTIALS, ()), (sendcloud.SEND, ())],
    "sendcloud template": [(SENDCLOUD_CREDENTIALS, ()), (sendcloud.SEND_TEMPLATE, ())],
    "sendcloud calendar": [(SENDCLOUD_CREDENTIALS, ()), (sendcloud.SEND_CALENDAR, ())],
    "sendcloud v1": [(CREDENTIALS_V1, ()), (sendcloud_v1.SEND_V1, ())],
    "sendcloud v1 template": [(CREDENTIALS_V1, ()), (sendcloud_v1.SEND_TEMPLATE_V1, ())],
    "mailup": [(mailup.MESSAGE, ()), (mailup.HTML, ("Html",)), *_MAILUP],
    "mailup template": [(mailup.TEMPLATE, ()), *_MAILUP],
    "smtp": [],
    "smtp switched": [(switches.SWITCHES, ("message", "fields"))],
    "smtp sendcloud": [],
    "smtp mailup": [(mailup_xsmtpapi.FIELDS, ("message", "x_smtpapi", "json"))],
    "console list": [],
    "console test": [],
}

CALLS: Mapping[str, dict[str, Any]] = {
    "sendclean": {"body": calls.SENDCLEAN, "http": calls.HTTP},
    "sendclean template": {
        "body": calls.SENDCLEAN_TEMPLATE,
        "template": calls.TEMPLATE_OF_SENDCLEAN,
        "http": calls.HTTP,
    },
    "sendclean get": {"body": calls.SENDCLEAN_GET, "template": calls.TEMPLATE_OF_GET, "http": calls.HTTP},
    "sendclean verify": {"body": calls.SENDCLEAN_VERIFY, "http": calls.HTTP},
    "sendclean raw": {"body": raw_calls.SEND_RAW, "http": calls.HTTP},
    "octeth": {"body": calls.OCTETH, "http": calls.HTTP},
    "octeth template": {
        "body": calls.OCTETH_TEMPLATE,
        "template": calls.TEMPLATE_OF_OCTETH,
        "member": calls.A_MEMBER,
        "http": calls.HTTP,
    },
    "octeth list": {"body": calls.OCTETH_LIST, "member": calls.A_MEMBER, "http": calls.HTTP},
    "octeth relay": {"body": raw_calls.SMTP_RELAY, "http": calls.HTTP},
    "sendcloud all": {"body": calls.SENDCLOUD_FOR_ALL, "files": calls.SENDCLOUD_FILES, "http": calls.HTTP},
    "sendcloud each": {"body": calls.SENDCLOUD_FOR_EACH, "files": calls.SENDCLOUD_FILES, "http": calls.HTTP},
    "sendcloud json": {"body": calls.SENDCLOUD_WITHOUT_FILES, "http": calls.HTTP},
    "sendcloud template": {
        "body": calls.SENDCLOUD_TEMPLATE,
        "template": calls.TEMPLATE_OF_SENDCLOUD,
        "files": calls.SENDCLOUD_FILES,
        "http": calls.HTTP,
    },
    "sendcloud calendar": {"body": calls.SENDCLOUD_CALENDAR, "files": calls.SENDCLOUD_FILES, "http": calls.HTTP},
    "sendcloud v1": {"body": calls.SENDCLOUD_V1, "http": calls.HTTP},
    "sendcloud v1 template": {
        "body": calls.SENDCLOUD_V1_TEMPLATE,
        "template": calls.TEMPLATE_OF_SENDCLOUD,
        "http": calls.HTTP,
    },
    "mailup": {"body": calls.MAILUP, "http": calls.HTTP},
    "mailup template": {"body": calls.MAILUP_TEMPLATE, "template": calls.TEMPLATE_OF_MAILUP, "http": calls.HTTP},
    "smtp": {"body": raw_calls.SMTP},
    "smtp switched": {"body": raw_calls.SMTP_SWITCHED},
    "smtp sendcloud": {"body": raw_calls.SMTP_SENDCLOUD},
    "smtp mailup": {"body": raw_calls.SMTP_MAILUP},
    "console list": {"body": calls.CONSOLE},
    "console test": {"body": calls.TEST_OF_TEMPLATE},
}

_XSMTPAPI = {
    r".*/to": May.PEOPLE | May.SUBJECT,  # an address given twice gets the mail of its first place
    r".*/(pubsub|sub|section|dynamicfields)/.*": May.SUBJECT | May.SHOWN,
    r".*/subscription_tracking/.*": May.WAY_OUT,
    r".*/footer": May.WAY_OUT,
    r".*/(skipdynamicfields|dynamicfields).*": May.SUBJECT,
    r".*/(priority|footer)": May.WAY_OUT,
}
# What a customer writes into raw mail is what goes out: `judge.compare_raw` says exactly what.
_RAW = {
    r"body/\w+/fields(/.*)?": May.ALL ^ May.PEOPLE,
    r"body/\w+/body": May.PARTS,
}
# Those of a dialect, and before them those of a single door.
RULES: Mapping[str, Mapping[str, May]] = {
    "sendclean": _RAW
    | {
        r"body/(message/)?subject": May.SUBJECT,
        r"body/(message/)?from_(email|name)": May.SENDER,
        r"body/(to|mailbox)": May.PEOPLE,
        r"body/(message/)?dynamic_value/.*": May.SUBJECT,
        r"template/(html|text)": May.PARTS,
        r"body/message/to/email": May.PEOPLE,
        r"body/message/to/name": May.SHOWN,
        r"body/message/to/type": May.PEOPLE | May.HEADER,
        r"body/message/headers/reply-to#?": May.REPLIES | May.HEADER,
        r"body/message/headers/.*#": May.HEADER | May.REPLIES | May.PARTS | May.RETURN,
        r"body/message/headers/x-stes-returnpathdomain": May.RETURN,
        r"body/message/(attachments|images)/type": May.PARTS,
    },
    "sendclean template": {r"template/subject": May.SUBJECT, r".*/x-stes-auto(text|html)#": May.HEADER | May.PARTS},
    "octeth relay": _RAW | {r"body/rcptto": May.PEOPLE, r"body/subject": May.NOTHING},
    "octeth list": {
        r"member/email": May.PEOPLE | May.SUBJECT,
        r"member/name": May.SHOWN | May.SUBJECT,
    },
    "octeth": {
        r"member/.*": May.SUBJECT,
        r"template/(html|text)": May.PARTS,
        r"body/subject": May.SUBJECT,
        r"body/from/(email|name)": May.SENDER,
        r"body/(to|cc|bcc)/email": May.PEOPLE,
        r"body/(to|cc)/name": May.SHOWN,
        r"body/replyto/(email|name)": May.REPLIES,
        r"body/headers/.*#": May.HEADER,
        r"body/attachments/(type|disposition)": May.PARTS,
        r"body/contenttype": May.PARTS,
    },
    "sendcloud": _XSMTPAPI
    | {
        r"body/subject": May.SUBJECT,
        r"body/from(name)?": May.SENDER,
        r"body/(to|cc|bcc)": May.PEOPLE | May.HEADER,
        r"body/replyto": May.REPLIES,
        r"body/headers/.*#": May.HEADER,
        r"body/usenotification": May.HEADER,
        r"(body|template)/(html|plain|text)": May.PARTS | May.WAY_OUT,  # by the vendor's name of the link
        r"files/(content_type|name)": May.PARTS,
        r"files/filename": May.PARTS,
    },
    "sendcloud template": {r"template/subject": May.SUBJECT},
    "sendcloud v1 template": {r"template/subject": May.SUBJECT},
    "mailup": _XSMTPAPI
    | {
        r"body/subject": May.SUBJECT,
        r"body/from/(email|name)": May.SENDER,
        r"body/(to|cc|bcc)(/email)?": May.PEOPLE | May.HEADER,
        r"body/(to|cc)/name": May.SHOWN,
        r"body/replyto": May.REPLIES | May.HEADER,
        r"body/extendedheaders/n": May.HEADER,
        r"body/(attachments|embeddedimages)/filename": May.PARTS,
        r"body/(html/body|text)": May.PARTS,
        r"template/(html|text)": May.PARTS,
    },
    "smtp": _XSMTPAPI
    | _RAW
    | {
        r"body/(ehlo|mail|mail_parameters/.*|rcpt|rcpt_parameters)": May.PEOPLE,  # by commands of the client's own
    },
    "console": {
        r"body/(name|local_part|sender)": May.SENDER,
        r"body/subject": May.SUBJECT,
        r"body/(member/variables/.*|values)": May.SUBJECT,
        r"body/member/email": May.PEOPLE | May.SUBJECT,
        r"body/member/name": May.SHOWN | May.SUBJECT,
        r"body/template/subject": May.SUBJECT,
        r"body/template/(html|text)": May.PARTS,
    },
}


def find_places(door: str) -> list[Place]:
    """Return every text of a door's call: those of its harmless call, and those of its tables that it does not have."""
    whole = CALLS[door]
    paths = dict.fromkeys(_find_texts(whole))
    for table, at in TABLES[door]:
        texts = [field.name for field in table if _takes_text(whole, at, field)]
        paths |= dict.fromkeys(("body", *at, _spelled(whole, at, name)) for name in texts)
    return [Place(door=door, path=path) for path in paths]


def _find_texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each text, and of each name that is the customer's own choice."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _find_texts(item, (*path, name))
            if str(path[-1]).lower() in OWN_NAMES if path else False:
                yield (*path, name, NAME)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _find_texts(item, (*path, place))


OWN_NAMES = frozenset(("headers", "pubsub", "sub", "section", "variables", "dynamic_value", "mail_parameters"))


def _spelled(whole: Mapping[str, Any], at: Path, name: str) -> str:
    """Return a field's name as the call spells it."""
    container = get(whole, ("body", *at))
    return next((key for key in container if str(key).lower() == name.lower()), name) if isinstance(container, dict) else name


def _takes_text(whole: Mapping[str, Any], at: Path, field: Field) -> bool:
    """Tell whether a field is not in the call yet, or has text there; what holds others is looked into instead."""
    container = get(whole, ("body", *at))
    if isinstance(container, list):  # the fields of a header, which stand there as pairs
        return not any(pair[0].lower() == field.name.lower() for pair in container)
    return not isinstance(container.get(_spelled(whole, at, field.name)), dict | list)


def get(call: Any, path: Path) -> Any:
    """Return what stands at a path; for a name, the name."""
    if path[-1] == NAME:
        return path[-2]
    for step in path:
        call = call[step]
    return call


def text_at(call: Any, place: Place) -> str:
    """Return the text at a place, empty where the call has none."""
    try:
        return str(get(call, place.path))
    except KeyError:
        return ""


def put(call: Any, path: Path, text: str) -> Any:
    """Return a copy of a call with `text` at a path; at a name, what stood under it stands under `text`."""
    step, *rest = path
    spoiled = copy.copy(call)
    if rest == [NAME]:
        return {text if name == step else name: value for name, value in call.items()}
    spoiled[step] = put(call[step], tuple(rest), text) if rest else text
    return spoiled
