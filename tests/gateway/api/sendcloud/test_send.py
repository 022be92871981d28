"""mail/send, from the call to what is stored."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gateway.models import Attachment, Message, Recipient
from templates_app.models import UnsubscribePage
from tests.gateway.api.sendcloud.conftest import Send, make_mail
from tests.gateway.api.sendcloud.wires import part_of, read_mails
from tests.support.cast import Tenant
from tests.support.doors import accept_inline, let_sleep
from tracking.labels import add_label, labels_of

INBOUND = re.compile(r"\d+_\d+_\d+_\d+\.[^#$]+-inbound")


def sent() -> Message:
    return Message.objects.select_related("content").get()


def recipients() -> list[tuple[str, str]]:
    return list(Recipient.objects.order_by("position").values_list("kind", "email"))


def test_it_works(send: Send) -> None:
    answer = send()
    ids = answer["info"].pop("emailIdList")
    assert answer == {"result": True, "statusCode": 200, "message": "请求成功", "info": {}}
    inbound_id = sent().inbound_id
    assert INBOUND.fullmatch(inbound_id)
    assert ids == [f"{inbound_id}0$ben@ifaxin.example", f"{inbound_id}1$joe@ifaxin.example"]
    assert (sent().subject, sent().content.html, sent().door) == ("你好", "<p>Hello</p>", "sendcloud")


def test_it_works_through_the_thread_that_stores(live_acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    let_sleep(monkeypatch)
    answer = Client().post("/apiv2/mail/send", make_mail(live_acme)).json()
    assert answer["result"] is True
    assert len(answer["info"]["emailIdList"]) == 2
    assert recipients() == [("to", "ben@ifaxin.example"), ("to", "joe@ifaxin.example")]


def as_form(mail: dict[str, Any]) -> Any:
    return Client().post("/apiv2/mail/send", "&".join(f"{k}={v}" for k, v in mail.items()), "application/x-www-form-urlencoded")


def as_multipart(mail: dict[str, Any]) -> Any:
    return Client().post("/apiv2/mail/send", mail)


def as_json(mail: dict[str, Any]) -> Any:
    return Client().post("/apiv2/mail/send", mail, "application/json")


def as_json_with_a_byte_order_mark(mail: dict[str, Any]) -> Any:
    return Client().post("/apiv2/mail/send", b"\xef\xbb\xbf" + json.dumps(mail).encode(), "application/json")


def as_json_called_a_form(mail: dict[str, Any]) -> Any:
    return Client().post("/apiv2/mail/send", json.dumps(mail), "application/x-www-form-urlencoded")


def in_the_query(mail: dict[str, Any]) -> Any:
    return Client().post("/apiv2/mail/send", query_params=mail)


@pytest.mark.parametrize(
    "post", [as_form, as_multipart, as_json, as_json_with_a_byte_order_mark, as_json_called_a_form, in_the_query]
)
def test_every_encoding_says_the_same(send: Send, acme: Tenant, post: Any) -> None:
    assert post(make_mail(acme)).json()["statusCode"] == 200
    assert recipients() == [("to", "ben@ifaxin.example"), ("to", "joe@ifaxin.example")]
    assert sent().subject == "你好"


def test_the_path_has_no_case(send: Send, acme: Tenant) -> None:
    assert Client().post("/APIv2/Mail/Send/", make_mail(acme)).json()["statusCode"] == 200


def test_all_parameters_arrive(send: Send) -> None:
    send(
        from_="爱发信支持<news@acme.example>",
        cc="carl@b.example",
        bcc="Bea <bea@b.example>",
        replyTo="help@acme.example;desk@acme.example",
        plain="Hello",
        headers='{"SC-Custom-key1": "value1", "X-Shop": "7"}',
        labelName="spring",
        tag="a;b",
        useNotification="true",
    )
    message = sent()
    assert (message.sender, message.sender_name) == ("news@acme.example", "爱发信支持")
    assert recipients()[2:] == [("cc", "carl@b.example"), ("bcc", "bea@b.example")]
    assert message.reply_to == [["help@acme.example", ""], ["desk@acme.example", ""]]
    assert message.content.text == "Hello"
    assert message.headers == [
        ["SC-Custom-key1", "value1"],
        ["X-Shop", "7"],
        ["Disposition-Notification-To", "news@acme.example"],
    ]
    assert message.options["event_headers"] == {"SC-Custom-key1": "value1"}
    assert message.tags == ["spring", "a", "b"]


def test_every_parameter_reaches_the_wire(send: Send) -> None:
    send(
        from_="Acme <news@acme.example>",
        fromName="爱发信支持",
        to="Ben <ben@b.example>;joe@b.example",
        cc="carl@b.example",
        bcc="bea@b.example",
        subject="Hello %name%",
        replyTo="help@acme.example;desk@acme.example",
        html="<body><p>Hello %name%</p><img src='cid:logo'></body>",
        plain="Hello %name%",
        contentSummary="In short",
        headers='{"SC-Custom-key1": "value1", "X-Shop": "7 %name%"}',
        xsmtpapi='{"pubsub": {"%name%": "you"}}',
        attachments=SimpleUploadedFile("a.txt", b"a", "text/plain"),
        embeddedImage=SimpleUploadedFile("logo.png", b"b", "image/png"),
        embeddedCid="logo",
        useNotification="True",
    )
    mails = read_mails()
    assert set(mails) == {"ben@b.example", "joe@b.example", "carl@b.example", "bea@b.example"}
    mail = mails["bea@b.example"]
    assert mail["Bcc"] is None
    assert {name: mail[name] for name in ("From", "To", "Cc", "Reply-To", "Subject", "X-Shop", "SC-Custom-key1")} == {
        "From": "爱发信支持 <news@acme.example>",
        "To": "Ben <ben@b.example>, joe@b.example",
        "Cc": "carl@b.example",
        "Reply-To": "help@acme.example, desk@acme.example",
        "Subject": "Hello you",
        "X-Shop": "7 you",
        "SC-Custom-key1": "value1",
    }
    assert mail["Disposition-Notification-To"] == "news@acme.example"
    html = part_of(mail, "html")
    assert html.index("In short") < html.index("<p>Hello you</p>")
    assert part_of(mail, "plain").strip() == "Hello you"
    files = [(part.get_filename(), part["Content-ID"], part.get_content_disposition()) for part in mail.walk()]
    assert [file for file in files if file[0]] == [("logo.png", "<logo>", "inline"), ("a.txt", None, "attachment")]


@pytest.mark.parametrize("nothing", ["", None])
def test_the_body_of_an_official_client_is_taken(send: Send, acme: Tenant, nothing: str | None) -> None:
    """Python's client: text of booleans, all fields in the form, what is not set empty or left out; null within xsmtpapi."""
    answer = send(
        fromName=nothing,
        cc=nothing,
        bcc=nothing,
        replyTo=nothing,
        plain=nothing,
        contentSummary=nothing,
        labelId=nothing,
        headers='{"X-Shop": "7"}',
        xsmtpapi=json.dumps({"to": None, "sub": None, "pubsub": None, "section": None, "filters": None, "settings": None}),
        respEmailId="True",
        useNotification="False",
        useAddressList="False",
        attachments=[SimpleUploadedFile("a.txt", b"a", "")],
    )
    assert len(answer["info"]["emailIdList"]) == 2


