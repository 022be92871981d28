"""Version 1 of the API: its envelope, in JSON and in XML."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from django.test import Client

from gateway.api.sendcloud.answers.v1 import Success, say_v1, write_xml


class Listed(Success, frozen=True, kw_only=True):
    lists: list[dict[str, str]]
    total_count: int
    done: bool


LISTED = Listed(lists=[{"name": "a<b"}, {"name": "c\0"}], total_count=2, done=True)


@pytest.mark.parametrize("path", ["/webapi/nothing.get.json", "/webapi/", "/webapi"])
def test_an_unknown_call_is_told_in_json(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 404
    assert response.json() == {"message": "error", "errors": ["url格式错误", "There is no such call."]}


@pytest.mark.parametrize("path", ["/webapi/nothing.get.xml", "/WEBAPI/nothing.get.XML/"])
def test_an_unknown_call_is_told_in_xml(path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (404, "application/xml")
    root = fromstring(response.content)
    assert (root.tag, root.findtext("message")) == ("result", "error")
    assert [item.text for item in root.findall("errors")] == ["url格式错误", "There is no such call."]


def test_what_is_said_in_json_has_its_members() -> None:
    said = msgspec.json.decode(say_v1(LISTED, in_xml=False).content)
    assert said == {"message": "success", "lists": [{"name": "a<b"}, {"name": "c\0"}], "total_count": 2, "done": True}


def test_what_is_said_in_xml_has_the_same() -> None:
    assert say_v1(LISTED, in_xml=True).content.decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        "<result><message>success</message><lists><name>a&lt;b</name></lists><lists><name>c\ufffd</name></lists>"
        "<total_count>2</total_count><done>true</done></result>"
    )


def test_no_name_breaks_xml() -> None:
    root = fromstring(write_xml("result", {"spf.value": None, "1>": "a", "<x/>": "b", "": "c"}))
    assert [(item.tag, item.text or "") for item in root] == [("spf.value", ""), ("_1_", "a"), ("__x__", "b"), ("_", "c")]


def test_variables_are_bare_in_xml() -> None:
    root = fromstring(write_xml("vars", {"%name%": "Ben", "%": "c"}))
    assert [(item.tag, item.text) for item in root] == [("name", "Ben"), ("_", "c")]
