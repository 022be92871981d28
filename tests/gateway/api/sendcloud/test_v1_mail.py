"""mail.* of version 1, from the call to what recipients get."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.models import ListTask, Message, Recipient
from templates_app import queries
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.gateway.api.sendcloud.wires import part_of, read_mails
from tests.support.cast import Tenant
from tests.support.doors import accept_inline
from tests.support.lists import make_list
from tracking.labels import add_label

Call = Callable[..., dict[str, Any]]


def packed(content: str) -> str:
    return base64.b64encode(gzip.compress(content.encode())).decode()


BOMB = base64.b64encode(gzip.compress(bytes(17_000_000))).decode()
REFUSED: list[tuple[int, dict[str, Any]]] = [
    (40005, {"api_user": None}),
    (40005, {"api_key": "wrong"}),
    (40801, {"from_": None}),
    (40802, {"from_": "nobody"}),
    (40806, {"to": "nobody"}),
    (40808, {"subject": ""}),
    (40859, {"resp_email_id": "perhaps"}),
    (40861, {"gzip_compress": "perhaps"}),
    (40865, {"gzip_compress": "true"}),
    (40865, {"gzip_compress": "true", "html": base64.b64encode(b"plain").decode()}),
    (40865, {"gzip_compress": "true", "html": packed("whole")[:-12]}),
    (40865, {"gzip_compress": "true", "html": BOMB}),
    (40866, {"gzip_compress": "true", "html": None, "plain": "!"}),
    (40870, {"html": None}),
    (40872, {"use_maillist": "true", "to": ";"}),
    (40106, {"label": "987654321"}),
]


@pytest.fixture
def call(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call mail.send, or another `name`, as Acme with a small mail; parameters replace parts of it, None takes them out."""
    accept_inline(monkeypatch)
    queries.forget()

    def ask(name: str = "mail.send.json", *, method: str = "post", **parameters: Any) -> dict[str, Any]:
        mail = {
            "api_user": acme.smtp_user.name,
            "api_key": acme.smtp_secret,
            "from": "news@acme.example",
            "to": "ben@b.example;joe@b.example",
            "subject": "Hello",
            "html": "<p>Hello</p>",
        } | {"from" if key == "from_" else key: value for key, value in parameters.items()}
        form = {key: value for key, value in mail.items() if value is not None}
        response = getattr(Client(), method)(f"/webapi/{name}", form)
        assert response.status_code == 200, response.content
        said: dict[str, Any] = response.json() if name.endswith("json") else {"xml": response.content}
        return said

    return ask


@pytest.mark.parametrize("method", ["post", "get"])
def test_it_works(call: Call, method: str) -> None:
    said = call(method=method, fromname="Acme", cc="carl@b.example", bcc="bea@b.example", replyto="help@acme.example")
    ids = said.pop("email_id_list")
    assert said == {"message": "success"}
    emails = ["ben@b.example", "joe@b.example", "carl@b.example", "bea@b.example"]
    assert ids == [f"{Message.objects.get().inbound_id}{place}${email}" for place, email in enumerate(emails)]
    mail = read_mails()["bea@b.example"]
    assert (mail["From"], mail["Reply-To"], mail["Cc"]) == ("Acme <news@acme.example>", "help@acme.example", "carl@b.example")


def test_it_works_in_xml(call: Call) -> None:
    root = fromstring(call("mail.send.xml")["xml"])
    assert [(item.tag, (item.text or "").partition("$")[2]) for item in root] == [
        ("message", ""),
        ("email_id_list", "ben@b.example"),
        ("email_id_list", "joe@b.example"),
    ]


@pytest.mark.parametrize(("code", "parameters"), REFUSED)
def test_what_is_wrong_is_told_in_words(call: Call, code: int, parameters: dict[str, Any]) -> None:
    said = call(**parameters)
    words, *reasons = said.pop("errors")
    assert (said, words) == ({"message": "error"}, CODES[code])
    assert len(reasons) == (code in VAGUE)
    assert not Message.objects.exists()