def test_from_name_beats_the_name_in_from(send: Send) -> None:
    send(from_="One <news@acme.example>", fromName="Two")
    assert sent().sender_name == "Two"


def test_an_empty_from_name_leaves_the_name_in_from(send: Send) -> None:
    send(from_="One <news@acme.example>", fromName="")
    assert sent().sender_name == "One"


def test_an_old_label_is_a_number(send: Send, acme: Tenant) -> None:
    send(labelId=str(add_label(acme.account.pk, "春").pk), tag="a;春")
    assert sent().tags == ["春", "a"]


def test_a_label_of_others_is_refused_like_none(send: Send, globex: Tenant) -> None:
    theirs = add_label(globex.account.pk, "theirs").pk
    answers = [send(labelId=str(label_id)) for label_id in (theirs, 987_654_321)]
    assert [answer["statusCode"] for answer in answers] == [40106, 40106]
    assert not Message.objects.exists()


def test_a_label_that_is_named_is_made_once(send: Send, acme: Tenant) -> None:
    send(labelName="spring", labelId="987654321")
    send(labelName="spring")
    assert [label.name for label in labels_of(acme.account.pk)] == ["spring"]


@pytest.mark.parametrize(
    ("to", "emails"),
    [
        ("ben@b.example;", ["ben@b.example"]),
        (";;ben@b.example; ;joe@b.example", ["ben@b.example", "joe@b.example"]),
        ("ben@b.example;BEN@b.example;joe@b.example", ["ben@b.example", "joe@b.example"]),
        ('"Doe; Ben" <ben@b.example>;joe@b.example', ["ben@b.example", "joe@b.example"]),
    ],
)
def test_semicolons_separate_recipients(send: Send, to: str, emails: list[str]) -> None:
    ids = send(to=to)["info"]["emailIdList"]
    assert [email for _, email in recipients()] == emails
    assert [email_id.partition("-inbound")[2] for email_id in ids] == [f"{n}${email}" for n, email in enumerate(emails)]


