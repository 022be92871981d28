"""MailUp's XSmtpAPIDTO, in a document and in a header."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.api.fields import FieldsRefused
from gateway.api.mailup.xsmtpapi import NAMES, read_header, read_object
from gateway.api.overlay import Overlay
from gateway.base.errors import FieldInvalid
from gateway.engine.submission import Clicks, Syntax


def test_it_works() -> None:
    overlay = read_object(
        {
            "CampaignName": "Test Campaign",
            "CampaignCode": "1001",
            "ClickTracking": True,
            "ViewTracking": False,
            "Priority": 5,
            "Schedule": "2030-03-31T12:12:04",
            "DynamicFields": [{"N": "firstname", "V": "Mario"}, {"N": "[lastname]", "V": "Rossi"}],
            "CampaignReport": "Report",
        }
    )
    assert overlay == Overlay(
        header=None,
        footer=None,
        syntax=Syntax.MAILUP,
        variables={"firstname": "Mario", "lastname": "Rossi"},
        track_clicks=Clicks.HTML,
        track_opens=False,
        tags=("Test Campaign", "Report"),
        campaign="1001",
        bulk=True,
        send_at=datetime(2030, 3, 31, 12, 12, 4, tzinfo=UTC),
    )


def test_nulls_are_absent() -> None:
    assert read_object(dict.fromkeys(NAMES)) == Overlay(header=None, footer=None)


def test_a_campaign_without_code_goes_by_its_name() -> None:
    assert read_object({"CampaignName": "Spring"}).campaign == "Spring"


def test_dynamic_fields_can_be_skipped() -> None:
    overlay = read_object({"DynamicFields": [{"N": "a", "V": "1"}], "SkipDynamicFields": True})
    assert (overlay.syntax, overlay.variables, overlay.is_verbatim) == (Syntax.NONE, {}, True)


def test_a_dynamic_field_of_null_is_empty() -> None:
    assert read_object({"DynamicFields": [{"N": "a", "V": None}, {"N": "b"}, {"N": "c", "V": 7}]}).variables == {
        "a": "",
        "b": "",
        "c": "7",
    }


@pytest.mark.parametrize(("priority", "bulk"), [(1, False), (3, False), ("4", True), (5, True)])
def test_low_priority_is_bulk(priority: object, bulk: bool) -> None:
    assert read_object({"Priority": priority}).bulk is bulk


@pytest.mark.parametrize(("word", "meaning"), [(True, True), ("True", True), ("false", False), (1, True), ("0", False)])
def test_booleans_parse_as_text_too(word: object, meaning: bool) -> None:
    overlay = read_object({"ViewTracking": word, "ClickTracking": word, "Footer": word, "Header": word})
    assert overlay.track_opens is meaning
    assert overlay.track_clicks is (Clicks.HTML if meaning else Clicks.NONE)
    assert (overlay.header, overlay.footer, overlay.unsubscribe_link) == (meaning, meaning, meaning)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2030-01-01T12:00:00", 12), ("2030-01-01T12:00:00Z", 12), ("2030-01-01T12:00:00+02:00", 10)],
)
def test_times_are_utc_where_no_offset_is_given(text: str, hour: int) -> None:
    assert read_object({"Schedule": text}).send_at == datetime(2030, 1, 1, hour, tzinfo=UTC)


def test_dotnets_empty_date_is_none() -> None:
    assert read_object({"Schedule": "0001-01-01T00:00:00"}).send_at is None


@pytest.mark.parametrize(
    "asked",
    [
        {"Priority": 0},
        {"Priority": 6},
        {"Priority": "high"},
        {"Schedule": "tomorrow"},
        {"Schedule": "9999-12-31T23:59:59-12:00"},
        {"Header": "perhaps"},
        {"ClickTracking": []},
        {"DynamicFields": {"a": "1"}},
        {"DynamicFields": ["a"]},
        {"DynamicFields": [{"V": "1"}]},
        {"DynamicFields": [{"N": "a", "V": []}]},
        {"CampaignCode": {}},
        {"CampaignCode": "c" * 251},
    ],
)
def test_what_is_wrong_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(FieldsRefused, match="XSmtpAPI"):
        read_object(asked)
    with pytest.raises(FieldInvalid) as caught:
        read_header(json.dumps(asked).encode())
    assert caught.value.field == "xsmtpapi"


def test_a_header_is_plain_json() -> None:
    value = b' {"CampaignCode": "1001",\r\n "DynamicFields": [{"N": "name", "V": "Zo\xc3\xab"}]}\r\n'
    overlay = read_header(value)
    assert overlay is not None
    assert (overlay.campaign, overlay.variables) == ("1001", {"name": "Zoë"})


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"nothing",
        b"[]",
        b'{"to": ["a@b.example"]}',
        b'{"CampaignCode": "1", "category": "x"}',
        base64.b64encode(b'{"CampaignCode": "1"}'),
        b"[" * 100_000,
    ],
)
def test_a_header_that_is_not_ours_is_left_to_others(value: bytes) -> None:
    assert read_header(value) is None
