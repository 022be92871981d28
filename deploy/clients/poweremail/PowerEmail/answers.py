"""The shapes of answers, for editors and type checkers. What comes is a plain dict, just as the server sent it."""

from __future__ import annotations

from typing import TypedDict


class Said(TypedDict):
    """`status` is "success", `message` a sentence for people."""

    status: str
    message: str


class Readers(TypedDict):
    """Who opened or clicked: one entry in each list for each time. Times are in milliseconds."""

    ip: list[str]
    ua: list[str]
    time: list[int]


class MessageInfo(TypedDict):
    """What became of a message to one recipient. Sizes are in octets, `time` in milliseconds; `open` and `click` are 1 or 0."""

    subject: str
    sender: str
    email: str
    sendFrom: str
    mailSize: int
    attchSize: int
    status: str
    time: int
    open: int
    openData: Readers
    click: int
    clickData: Readers


class MessageInfos(TypedDict):
    """One page of at most 100."""

    status: str
    message_data: list[MessageInfo]


class NewSmtpUser(Said):
    """The password is shown this once."""

    smtp_user_name: str
    smtp_password: str


class SmtpUser(TypedDict):
    """`status` is Enable or Disable; the password is masked; a limit of None is none."""

    smtp_user_name: str
    password: str
    status: str
    total_limit: int | None
    hourly_limit: int | None


class SmtpUsers(TypedDict):
    """One page of the account's."""

    status: str
    smtp_list: list[SmtpUser]


class Fault(TypedDict, total=False):
    """`error` says what is wrong; it is there only where something is, and with Gatepost."""

    error: str


class Validity(Fault):
    """`valid` is Yes or No."""

    valid: str


class SendingDomainCheck(Fault):
    """`valid_signing` is Yes or No."""

    status: str
    domain: str
    dkim: Validity
    spf: Validity
    valid_signing: str


class SendingDomain(TypedDict):
    """`create_date` is in seconds."""

    domain: str
    create_date: int
    dkim: Validity
    spf: Validity
    verify_domain: Validity


class SendingDomains(TypedDict):
    """One page of the account's."""

    status: str
    sending_domain_list: list[SendingDomain]


class TrackingDomainCheck(Fault):
    """`valid_tracking` is Yes or No."""

    status: str
    domain: str
    valid_tracking: str
    cname: Validity


class TrackingDomain(TypedDict):
    """`create_date` is in seconds."""

    domain: str
    create_date: int
    cname: Validity


class TrackingDomains(TypedDict):
    """One page of the account's."""

    status: str
    tracking_domain_list: list[TrackingDomain]


class WebhookKey(Said):
    """The new key, in force at once."""

    webhook_id: int
    key: str


class Webhook(TypedDict):
    """`event` lists events with commas between; `store_log` is Enable or Disable; `create_date` is in seconds."""

    webhook_id: int
    url: str
    event: str
    key: str
    store_log: str
    description: str
    create_date: int


class Webhooks(TypedDict):
    """One page of the account's."""

    status: str
    webhook_list: list[Webhook]


class WebhookDetail(Webhook):
    """A webhook and how it fares: when something last arrived, in seconds, or None, and how many events did."""

    last_success: int | None
    total_event: int


class WebhookInfo(TypedDict):
    """One webhook."""

    status: str
    webhook_data: WebhookDetail


class User(TypedDict):
    """`create_date` is in seconds, `allowed_speed` in mails an hour (0: no limit), `reputation` in per cent with its sign."""

    name: str
    email: str
    mobile: str
    create_date: int
    allowed_speed: int
    reputation: str


class UserDetail(TypedDict):
    """The account."""

    status: str
    user_data: User