@pytest.mark.parametrize("name", ["cc", "bcc", "replyTo", "headers", "xsmtpapi", "labelId", "respEmailId", "useAddressList"])
def test_an_empty_parameter_is_absent(send: Send, name: str) -> None:
    answer = send(**{name: ""})
    assert answer["result"] is True
    assert answer["info"]["emailIdList"]


@pytest.mark.parametrize("word", ["false", "False", "0", "no"])
def test_ids_can_be_left_out(send: Send, word: str) -> None:
    assert send(respEmailId=word)["info"] == {}


@pytest.mark.parametrize("word", ["true", "True", "1"])
def test_ids_can_be_asked_for(send: Send, word: str) -> None:
    assert len(send(respEmailId=word)["info"]["emailIdList"]) == 2


def test_json_nulls_are_absent(send: Send, acme: Tenant) -> None:
    nulls = dict.fromkeys(("cc", "bcc", "replyTo", "headers", "xsmtpapi", "fromName", "plain", "respEmailId", "attachments"))
    assert as_json(make_mail(acme) | nulls).json()["statusCode"] == 200


def test_json_may_have_arrays_and_objects(send: Send, acme: Tenant) -> None:
    mail = make_mail(acme) | {
        "to": ["a@b.example", "c@d.example"],
        "headers": {"X-A": "1"},
        "xsmtpapi": {"pubsub": {"%a%": 1.5}},
    }
    assert as_json(mail).json()["statusCode"] == 200
    assert len(recipients()) == 2
    assert sent().headers == [["X-A", "1"]]
    assert sent().options["variables"] == {"a": "1.5"}


# X-SMTPAPI ---------------------------------------------------------------------------------------------------------------


def test_each_recipient_of_xsmtpapi_gets_a_mail_of_its_own(send: Send) -> None:
    asked = {"to": ["a@b.example", "c@d.example"], "sub": {"%name%": ["A", "C"]}}
    ids = send(to="nobody", cc="nobody", bcc=";", xsmtpapi=json.dumps(asked))["info"]["emailIdList"]
    assert recipients() == [("to", "a@b.example"), ("to", "c@d.example")]
    assert [one.variables for one in Recipient.objects.order_by("position")] == [{"name": "A"}, {"name": "C"}]
    assert sent().options["one_by_one"] is True
    assert [email_id.partition("-inbound")[2] for email_id in ids] == ["0$a@b.example", "1$c@d.example"]


def test_pubsub_leaves_the_broadcast(send: Send) -> None:
    send(xsmtpapi='{"pubsub": {"%price%": 1989.0}}')
    options = sent().options
    assert options["variables"] == {"price": "1989.0"}
    assert "one_by_one" not in options
    assert [email for email, _ in options["to"]] == ["ben@ifaxin.example", "joe@ifaxin.example"]


@pytest.mark.parametrize("media", ["application/json", "application/vnd.x+json", "text/plain"])
def test_numbers_of_a_json_body_keep_their_spelling(acme: Tenant, monkeypatch: pytest.MonkeyPatch, media: str) -> None:
    accept_inline(monkeypatch)
    numbers = '{"pubsub": {"a": 1989.0, "b": 8.50, "c": 1E+2, "d": 12345678901234567890123}}'
    body = json.dumps(make_mail(acme) | {"xsmtpapi": "here", "headers": "there", "labelId": 0}).replace('"here"', numbers)
    label = add_label(acme.account.pk, "spring")
    body = body.replace('"there"', '{"X-Price": 8.50}').replace('"labelId": 0', f'"labelId": {label.pk}.0')
    assert Client().post("/apiv2/mail/send", body, media).json()["result"] is True
    assert sent().options["variables"] == {"a": "1989.0", "b": "8.50", "c": "1E+2", "d": "12345678901234567890123"}
    assert (sent().tags, sent().headers) == (["spring"], [["X-Price", "8.50"]])


def test_filters_overlay_the_switches_of_the_account(send: Send) -> None:
    send(xsmtpapi='{"filters": {"open_tracking": {"settings": {"enable": "0"}}}}')
    assert sent().options["track_opens"] is False


