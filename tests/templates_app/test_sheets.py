"""Lists as CSV: what comes in, what is refused line by line, and that nothing that goes out runs in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from gateway.base.errors import FieldInvalid
from templates_app import sheets
from templates_app.lists import add_list
from templates_app.members import Entry, members_of, put_members
from templates_app.models import AddressList
from templates_app.sheets import export_members, import_members
from tests.support.cast import Tenant


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    return add_list(acme.account.pk, address="news", name="News")


def read(news: AddressList, content: str | bytes) -> sheets.Summary:
    return import_members(news.account_id, news.pk, io.BytesIO(content.encode() if isinstance(content, str) else content))


def members(news: AddressList) -> dict[str, tuple[str, dict[str, str]]]:
    return {one.email: (one.name, one.variables) for one in members_of(news.account_id, news.pk)}


def written(news: AddressList) -> str:
    return "".join(export_members(news.account_id, news.pk))


def test_it_works(news: AddressList) -> None:
    done = read(news, "email,name,CITY,CODE\r\nann@inbox.example,Ann,Wien,7\r\nbob@inbox.example,,,8\r\n")
    assert (done.added, done.updated, done.refused, done.problem) == (2, 0, 0, "")
    assert members(news) == {
        "ann@inbox.example": ("Ann", {"CITY": "Wien", "CODE": "7"}),
        "bob@inbox.example": ("", {"CODE": "8"}),
    }
    news.refresh_from_db()
    assert news.member_count == 2


@pytest.mark.parametrize(
    "content",
    [
        "E-Mail;Name;CITY\nann@inbox.example;Ann;Wien\n",
        "Email Address\tName\tCITY\nann@inbox.example\tAnn\tWien",
        '"CITY","name","email"\n"Wien","Ann","ann@inbox.example"\n',
        "\ufeffemail,name,CITY\n\n , ,\nann@inbox.example,Ann,Wien\n\n",
    ],
)
def test_spreadsheets_of_every_country_are_read(news: AddressList, content: str) -> None:
    assert read(news, content).added == 1
    assert members(news) == {"ann@inbox.example": ("Ann", {"CITY": "Wien"})}


def test_lines_that_are_not_right_are_told_with_their_numbers(news: AddressList) -> None:
    done = read(news, "email,CITY\nann@inbox.example,Wien\nnobody,Graz\nb@inbox.example,Linz,more\n,Wels\n")
    assert (done.added, done.refused) == (1, 3)
    told = {line.number: line.reason for line in done.bad_lines}
    assert "'nobody' is not an address" in told[3]
    assert "3 cells, but the first line names 2" in told[4]
    assert "it has no @" in told[5]


def test_a_second_time_changes_who_is_there(news: AddressList) -> None:
    read(news, "email,CITY\nann@inbox.example,Wien\n")
    done = read(news, "email,CITY\nANN@inbox.example,Graz\nbob@inbox.example,Linz\n")
    assert (done.added, done.updated) == (1, 1)
    assert members(news)["ann@inbox.example"] == ("", {"CITY": "Graz"})


def test_many_lines_go_in_batches(news: AddressList) -> None:
    lines = [f"p{number}@inbox.example,{number}" for number in range(2500)]
    assert read(news, "\n".join(["email,N", *lines, "nobody,1"])).added == 2500
    assert members(news)["p2499@inbox.example"] == ("", {"N": "2499"})


def test_only_the_first_bad_lines_are_told(news: AddressList) -> None:
    done = read(news, "email\n" + "nobody\n" * 300)
    assert done.refused == 300
    assert len(done.bad_lines) == sheets.MOST_TOLD


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "must name the columns"),
        ("ann@inbox.example\n", "must name the columns"),
        ("email,CITY,CITY\n", "same name"),
        ("email," + ",".join(f"V{n}" for n in range(101)), "at most 100"),
        (b"email,CITY\nann@inbox.example,K\xf6ln\n", "UTF-8"),
        ('email\n"ann@inbox.example', "unexpected end"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(news: AddressList, content: str | bytes, words: str) -> None:
    assert words in read(news, content).problem
    assert not members(news)


def test_a_file_is_bounded_and_what_was_read_stays(news: AddressList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_LINES", 4)
    monkeypatch.setattr(sheets, "MOST_AT_ONCE", 2)
    done = read(news, "email\n" + "".join(f"p{number}@inbox.example\n" for number in range(10)))
    assert "more than 4 lines" in done.problem
    assert done.added == 3


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "|calc",
    "%0A=1",
    "'=1",
    "''=1",
    "'",
    "''",
    '","=1',
    ";=1",
    "\uff1d1",
    "a\n=1",
    "plain",
    "it's",
]


@pytest.mark.parametrize("value", FORMULAS)
def test_what_is_written_runs_nowhere_and_is_read_as_it_was(news: AddressList, value: str) -> None:
    put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example", variables={"V": value, "=K": "x"})])
    text = written(news)
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        assert not [cell for cell in row if cell[:1] in set("=+-@\t\r\n|%\uff1d")], text
    assert text.count('"') >= 16  # every cell is quoted
    before = members(news)
    put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example", variables={})])
    assert read(news, text).updated == 1
    assert members(news) == before


def test_all_members_are_written_page_by_page(news: AddressList, monkeypatch: pytest.MonkeyPatch) -> None:
    put_members(
        news.account_id, news.pk, [Entry(email=f"p{n}@inbox.example", variables={f"V{n % 3}": str(n)}) for n in range(25)]
    )
    monkeypatch.setattr(sheets, "MOST_AT_ONCE", 10)
    pieces = list(export_members(news.account_id, news.pk))
    rows = list(csv.DictReader(io.StringIO("".join(pieces).removeprefix("\ufeff"), newline="")))
    assert len(pieces) == 4
    assert [row["email"] for row in rows] == [f"p{n}@inbox.example" for n in range(25)]
    assert (rows[4]["V0"], rows[4]["V1"], rows[4]["V2"]) == ("", "4", "")


def test_a_stranger_reads_and_writes_nothing(news: AddressList, globex: Tenant) -> None:
    put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example", variables={"SECRET": "x"})])
    text = "".join(export_members(globex.account.pk, news.pk))
    assert "SECRET" not in text
    assert "ann" not in text
    with pytest.raises(FieldInvalid, match="There is no address list"):
        import_members(globex.account.pk, news.pk, io.BytesIO(b"email\neve@inbox.example\n"))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ('b@inbox.example,"x"y\n', "Line 3 cannot be read as CSV"),
        (f"b@inbox.example,{',' * 100_000}\n", "Line 3 has more than 65,536 characters"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_stands_before_it_counts(news: AddressList, fault: str, words: str) -> None:
    done = read(news, f"email,N\na@inbox.example,1\n{fault}c@inbox.example,2\n")
    assert words in done.problem
    assert done.added == 1


def test_text_that_is_not_utf8_ends_a_file_after_what_stands_before_it(news: AddressList) -> None:
    lines = b"".join(b"p%d@inbox.example,1\n" % number for number in range(2_000))
    done = read(news, b"email,N\n" + lines + b"q@inbox.example,J\xf6rg\n")
    assert "UTF-8" in done.problem
    assert done.added > 1_000
