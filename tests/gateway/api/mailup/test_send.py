"""SendMessage, from the call to what is stored."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from gateway.models import Attachment, Message, Recipient
from tests.gateway.api.mailup.conftest import PATH, Send, make_message
from tests.support.cast import Tenant
from tests.support.doors import let_sleep

OK = (200, {"Status": "done", "Code": "0", "Message": "Ok"})


def sent() -> Message:
    return Message.objects.select_related("content").get()


def recipients() -> list[tuple[str, str, str]]:
    return list(Recipient.objects.order_by("position").values_list("kind", "email", "name"))


def test_it_works(send: Send) -> None:
    assert send() == OK
    message = sent()
    assert (message.door, message.subject, message.sender, message.sender_name) == (
        "mailup",
        "Hello friend!",
        "news@acme.example",
        "Acme",
    )
    assert message.content.html == "<html><body><p>Hello [name]</p></body></html>"
    assert recipients() == [("to", "info@mailup.example", "Massimo")]


def test_it_works_through_the_thread_that_stores(live_acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    let_sleep(monkeypatch)
    response = Client().post(PATH, make_message(live_acme), "application/json")
    assert (response.status_code, response.json()) == OK
    assert recipients() == [("to", "info@mailup.example", "Massimo")]


def test_the_vendors_own_example(send: Send) -> None:
    # seeds/003, "JSON request (example)", with names of ours and an image.
    assert (
        send(
            Html={
                "DocType": None,
                "Head": None,
                "Body": '<div>Hello Mr. [firstname] [lastname] !!!</div><br><img width="600" src="cid:img001">',
                "BodyTag": "<body>",
            },
            Text="Hello world!!!",
            Cc=[],
            Bcc=[],
            ReplyTo=None,
            CharSet="utf-8",
            ExtendedHeaders=None,
            Attachments=None,
            EmbeddedImages=[{"Filename": "Image.jpg", "ContentId": "img001", "Body": "/9j/"}],
            XSmtpAPI={
                "CampaignName": "Test Campaign",
                "CampaignCode": "1001",
                "Header": None,
                "Footer": None,
                "ClickTracking": None,
                "ViewTracking": None,
                "Priority": None,
                "Schedule": None,
                "DynamicFields": [{"N": "firstname", "V": "Mario"}, {"N": "lastname", "V": "Rossi"}],
                "CampaignReport": None,
                "SkipDynamicFields": None,
            },
        )
        == OK
    )
    message = sent()
    assert (message.campaign, message.tags) == ("1001", ["Test Campaign"])
    assert message.options["syntax"] == "mailup"
    assert message.options["variables"] == {"firstname": "Mario", "lastname": "Rossi"}
    assert (message.content.text, Attachment.objects.get().content_id) == ("Hello world!!!", "img001")


def test_all_members_arrive(send: Send) -> None:
    send(
        Cc=[{"Name": "Carl", "Email": "carl@b.example"}],
        Bcc=["bea@b.example", "Bob <bob@b.example>"],
        ReplyTo="Help <help@acme.example>",
        Text="Hello",
        XSmtpAPI={"ClickTracking": False, "ViewTracking": "true", "Schedule": "2030-01-02T03:04:05", "Priority": 5},
    )
    message = sent()
    assert recipients()[1:] == [("cc", "carl@b.example", "Carl"), ("bcc", "bea@b.example", ""), ("bcc", "bob@b.example", "Bob")]
    assert message.reply_to == [["help@acme.example", "Help"]]
    assert message.send_at == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (message.options["track_opens"], message.options["track_clicks"]) == (True, "no")
    assert set(Recipient.objects.values_list("priority", "state")) == {(1, "deferred")}


@pytest.mark.parametrize("path", ["/api/v2.0/messages/sendmessage", f"{PATH}%20", f"{PATH}/", "/API/V2.0/Messages/SendMessage"])
def test_the_path_has_no_case_and_may_end_in_a_space(send: Send, acme: Tenant, path: str) -> None:
    assert Client().post(path, make_message(acme), "application/json").json()["Code"] == "0"


def test_a_byte_order_mark_is_skipped(send: Send, acme: Tenant) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(make_message(acme)).encode()
    assert Client().post(PATH, body, "application/json").json()["Code"] == "0"


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "text/json", "application/x-www-form-urlencoded", ""])
def test_json_may_be_called_anything(send: Send, acme: Tenant, media: str) -> None:
    assert Client().generic("POST", PATH, json.dumps(make_message(acme)), media).json()["Code"] == "0"


def test_nulls_are_absent(send: Send) -> None:
    nulls = dict.fromkeys(
        ("Cc", "Bcc", "ReplyTo", "CharSet", "ExtendedHeaders", "Attachments", "EmbeddedImages", "XSmtpAPI", "Text", "Subject")
    )
    assert send(**nulls) == OK
    assert sent().subject == ""


# HTML --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "document"),
    [
        ({"Body": "Hi"}, "<html><body>Hi</body></html>"),
        (
            {"DocType": "<!DOCTYPE html>", "Head": "<title>T</title>", "Body": "Hi", "BodyTag": '<body class="a">'},
            '<!DOCTYPE html><html><head><title>T</title></head><body class="a">Hi</body></html>',
        ),
        ({"Body": "Hi", "BodyTag": "< body>"}, "<html><body>Hi</body></html>"),
        ({"Body": "<!DOCTYPE html><html><body>Hi</body></html>"}, "<!DOCTYPE html><html><body>Hi</body></html>"),
        ({"Body": " <HTML><body>Hi"}, " <HTML><body>Hi"),
        ({"Body": "<htmlish>"}, "<html><body><htmlish></body></html>"),
    ],
)
def test_html_is_put_together(send: Send, html: dict[str, Any], document: str) -> None:
    send(Html=html)
    assert sent().content.html == document


def test_text_alone_is_enough(send: Send) -> None:
    assert send(Html=None, Text="Hello") == OK
    assert (sent().content.html, sent().content.text) == ("", "Hello")


# Files -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["ZXhhbXBsZQ==", "ZXhh\r\nbXBsZQ==", list(b"example")])
def test_a_body_is_base64_or_an_array_of_bytes(send: Send, body: object) -> None:
    send(Attachments=[{"Filename": "报告.pdf", "ContentId": None, "Body": body}])
    file = Attachment.objects.get()
    assert (bytes(file.content), file.filename, file.content_type, file.content_id) == (
        b"example",
        "报告.pdf",
        "application/pdf",
        "",
    )


def test_a_long_array_of_bytes_is_taken(send: Send) -> None:
    content = bytes(range(256)) * 4096
    send(Attachments=[{"Filename": "a.bin", "Body": list(content)}])
    assert bytes(Attachment.objects.get().content) == content


def test_an_attachment_may_be_empty(send: Send) -> None:
    assert send(Attachments=[{"Filename": "a.txt", "Body": ""}, {"Filename": "b.txt", "Body": []}]) == OK


@pytest.mark.parametrize(("content_id", "stored"), [("img001", "img001"), ("<img001>", "img001"), (None, "a.png")])
def test_an_image_has_an_id(send: Send, content_id: str | None, stored: str) -> None:
    body = base64.b64encode(b"image").decode()
    send(EmbeddedImages=[{"Filename": "a.png", "ContentId": content_id, "Body": body}])
    assert Attachment.objects.get().content_id == stored


# Headers -----------------------------------------------------------------------------------------------------------------


def test_approved_headers_are_added_and_the_others_noted(send: Send) -> None:
    approved = [
        ["X-Shop", "7"],
        ["List-Unsubscribe", "<https://acme.example/u>"],
        ["auto-submitted", "auto-generated"],
        ["Precedence", "bulk"],
        ["Importance", "high"],
        ["Priority", "urgent"],
        ["In-Reply-To", "<a@b.example>"],
        ["References", "<a@b.example>"],
        ["Feedback-ID", "1:2:3:acme"],
    ]
    others = [
        ["Sender", "eve@evil.example"],
        ["X-SMTPAPI", "{}"],
        ["Bcc", "eve@evil.example"],
        ["Evil\r\nBcc", "e"],
        ["X-", "1"],
    ]
    send(ExtendedHeaders=[{"N": name, "V": value} for name, value in approved + others])
    message = sent()
    assert message.headers == approved
    assert message.note == "ExtendedHeaders not added: 'Sender', 'X-SMTPAPI', 'Bcc', 'Evil\\r\\nBcc', 'X-'."


# Campaigns and fields ----------------------------------------------------------------------------------------------------


def test_fields_can_be_skipped(send: Send) -> None:
    send(XSmtpAPI={"DynamicFields": [{"N": "name", "V": "Mario"}], "SkipDynamicFields": True})
    assert "syntax" not in sent().options


def test_without_fields_brackets_stay(send: Send) -> None:
    send()
    assert "syntax" not in sent().options


@pytest.mark.parametrize(("own", "asked", "rank"), [(5, None, 1), (3, None, 0), (5, 1, 0), (1, 5, 1)])
def test_priority_is_the_users_unless_the_message_has_one(
    send: Send, acme: Tenant, own: int, asked: int | None, rank: int
) -> None:
    acme.smtp_user.priority = own
    acme.smtp_user.save()
    send(XSmtpAPI={"Priority": asked})
    assert Recipient.objects.get().priority == rank


@pytest.mark.parametrize(("asked", "campaign"), [(None, "default"), ("", "default"), ("1001", "1001")])
def test_the_users_campaign_stands_where_none_is_named(send: Send, acme: Tenant, asked: str | None, campaign: str) -> None:
    acme.smtp_user.campaign_code = "default"
    acme.smtp_user.save()
    send(XSmtpAPI={"CampaignCode": asked})
    assert sent().campaign == campaign


def test_a_key_is_answered_once(acme: Tenant, send: Send) -> None:
    for subject, code in (("One", "0"), ("One", "0"), ("Two", "1")):
        call = make_message(acme) | {"Subject": subject}
        response = Client().post(PATH, call, "application/json", headers={"Idempotency-Key": "order-7"})
        assert response.json()["Code"] == code
    assert Message.objects.count() == 1


def test_another_tenants_domain_is_as_unknown_as_none(send: Send, globex: Tenant) -> None:
    theirs = send(From={"Email": "news@globex.example"})
    nobodys = send(From={"Email": "news@nobody.example"})
    theirs[1]["Detail"] = theirs[1]["Detail"].replace("globex", "nobody")
    assert theirs == nobodys