def test_an_unsubscribe_page_is_remembered(send: Send, acme: Tenant) -> None:
    page = UnsubscribePage.objects.create(account=acme.account, name="Bye")
    send(xsmtpapi=f'{{"settings": {{"unsubscribe": {{"page_id": [{page.pk}]}}}}}}')
    assert sent().options["unsubscribe_page_id"] == page.pk


def test_an_unsubscribe_page_of_others_is_refused(send: Send, globex: Tenant) -> None:
    page = UnsubscribePage.objects.create(account=globex.account, name="Bye")
    answer = send(xsmtpapi=f'{{"settings": {{"unsubscribe": {{"page_id": {page.pk}}}}}}}')
    assert answer["statusCode"] == 40817
    assert not Message.objects.exists()


def test_numbers_in_the_text_of_headers_keep_their_spelling(send: Send) -> None:
    send(headers='{"X-Price": 8.50, "X-Many": 1e3}')
    assert sent().headers == [["X-Price", "8.50"], ["X-Many", "1e3"]]


def test_the_header_by_that_name_is_left_out_and_noted(send: Send) -> None:
    send(headers='{"X-SMTPAPI": "e30=", "X-Shop": "7"}')
    assert sent().headers == [["X-Shop", "7"]]
    assert "X-SMTPAPI" in sent().note


# Files -------------------------------------------------------------------------------------------------------------------


def test_attachments_are_repeated(send: Send) -> None:
    send(attachments=[SimpleUploadedFile("a.txt", b"a", "text/plain"), SimpleUploadedFile("报告.pdf", b"b", "")])
    files = Attachment.objects.order_by("position").values_list("filename", "content_type", "content_id")
    assert list(files) == [("a.txt", "text/plain", ""), ("报告.pdf", "application/pdf", "")]


def test_inline_images_have_the_ids_given(send: Send) -> None:
    images = [SimpleUploadedFile("a.png", b"a", "image/png"), SimpleUploadedFile("b.png", b"b", "image/png")]
    send(embeddedImage=images, embeddedCid="one;two")
    assert list(Attachment.objects.order_by("position").values_list("content_id", flat=True)) == ["one", "two"]


def test_ten_mebibytes_are_allowed(send: Send) -> None:
    assert send(attachments=SimpleUploadedFile("a.bin", bytes(10_485_760)))["result"] is True


# The summary -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "before"),
    [("<p>Hi</p>", ""), ('<html><body class="a"><p>Hi</p>', '<html><body class="a">'), ("<BODY>Hi", "<BODY>")],
)
def test_a_summary_stands_first_and_hidden(send: Send, html: str, before: str) -> None:
    send(html=html, contentSummary="5 < 6")
    assert sent().content.html.startswith(f'{before}<div style="display:none')
    assert "5 &lt; 6</div>" in sent().content.html
    assert sent().content.html.endswith(html.removeprefix(before))


def test_a_summary_is_for_html_only(send: Send) -> None:
    send(html=None, plain="Hello", contentSummary="Summary")
    assert (sent().content.html, sent().content.text) == ("", "Hello")


# Doing it once -----------------------------------------------------------------------------------------------------------


def test_a_send_request_id_is_done_once(send: Send) -> None:
    first = send(sendRequestId="order-7")
    assert send(sendRequestId="order-7") == first
    assert Message.objects.count() == 1


def test_a_send_request_id_of_another_mail_is_refused(send: Send) -> None:
    send(sendRequestId="order-7")
    answer = send(sendRequestId="order-7", subject="Other")
    assert (answer["statusCode"], answer["message"]) == (40000, "duplicate request")


def test_a_refusal_is_not_remembered(send: Send) -> None:
    assert send(sendRequestId="order-7", to="nobody")["result"] is False
    assert send(sendRequestId="order-7")["result"] is True


# Tenants -----------------------------------------------------------------------------------------------------------------


def test_another_tenants_domain_is_as_unknown_as_none(send: Send, globex: Tenant) -> None:
    theirs = send(from_="news@globex.example")
    nobodys = send(from_="news@nobody.example")
    assert theirs["statusCode"] == nobodys["statusCode"] == 40901
    assert theirs["info"]["reason"].replace("globex", "nobody") == nobodys["info"]["reason"]


def test_a_request_id_is_ones_own(send: Send, acme: Tenant, globex: Tenant) -> None:
    send(sendRequestId="order-7")
    theirs = make_mail(globex) | {"from": "news@globex.example", "sendRequestId": "order-7"}
    assert as_multipart(theirs).json()["result"] is True
    assert Message.objects.for_account(globex.account.pk).count() == 1