def test_what_is_wrong_is_told_in_xml(call: Call) -> None:
    root = fromstring(call("mail.send.xml", subject=None)["xml"])
    assert [(item.tag, item.text) for item in root] == [("errors", CODES[40808]), ("message", "error")]


def test_what_the_words_leave_open_is_told_too(call: Call) -> None:
    said = call(from_="news@globex.example")
    assert said["errors"][0] == CODES[40901]
    assert "globex.example" in said["errors"][1]


def test_ids_can_be_left_out(call: Call) -> None:
    assert call(resp_email_id="false") == {"message": "success"}


def test_content_may_be_compressed(call: Call) -> None:
    call(gzip_compress="true", html=packed("<p>压缩</p>"), plain=packed("text"))
    mail = read_mails()["ben@b.example"]
    assert (part_of(mail, "html").strip(), part_of(mail, "plain").strip()) == ("<p>压缩</p>", "text")


def test_files_labels_headers_and_values_go_with_it(call: Call, acme: Tenant) -> None:
    label = add_label(acme.account.pk, "spring")
    asked = {"to": ["ben@b.example"], "sub": {"%name%": ["Ben"]}}
    files = [SimpleUploadedFile("a.txt", b"a", "text/plain"), SimpleUploadedFile("b.txt", b"b", "text/plain")]
    call(files=files, label=str(label.pk), headers='{"X-Shop": "7"}', x_smtpapi=json.dumps(asked), subject="%name%")
    mail = read_mails()["ben@b.example"]
    assert (mail["Subject"], mail["X-Shop"]) == ("Ben", "7")
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.txt", "b.txt"]
    assert Message.objects.get().tags == ["spring"]


def test_lists_are_sent_to(call: Call, acme: Tenant) -> None:
    make_list(acme.account.pk)
    said = call(to="news@lists.example", use_maillist="true")
    assert said == {"message": "success", "mail_list_task_id_list": [ListTask.objects.get().pk]}


def test_a_list_of_others_is_as_unknown_as_none(call: Call, globex: Tenant) -> None:
    make_list(globex.account.pk)
    theirs, nobodys = (call(to=f"{name}@lists.example", use_maillist="true") for name in ("news", "none"))
    assert theirs["errors"] == ["to中有不存在的地址列表. 参数to: news@lists.example"]
    assert nobodys["errors"] == [theirs["errors"][0].replace("news", "none")]


@pytest.mark.parametrize("name", ["substitution_vars", "x_smtpapi"])
def test_templates_are_sent(call: Call, acme: Tenant, name: str) -> None:
    texts = Texts(subject="Hello %name%", html="<p>%name%</p>")
    add_template(acme.account.pk, invoke_name="hello", name="Hello", texts=texts, syntax="sendcloud")
    asked = {name: json.dumps({"to": ["ben@b.example"], "sub": {"%name%": ["Ben"]}})}
    said = call("mail.send_template.json", template_invoke_name="hello", subject=None, html=None, to=None, **asked)
    assert len(said["email_id_list"]) == 1
    assert read_mails()["ben@b.example"]["Subject"] == "Hello Ben"


def test_a_template_that_is_not_there_is_told_so(call: Call, globex: Tenant) -> None:
    add_template(globex.account.pk, invoke_name="theirs", name="T", texts=Texts(subject="T", text="T"))
    asked = {"substitution_vars": '{"to": ["ben@b.example"]}'}
    for name in ("theirs", "nobodys"):
        said = call("mail.send_template.json", template_invoke_name=name, **asked)
        assert said == {"message": "error", "errors": [CODES[40823]]}


def test_names_of_version_2_count_for_nothing(call: Call) -> None:
    call(fromName="Evil", xsmtpapi='{"to": ["eve@b.example"]}', useAddressList="true")
    assert Message.objects.get().sender_name == ""
    assert not Recipient.objects.filter(email="eve@b.example").exists()
