"""The library against the real server, on sockets: the vendor's examples, the README's, and each call."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

import PowerEmail
from tests.deploy.clients.poweremail.conftest import Customer
from tests.support.installation import wait_for

EXAMPLES = Path(__file__).with_name("examples")  # as the vendor's page has them
README = (Path(PowerEmail.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
MAIL = {"from_email": "me@example.com", "to": [{"email": "you@inbox.example"}], "subject": "Hello", "text": "Hello!"}

# What the page lost on its way to us: indents (below), addresses, and a Python that runs today.
MENDED = (
    (r'message:\["', 'message["'),
    (r"^print (.+)$", r"print(\1)"),
    (r"Error, e:", "Error as e:"),
    (r'("from_email"\] = )"\[email protected\]"', r'\1"me@example.com"'),
    (r"\[email protected\]", "you@inbox.example"),
    ("dgfdddger", "ZXhhbXBsZSBmaWxl"),  # stands for an image, and is no base64
)


def mend(example: str) -> str:
    for wrong, right in MENDED:
        example = re.sub(wrong, right, example, flags=re.MULTILINE)
    return "".join(
        line if re.match("try:|except ", line) else indent(line, "    ") for line in example.splitlines(keepends=True)
    )


def run(customer: Customer, example: str, **values: str) -> None:
    """Run an example with a customer's own values in the place of its words."""
    account = customer.made["account"]
    own = {
        "owner_id": account["owner_id"],
        "token": account["token"],
        "PowerEmailTES_APP_DOMAIN": customer.url,
        "mail.example.com": customer.url,
        "smtp12345": customer.made["smtp_user"]["name"],
        **values,
    }
    for word, value in own.items():
        example = re.sub(f"(['\"]){re.escape(word)}['\"](?!\\])", repr(value), example)
    exec(compile(example, "example", "exec"), {})


@pytest.mark.parametrize("name", ["sendMail", "sendTemplate", "getMessageInfo"])
def test_the_vendor_s_examples_work(name: str, customer: Customer, capsys: pytest.CaptureFixture[str]) -> None:
    example = mend((EXAMPLES / f"{name}.txt").read_text())
    run(customer, example, template_id=str(customer.made["template"]["id"]))
    assert capsys.readouterr().out.startswith("{'status': 'success', 'mess")
    run(customer, example, token="wrong")
    told = "A PowerEmailerror occurred: <class 'PowerEmail.errors.AuthenticationError'> - Token MissMatch\n"
    assert capsys.readouterr().out == told


def test_the_readme_s_examples_work(customer: Customer, capsys: pytest.CaptureFixture[str]) -> None:
    run(customer, "\n".join(BLOCKS))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "message have been Queued ... "
    assert re.fullmatch(r"you@inbox\.example \w+ 0 0", second)


def test_mail_arrives_and_is_told_of(customer: Customer) -> None:
    with customer.client() as client:
        said = client.sendMail(customer.made["smtp_user"]["name"], {**MAIL, "headers": {"X-Unique-Id": "order 8"}})
        assert said == {"status": "success", "message": "message have been Queued ... "}

        def told() -> Any:
            return client.messages.getMessageInfo("order 8")["message_data"]

        wait_for(lambda: told()[0]["status"] == "delivered", lambda: f"{told()}: {customer.installation.log[-2000:]}")
        (one,) = told()
        assert (one["subject"], one["sender"], one["email"]) == ("Hello", "me@example.com", "you@inbox.example")
        assert client.messages.getMessageInfo("order 8", 1)["message_data"] == []


def test_a_key_sends_once(customer: Customer) -> None:
    with customer.client() as client:
        mail = {**MAIL, "headers": {"X-Unique-Id": "order 9"}}
        for _ in range(2):
            client.sendMail(customer.made["smtp_user"]["name"], mail, idempotency_key="order 9")
        assert len(client.messages.getMessageInfo("order 9")["message_data"]) == 1
        with pytest.raises(PowerEmail.ValidationError) as raised:
            client.sendMail(customer.made["smtp_user"]["name"], {**mail, "text": "Other"}, idempotency_key="order 9")
        assert raised.value.status == 409


def test_raw_mail_is_sent(customer: Customer) -> None:
    raw = "From: me@example.com\r\nTo: you@inbox.example\r\nSubject: Raw\r\nX-Unique-Id: raw\r\n\r\nHello!\r\n"
    with customer.client() as client:
        assert client.messages.senRaw(customer.made["smtp_user"]["name"], raw)["status"] == "success"
        assert client.messages.getMessageInfo("raw")["message_data"][0]["subject"] == "Raw"


def test_smtp_users_are_managed(customer: Customer) -> None:
    with customer.client() as client:
        made = client.settings.addSmtpUser(total_limit=500, hourly_limit=200)
        name = made["smtp_user_name"]
        client.settings.editSmtp(name, hourly_limit=20, status="Disable")
        (shown,) = (one for one in client.settings.listSmtp()["smtp_list"] if one["smtp_user_name"] == name)
        assert (shown["total_limit"], shown["hourly_limit"], shown["status"]) == (500, 20, "Disable")
        assert client.settings.resetSmtpPassword(name)["smtp_password"] != made["smtp_password"]


def test_domains_are_managed(customer: Customer) -> None:
    with customer.client() as client:
        settings = client.settings
        settings.addSendingDomain("news.example.com")
        assert settings.checkSendingDomain("news.example.com")["valid_signing"] == "No"
        assert "news.example.com" in [one["domain"] for one in settings.listSendingDomain()["sending_domain_list"]]
        settings.deleteSendingDomain("news.example.com")
        settings.addTrackingDomain("links.example.com")
        assert settings.checkTrackingDomain("links.example.com")["valid_tracking"] == "No"
        assert "links.example.com" in [one["domain"] for one in settings.listTrackingDomain()["tracking_domain_list"]]
        settings.deleteTrackingDomain("links.example.com")
        with pytest.raises(PowerEmail.ValidationError):
            settings.deleteTrackingDomain("links.example.com")


def test_the_account_is_shown(customer: Customer) -> None:
    with customer.client() as client:
        assert client.account.viewUserDetail()["user_data"]["name"] == "example.com"


def test_the_server_s_refusals_are_told(customer: Customer) -> None:
    with customer.client() as client:
        with pytest.raises(PowerEmail.ValidationError, match=r"^message is required\.$") as raised:
            client.sendMail(customer.made["smtp_user"]["name"])
        assert raised.value.status == 400
        with pytest.raises(PowerEmail.GeneralError, match="Page not found"):
            client.call("messages/nothing")


def test_a_mail_that_is_too_large_is_told(customer: Customer) -> None:
    with customer.client() as client:
        with pytest.raises(PowerEmail.Error) as raised:
            client.sendMail(customer.made["smtp_user"]["name"], {**MAIL, "text": "x" * 70_000_000})
        # The server hangs up on what it does not read, and that may overtake its answer.
        assert raised.value.status == 413 or isinstance(raised.value, PowerEmail.NetworkError)
        assert client.account.viewUserDetail()["status"] == "success"
