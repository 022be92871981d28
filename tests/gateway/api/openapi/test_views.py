"""The document and its page over HTTP: for everybody, kept by browsers, and with nothing from elsewhere."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.support.browsers import log_in
from tests.support.cast import Tenant

PATHS = ("/openapi.json", "/docs/")


def test_it_works(client: Client) -> None:
    answer = Client().get("/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert "/v1.0/messages/sendMail" in answer.json()["paths"]


@pytest.mark.parametrize("path", PATHS)
def test_it_is_kept(path: str) -> None:
    answer = Client().get(path)
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert not answer.cookies
    assert Client().get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", PATHS)
def test_it_is_only_read(path: str) -> None:
    assert Client().head(path).status_code == 200
    assert {Client().post(path).status_code, Client().delete(path).status_code} == {405}


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_inline_script() -> None:
    answer = Client().get("/docs/")
    page = answer.content.decode()
    loaded = re.findall(r'(?:src|href|data-document)="([^"]*)"', page)
    assert all(url.startswith("/") and not url.startswith("//") for url in loaded)
    assert not [url for url in loaded if url.startswith("/static/") and finders.find(url.removeprefix("/static/")) is None]
    assert "<script>" not in page
    assert "script-src 'self';" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_the_slash_may_be_left_out() -> None:
    assert Client().get("/docs")["Location"] == "/docs/"


@pytest.mark.django_db
def test_the_console_leads_there(acme: Tenant) -> None:
    assert 'href="/docs/"' in log_in(acme.user).get("/console/").content.decode()
