"""mail/sendtemplate, from the call to what recipients get."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from domains.credentials import forget
from domains.models import SMTPUser
from gateway.api.sendcloud.codes import CODES
from gateway.models import Message, Recipient
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.gateway.api.sendcloud.asking import Ask, ask_as, post, refusal_of
from tests.gateway.api.sendcloud.conftest import Send, make_mail
from tests.gateway.api.sendcloud.wires import part_of, read_mails
from tests.support.cast import Tenant

TO_TWO = {"to": ["ben@b.example", "joe@b.example"], "sub": {"%name%": ["Ben", "Joe"], "%money%": [288, 497.50]}}
PATH = "mail/sendtemplate"
REFUSED: list[tuple[int, dict[str, Any]]] = [
    (40201, {"templateInvokeName": None}),
    (40201, {"templateInvokeName": ""}),
    (40812, {"xsmtpapi": None}),
    (40812, {"xsmtpapi": ""}),
    (40813, {"xsmtpapi": "nothing"}),
    (40814, {"xsmtpapi": "{}"}),
    (40815, {"xsmtpapi": '{"sub": {"%a%": ["1"]}}'}),
    (40816, {"xsmtpapi": '{"to": []}'}),
    (40817, {"xsmtpapi": '{"to": ["a@b.example"], "sub": {"%a%": []}}'}),
    (40823, {"templateInvokeName": "nothing"}),
    (40823, {"templateInvokeName": "n" * 1000}),
    (40825, {"templateInvokeName": "batch"}),
    (40826, {"templateInvokeName": "silent"}),
    (40801, {"from_": None}),
    (40805, {"to": None, "xsmtpapi": '{"pubsub": {"%name%": "all"}}'}),
    (40809, {"subject": "a\nb"}),
    (40880, {"xsmtpapi": '{"to": ["nobody"]}'}),
    (40872, {"useAddressList": "true", "to": None}),
    (40105, {"tag": "a;b;c;d;e;f"}),
]


@pytest.fixture(autouse=True)
def _templates(acme: Tenant) -> None:
    """Three templates, and a user of the type trigger."""
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(email_type=0)
    forget()
    texts = Texts(subject="Hello %name%", html="<p>%name%: %money% %left%</p>", text="%name%: %money%")
    own: dict[str, Any] = {"syntax": "sendcloud"}
    add_template(acme.account.pk, invoke_name="hello", name="Hello", texts=texts, **own)
    add_template(acme.account.pk, invoke_name="silent", name="Silent", texts=Texts(html="<p>Hi</p>"), **own)
    add_template(acme.account.pk, invoke_name="batch", name="Batch", texts=texts, is_bulk=True, **own)


@pytest.fixture
def send_template(send: Send) -> Send:
    """Call mail/sendtemplate with the template hello, to two recipients."""

    def call(**parameters: Any) -> dict[str, Any]:
        usual = {"templateInvokeName": "hello", "xsmtpapi": json.dumps(TO_TWO), "subject": None, "html": None, "to": None}
        return send(PATH, **usual | parameters)

    return call


def test_it_works(send_template: Send) -> None:
    answer = send_template()
    assert (answer["statusCode"], len(answer["info"]["emailIdList"])) == (200, 2)
    mails = read_mails()
    assert [(mail["To"], mail["Subject"]) for mail in mails.values()] == [
        ("ben@b.example", "Hello Ben"),
        ("joe@b.example", "Hello Joe"),
    ]
    assert part_of(mails["joe@b.example"], "html").strip() == "<p>Joe: 497.5 %left%</p>"
    assert part_of(mails["ben@b.example"], "plain").strip() == "Ben: 288"


@pytest.mark.parametrize(("code", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(send_template: Send, code: int, parameters: dict[str, Any]) -> None:
    assert refusal_of(send_template(**parameters)) == (code, CODES[code])
    assert not Message.objects.exists()


def test_a_name_that_is_no_text_is_told_so(ask: Ask) -> None:
    assert refusal_of(ask(PATH, way="json", templateInvokeName=["hello"])) == (40202, CODES[40202])


@pytest.mark.parametrize("template", ["hello", "silent"])
def test_a_subject_beats_that_of_the_template(send_template: Send, template: str) -> None:
    assert send_template(templateInvokeName=template, subject="%name%!")["result"] is True
    assert [mail["Subject"] for mail in read_mails().values()] == ["Ben!", "Joe!"]


def test_content_of_the_call_and_copies_count_for_nothing(send_template: Send) -> None:
    send_template(html="<p>Mine</p>", plain="Mine", cc="carl@b.example", bcc="nobody")
    assert [one.email for one in Recipient.objects.order_by("position")] == TO_TWO["to"]
    assert part_of(read_mails()["ben@b.example"], "html").startswith("<p>Ben: 288")


def test_pubsub_goes_to_whom_to_names(send_template: Send) -> None:
    send_template(to="ben@b.example;amy@b.example", xsmtpapi='{"pubsub": {"%name%": "all", "%money%": 1989.0}}')
    mail = read_mails()["amy@b.example"]
    assert (mail["Subject"], mail["To"]) == ("Hello all", "ben@b.example, amy@b.example")
    assert part_of(mail, "plain").strip() == "all: 1989.0"


@pytest.mark.parametrize(
    ("email_type", "template", "code"),
    [
        (0, "hello", 200),
        (0, "batch", 40825),
        (1, "hello", 40825),
        (1, "batch", 200),
        (None, "hello", 200),
        (None, "batch", 200),
    ],
)
def test_api_users_send_templates_of_their_type(
    send_template: Send, acme: Tenant, email_type: int | None, template: str, code: int
) -> None:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(email_type=email_type)
    forget()
    assert send_template(templateInvokeName=template)["statusCode"] == code


def test_batches_go_behind_what_was_triggered(send_template: Send, acme: Tenant) -> None:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(email_type=1)
    forget()
    send_template(templateInvokeName="batch")
    assert set(Recipient.objects.values_list("priority", flat=True)) == {1}


def test_the_template_of_others_is_as_unknown_as_none(send_template: Send, globex: Tenant) -> None:
    add_template(globex.account.pk, invoke_name="theirs", name="T", texts=Texts(subject="T", text="T"))
    assert send_template(templateInvokeName="theirs") == send_template(templateInvokeName="nobodys")


def test_files_labels_and_headers_go_with_it(send_template: Send) -> None:
    send_template(
        attachments=[SimpleUploadedFile("a.txt", b"a", "text/plain")],
        headers='{"X-Name": "%name%", "SC-Custom-k": "v"}',
        labelName="spring",
        replyTo="help@acme.example",
        useNotification="true",
    )
    mail = read_mails()["ben@b.example"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.txt"]
    assert (mail["X-Name"], mail["SC-Custom-k"], mail["Reply-To"]) == ("Ben", "v", "help@acme.example")
    assert mail["Disposition-Notification-To"] == "news@acme.example"
    assert Message.objects.get().tags == ["spring"]


def test_a_send_request_id_is_done_once(send_template: Send) -> None:
    first = send_template(sendRequestId="order-7")
    assert send_template(sendRequestId="order-7") == first
    assert send_template(sendRequestId="order-7", templateInvokeName="silent", subject="S")["statusCode"] == 40000
    assert Message.objects.count() == 1


@pytest.mark.parametrize("way", ["form", "multipart", "json"])
def test_it_is_called_in_every_way(send: Send, acme: Tenant, way: str) -> None:
    xsmtpapi = TO_TWO if way == "json" else json.dumps(TO_TWO)
    answer = ask_as(acme)(PATH, way=way, **{"from": "news@acme.example"}, templateInvokeName="hello", xsmtpapi=xsmtpapi)
    assert len(answer["info"]["emailIdList"]) == 2


@pytest.mark.parametrize("path", [PATH, "mail/sendcalendar"])
def test_nothing_is_sent_by_get(acme: Tenant, path: str) -> None:
    response = Client().get(f"/apiv2/{path}", make_mail(acme))
    assert (response.status_code, response.json()["statusCode"]) == (405, 49903)


def test_the_body_of_an_official_client_is_taken(send: Send, acme: Tenant) -> None:
    """Python's client sends a form with all of its fields: text of booleans, and null as text where nothing is set."""
    values = {
        "apiUser": acme.smtp_user.name,
        "apiKey": acme.smtp_secret,
        "from": "news@acme.example",
        "fromName": "",
        "replyTo": "",
        "subject": "",
        "to": "",
        "templateInvokeName": "hello",
        "labelId": "",
        "headers": "",
        "xsmtpapi": json.dumps({**TO_TWO, "pubsub": None, "settings": {"unsubscribe": {"page_id": []}}}),
        "respEmailId": "True",
        "useNotification": "False",
        "useAddressList": "False",
    }
    assert len(post(f"/apiv2/{PATH}", "form", values).json()["info"]["emailIdList"]) == 2
