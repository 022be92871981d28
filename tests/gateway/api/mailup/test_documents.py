"""JSON and XML are two spellings of one document, and answers come in the one that was asked for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.mailup.parse.documents import MAX_ELEMENTS, parsers_for
from gateway.api.mailup.parse.messages import parse_message
from gateway.base.errors import Refused, RequestMalformed
from gateway.engine.submission import Submission
from gateway.models import Message
from tests.gateway.api.mailup.conftest import PATH, Send, make_message
from tests.gateway.api.mailup.documents import NIL, read_xml, write_xml
from tests.gateway.api.mailup.test_injection import CALL
from tests.support.cast import Tenant

read = parsers_for("MessageDTO")["application/xml"]
CALLER = Credential(account_id=3, owner_id="acme", account_status="enabled", requests_per_minute=None, smtp_user_id=5)
DONE = {"Status": "done", "Code": "0", "Message": "Ok"}


def submission(values: dict[str, Any]) -> Submission:
    return parse_message(Payload(values=values), CALLER)


# What is read ------------------------------------------------------------------------------------------------------------


def test_a_document_in_xml_is_the_same_mail(send: Send, acme: Tenant) -> None:
    response = Client().post(PATH, write_xml("MessageDTO", make_message(acme) | CALL), "application/xml")
    assert (response.status_code, read_xml(response.content)) == (200, DONE)
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert Message.objects.get().subject == "Hello [name]"


def test_the_full_document_says_the_same_in_both() -> None:
    assert submission(dict(read(write_xml("MessageDTO", CALL)))) == submission(CALL)


_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00") | st.sampled_from("<>&'\"\r\n"), max_size=20
)
_texts = _text.map(lambda text: "".join(one for one in text if one in "\t\r\n" or (one >= " " and one not in "\ufffe\uffff")))
_null = st.none()
_people = st.lists(st.fixed_dictionaries({"Email": st.just("a@b.example"), "Name": _texts | _null}), max_size=3)
_pairs = st.lists(st.fixed_dictionaries({"N": _texts.filter(bool), "V": _texts | _null}), max_size=3)
_parts = st.lists(
    st.fixed_dictionaries({"Filename": _texts | _null, "ContentId": _texts | _null, "Body": st.sampled_from(["", "YQ=="])}),
    max_size=2,
)
_switch = st.booleans() | _null
_documents = st.fixed_dictionaries(
    {
        "From": st.fixed_dictionaries({"Email": st.just("news@acme.example"), "Name": _texts}),
        "To": st.just([{"Email": "info@mailup.example"}]),
    },
    optional={
        "Subject": _texts | _null,
        "Text": _texts | _null,
        "Html": st.fixed_dictionaries({}, optional=dict.fromkeys(("DocType", "Head", "Body"), _texts | _null)) | _null,
        "Cc": _people | _null,
        "Bcc": _people | st.lists(st.just("b@b.example"), max_size=2),
        "CharSet": st.sampled_from(["utf-8", "gb2312"]) | _null,
        "ExtendedHeaders": _pairs | _null,
        "Attachments": _parts | _null,
        "XSmtpAPI": st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(("CampaignName", "CampaignCode", "CampaignReport"), _texts | _null),
                **dict.fromkeys(("Header", "Footer", "ClickTracking", "ViewTracking", "SkipDynamicFields"), _switch),
                "Priority": st.integers(1, 5) | _null,
                "Schedule": st.just("2030-01-02T03:04:05") | _null,
                "DynamicFields": _pairs | _null,
            },
        ),
        "Unknown": _texts,
    },
)


@settings(max_examples=100, deadline=None, database=None)
@given(document=_documents)
def test_any_document_says_the_same_in_both(document: dict[str, Any]) -> None:
    assert submission(dict(read(write_xml("MessageDTO", document)))) == submission(document)


@pytest.mark.parametrize(
    ("xml", "values"),
    [
        ("<MessageDTO/>", {}),
        (f"<MessageDTO {NIL}/>", {}),
        ("<MessageDTO><To/><Html/><Subject/></MessageDTO>", {"To": [], "Html": {}, "Subject": None}),
        ('<a:MessageDTO xmlns:a="urn:a"><a:Subject>Hi</a:Subject></a:MessageDTO>', {"Subject": "Hi"}),
        ('<MessageDTO xmlns="urn:a">\n  <Subject>Hi</Subject>\n</MessageDTO>\n', {"Subject": "Hi"}),
        ("<MessageDTO><Subject><![CDATA[<b>&]]></Subject></MessageDTO>", {"Subject": "<b>&"}),
        ("<MessageDTO><Subject> &#x1F600; &lt;</Subject></MessageDTO>", {"Subject": " 😀 <"}),
        ("<MessageDTO><!-- a --><?php a?><Subject>Hi</Subject></MessageDTO>", {"Subject": "Hi"}),
        ("<MessageDTO><Subject>1</Subject><Subject>2</Subject></MessageDTO>", {"Subject": "2"}),
        ("<MessageDTO><Bcc><string>a@b.example</string></Bcc></MessageDTO>", {"Bcc": ["a@b.example"]}),
        ("<MessageDTO><From><Email>a</Email></From></MessageDTO>", {"From": {"Email": "a"}}),
    ],
)
def test_xml_is_read(xml: str, values: dict[str, Any]) -> None:
    assert read(xml.encode()) == values


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "windows-1252", "utf-8"])
def test_xml_may_be_in_another_encoding(encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><MessageDTO><Subject>Grüße</Subject></MessageDTO>'
    assert read(xml.encode(encoding)) == {"Subject": "Grüße"}


@pytest.mark.parametrize("text", ["a" * 1_000_000, "a\n" * 500_000, "ü" * 500_000, "<![CDATA[" + "a" * 1_000_000 + "]]>"])
def test_long_text_is_no_tag(text: str) -> None:
    said = read(f"<MessageDTO><Text>{text}</Text></MessageDTO>".encode())["Text"]
    assert said == text.removeprefix("<![CDATA[").removesuffix("]]>")


# What is refused ---------------------------------------------------------------------------------------------------------


def bombs(folder: Path) -> dict[str, bytes]:
    """Return documents that harm a parser which believes them; those that name a file name one that must not be read."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    secret = (folder / "secret.txt").as_uri()
    return {
        "billion laughs": f'<!DOCTYPE m [<!ENTITY l0 "ha">{laughs}]><MessageDTO><Subject>&l9;</Subject></MessageDTO>'.encode(),
        "quadratic": f'<!DOCTYPE m [<!ENTITY a "{"a" * 50_000}">]><MessageDTO>{"&a;" * 50_000}</MessageDTO>'.encode(),
        "external entity": f'<!DOCTYPE m [<!ENTITY a SYSTEM "{secret}">]><MessageDTO><Text>&a;</Text></MessageDTO>'.encode(),
        "external DTD": f'<!DOCTYPE m SYSTEM "{secret}"><MessageDTO/>'.encode(),
        "parameter entity": f'<!DOCTYPE m [<!ENTITY % a SYSTEM "{secret}"> %a;]><MessageDTO/>'.encode(),
        "in UTF-16": f'<!DOCTYPE m [<!ENTITY a SYSTEM "{secret}">]><MessageDTO>&a;</MessageDTO>'.encode("utf-16"),
        "deep": b"<MessageDTO>" + b"<a>" * 1_000_000,
        "wide": b"<MessageDTO>" + b"<a/>" * 1_000_000,
        "attributes": b"<MessageDTO " + b" ".join(b'a%d=""' % n for n in range(200_000)) + b"/>",
        "cyclic": b'<!DOCTYPE m [<!ENTITY a "&b;"><!ENTITY b "&a;">]><MessageDTO><Text>&a;</Text></MessageDTO>',
    }


