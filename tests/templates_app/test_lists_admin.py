"""The rooms of lists and members: in and out as CSV, counted, and another account's as if they were not there."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from templates_app.admin import lists as room
from templates_app.members import members_of
from templates_app.models import AddressList, Member
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_person
from tests.support.lists import make_list

SHEET = "email,name,CITY\nann@inbox.example,Ann,Wien\nnobody,No,Graz\n"


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    return make_list(acme.account.pk, 3)


def page_of(row: Any, page: str) -> str:
    return reverse(f"admin:templates_app_{row._meta.model_name}_{page}", args=(row.pk,))


def upload(browser: Client, news: AddressList, content: str = SHEET) -> Any:
    return browser.post(page_of(news, "import"), {"file": SimpleUploadedFile("people.csv", content.encode())})


def read(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def count_of(news: AddressList) -> int:
    news.refresh_from_db()
    assert news.member_count == Member.objects.filter(address_list=news).count()
    return news.member_count


def test_it_works(browser: Client, news: AddressList) -> None:
    page = upload(browser, news)
    summary = page.context["summary"]
    assert (summary.added, summary.updated, summary.refused) == (1, 0, 1)
    assert "is not an address" in page.content.decode()
    assert "Ann" in read(browser.get(page_of(news, "export")))
    assert count_of(news) == 4
    assert {entry.action for entry in AuditEntry.objects.all()} == {
        "imported members into address list",
        "exported members of address list",
    }


def test_what_comes_out_goes_in_again(browser: Client, news: AddressList) -> None:
    answer = browser.get(page_of(news, "export"))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="news.csv"'
    summary = upload(browser, news, read(answer)).context["summary"]
    assert (summary.added, summary.updated, summary.refused) == (0, 3, 0)
    assert {one.email: one.variables for one in members_of(news.account_id, news.pk)} == {
        f"p{number}@inbox.example": {"N": str(number)} for number in range(3)
    }


def test_a_file_too_large_is_not_read(browser: Client, news: AddressList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_BYTES", 10)
    page = upload(browser, news)
    assert "The file is larger than" in page.content.decode()
    assert count_of(news) == 3


def test_without_a_file_it_says_so(browser: Client, news: AddressList) -> None:
    assert browser.post(page_of(news, "import")).context["form"].errors["file"]


@pytest.mark.parametrize("page", ["import", "export"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_strangers_list_is_as_one_that_is_not_there(globex: Tenant, news: AddressList, page: str, method: str) -> None:
    stranger = log_in(globex.user)
    missing = AddressList(pk=987_654)
    answers = [getattr(stranger, method)(page_of(row, page)) for row in (news, missing)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert count_of(news) == 3
    assert not AuditEntry.objects.exists()


def test_a_viewer_exports_and_does_not_import(acme: Tenant, news: AddressList) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert "p0@inbox.example" in read(viewer.get(page_of(news, "export")))
    assert upload(viewer, news).status_code == 403
    assert count_of(news) == 3


def test_the_page_leads_to_the_members(browser: Client, news: AddressList) -> None:
    page = browser.get(page_of(news, "change")).content.decode()
    assert "3 members" in page
    members = reverse("admin:templates_app_member_changelist") + f"?address_list__id__exact={news.pk}"
    assert members in page
    found = browser.get(members + "&q=p1").content.decode()
    assert "p1@inbox.example" in found
    assert "p2@inbox.example" not in found


def add(browser: Client, news: AddressList, email: str, **fields: str) -> Any:
    form = {"address_list": news.pk, "email": email, "name": "", "variables": "{}"} | fields
    return browser.post(reverse("admin:templates_app_member_add"), form)


def test_members_are_added_one_by_one(browser: Client, news: AddressList) -> None:
    assert add(browser, news, "Ann@Inbox.Example", name="Ann", variables='{"CITY": "Wien"}').status_code == 302
    ann = members_of(news.account_id, news.pk).get(email="Ann@inbox.example")
    assert (ann.name, ann.variables) == ("Ann", {"CITY": "Wien"})
    assert count_of(news) == 4


@pytest.mark.parametrize(
    ("email", "fields", "at"),
    [
        ("nobody", {}, "email"),
        ("P1@inbox.example", {}, "email"),
        ("a@inbox.example", {"variables": '{"A": 1}'}, "variables"),
        ("a@inbox.example", {"variables": "[]"}, None),
        ("a@inbox.example", {"variables": '["A"]'}, "variables"),
    ],
)
def test_members_are_judged(browser: Client, news: AddressList, email: str, fields: dict[str, str], at: str | None) -> None:
    answer = add(browser, news, email, **fields)
    if at is None:
        assert answer.status_code == 302
    else:
        assert set(answer.context["adminform"].form.errors) == {at}
        assert count_of(news) == 3


def test_members_change_and_keep_their_list(browser: Client, news: AddressList, acme: Tenant) -> None:
    other = make_list(acme.account.pk, 0, "other")
    member = members_of(news.account_id, news.pk).get(email="p1@inbox.example")
    form = {"address_list": other.pk, "email": "P1@Inbox.Example", "name": "P", "variables": "{}"}
    browser.post(page_of(member, "change"), form)
    member.refresh_from_db()
    assert (member.email, member.name, member.address_list_id) == ("P1@inbox.example", "P", news.pk)
    assert count_of(news) == 3


def test_members_are_deleted_and_counted(browser: Client, news: AddressList) -> None:
    first, second, _ = members_of(news.account_id, news.pk)
    browser.post(page_of(first, "delete"), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [second.pk], "post": "yes"}
    browser.post(reverse("admin:templates_app_member_changelist"), chosen)
    assert count_of(news) == 1


def test_a_list_is_saved_without_touching_its_count(browser: Client, news: AddressList) -> None:
    browser.post(page_of(news, "change"), {"name": "Weekly", "address": "WEEKLY@lists.example", "description": ""})
    assert count_of(news) == 3
    assert (news.name, news.address) == ("Weekly", "weekly@lists.example")


def test_an_address_is_taken_in_any_case(browser: Client, news: AddressList) -> None:
    answer = browser.post(
        reverse("admin:templates_app_addresslist_add"), {"name": "Again", "address": "NEWS@lists.example", "description": ""}
    )
    assert answer.context["adminform"].form.errors


def test_a_list_is_deleted_with_its_members(browser: Client, news: AddressList) -> None:
    browser.post(page_of(news, "delete"), {"post": "yes"})
    assert not AddressList.objects.exists()
    assert not Member.objects.exists()