@pytest.mark.parametrize("name", bombs(Path("/")))
@pytest.mark.parametrize("media", ["application/xml", "text/xml", "text/plain"])
def test_a_bomb_is_refused(name: str, media: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    opened: list[object] = []
    monkeypatch.setattr("builtins.open", lambda *names, **_: opened.append(names))
    response = Client().post(PATH, bombs(tmp_path)[name], media)
    monkeypatch.undo()
    assert response.status_code in {400, 403}
    assert b"secret" not in response.content
    assert opened == []


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (b"<MessageDTO>", "The XML cannot be read: no element found"),
        (b"<MessageDTO></Message>", "The XML cannot be read: mismatched tag"),
        (b"<MessageDTO>&nothing;</MessageDTO>", "The XML cannot be read: undefined entity"),
        (b"<MessageDTO>\xff</MessageDTO>", "The XML cannot be read: not well-formed"),
        (b'<?xml version="1.0" encoding="nothing"?><MessageDTO/>', "The XML cannot be read: "),
        (b"<!DOCTYPE m><MessageDTO/>", "The XML must have no DTD"),
        (b"<TemplateDTO/>", "The root element must be MessageDTO."),
        (b"<MessageDTO>Hello</MessageDTO>", "The XML has text in MessageDTO, which takes elements alone."),
        (b"<MessageDTO><Html><Body>a<b>c</b></Body></Html></MessageDTO>", "The XML has text in Body, which takes elements"),
        (b"<MessageDTO>%b</MessageDTO>" % (b"<a/>" * MAX_ELEMENTS), "The XML has more than 20,000 elements"),
        (b"<MessageDTO>%b" % (b"<a>" * 40), "or is more than 32 levels deep."),
        (b"<MessageDTO><!--%b" % (b"a" * 400_000), "The XML has a tag or comment of more than 262,144 bytes."),
        (b"<MessageDTO>&%b;</MessageDTO>" % (b"a" * 100_000), "The XML cannot be read: "),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(xml: bytes, words: str) -> None:
    with pytest.raises(RequestMalformed, match=words) as caught:
        read(xml)
    assert len(caught.value.message) < 300


@settings(max_examples=200, deadline=None, database=None)
@given(body=st.binary(max_size=60) | st.text("<>/MessagDTO &;![]-\"'= ", max_size=60).map(str.encode))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        assert isinstance(read(body), dict)


# How answers come --------------------------------------------------------------------------------------------------------

JSON, XML, TEXT_XML = "application/json", "application/xml; charset=utf-8", "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "sent", "answered"),
    [
        ("", "application/json", JSON),
        ("", "application/xml", XML),
        ("", "text/xml; charset=utf-8", TEXT_XML),
        ("", "", JSON),
        ("*/*", "application/xml", XML),
        ("*/*", "application/json", JSON),
        ("application/xml", "application/json", XML),
        ("text/xml", "application/json", TEXT_XML),
        ("text/*", "text/xml", TEXT_XML),
        ("application/json", "application/xml", JSON),
        ("application/json, text/plain, */*", "application/xml", JSON),
        ("application/json;q=0.5, application/xml;q=0.9", "application/json", XML),
        ("application/json;q=0.5, */*;q=0.9", "application/json", XML),
        ("application/xml;q=0, */*", "application/xml", JSON),
        ("application/xml;q=0", "application/xml", XML),
        ("application/xml;q=perhaps, application/json;q=0.1", "application/xml", JSON),
        ("text/html", "application/json", JSON),
        ("text/html", "application/xml", XML),
        ("nothing at all,;q=,,/", "application/xml", XML),
        ("APPLICATION/XML ; Q=1.000", "application/json", XML),
    ],
)
def test_the_format_is_negotiated(accept: str, sent: str, answered: str) -> None:
    body = b"<MessageDTO/>" if "xml" in sent else b"null"
    response = Client().generic("POST", PATH, body, sent, headers={"Accept": accept} if accept else {})
    assert response.headers["Content-Type"] == answered
    said = response.json() if answered == JSON else read_xml(response.content)
    assert (response.status_code, said["Code"]) == (403, "101")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", PATH, 405), ("POST", "/API/v2.0/nothing", 404)])
def test_every_refusal_comes_in_xml_too(method: str, path: str, status: int) -> None:
    response = Client().generic(method, path, headers={"Accept": "application/xml"})
    assert (response.status_code, read_xml(response.content)["Code"]) == (status, "1")


def test_an_answer_in_xml_is_well_formed_whatever_it_repeats(send: Send, acme: Tenant) -> None:
    call = make_message(acme) | {"From": {"Email": "a\x01b<&]]>\ud7ff\ufffe@nobody.example"}}
    response = Client().post(PATH, call, "application/json", headers={"Accept": "text/xml"})
    assert read_xml(response.content)["Code"] == "1"
