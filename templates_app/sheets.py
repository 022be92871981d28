"""Members of lists as CSV: read from a file line by line, and written so that no spreadsheet takes a value for a formula.

The first line names the columns: one is the address, one may be the name, and every other one is a variable. What is written
can be read again: a cell that a spreadsheet would run gets an apostrophe in front (promise T24), and loses it on the way back.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from gateway.base import bulk
from gateway.base.statement import Statement
from templates_app.members import MOST_AT_ONCE, MOST_VARIABLES, Entry, Written, members_of, put_members

MOST_BYTES = 20 * 1024 * 1024  # of a file
MOST_LINES = 200_000
MOST_TOLD = 100  # lines that were refused, with their reasons
MOST_COLUMNS = 1_000  # that are written
LONGEST_LINE = 64 * 1024  # characters

EMAIL = ("email", "e-mail", "mail", "address", "email address", "e-mail address", "emailaddress", "member")
NAME = ("name", "full name", "display name")

_RUNS = re.compile(
    r"'*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]"
)  # what spreadsheets take for the beginning of a formula, or skip before one
_DELIMITERS = ",;\t"
_NAMES = Statement(
    postgresql="""
        SELECT DISTINCT key FROM templates_app_addresslist l JOIN templates_app_member m ON m.address_list_id = l.id,
            jsonb_object_keys(m.variables) AS key
        WHERE l.id = %(list_id)b::bigint AND l.account_id = %(account_id)b::bigint ORDER BY key LIMIT %(limit)b::bigint
    """,
    sqlite="""
        SELECT DISTINCT one.key FROM templates_app_addresslist l JOIN templates_app_member m ON m.address_list_id = l.id,
            json_each(m.variables) AS one
        WHERE l.id = :list_id AND l.account_id = :account_id ORDER BY one.key LIMIT :limit
    """,
)


class SheetError(ValueError):
    """The file cannot be read as members; str() is a sentence that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that was left out: its number in the file, from 1, the address in it, and why."""

    number: int
    email: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Summary:
    """What came of a file; `bad_lines` are the first of those that were refused."""

    added: int = 0
    updated: int = 0
    refused: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)
    problem: str = ""  # why the rest of the file was not read

    def take(self, written: Written, numbers: Sequence[int]) -> None:
        """Add what came of entries, which stood in the lines `numbers`."""
        self.added += written.added
        self.updated += written.updated
        for refusal in written.refused:
            self.refuse(BadLine(number=numbers[refusal.place], email=refusal.email[:80], reason=refusal.reason))

    def refuse(self, line: BadLine) -> None:
        self.refused += 1
        if len(self.bad_lines) < MOST_TOLD:
            self.bad_lines.append(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column of a sheet is what."""

    email: int
    name: int | None
    variables: Mapping[int, str]
    number: int

    def read(self, cells: Sequence[str]) -> Entry:
        """Return the member in a line; an empty cell is no variable, and says nothing of the name."""
        values = {place: _unguard(cell) for place, cell in enumerate(cells)}
        variables = {name: values[place] for place, name in self.variables.items() if values.get(place)}
        name = values.get(self.name) or None if self.name is not None else None
        return Entry(email=values.get(self.email, ""), name=name, variables=variables if self.variables else None)


def import_members(account_id: int, list_id: int, file: BinaryIO) -> Summary:
    """Put the members in a file into a list, a thousand in a commit; what is wrong with the file ends it with a `problem`.

    Raises FieldInvalid for `list`.
    """
    summary = Summary()
    try:
        for numbers, entries in _batches(_lines(file), summary):
            summary.take(put_members(account_id, list_id, entries), numbers)
    except SheetError as error:
        summary.problem = str(error)
    except UnicodeDecodeError:
        summary.problem = "The file is not text in UTF-8. Save it as “CSV UTF-8” and try again."
    return summary


def export_members(account_id: int, list_id: int) -> Iterator[str]:
    """Yield a list as CSV, some hundred lines at a time: email, name, then a column for each variable that there is."""
    names = _names_of(account_id, list_id)
    yield "\ufeff" + _write([["email", "name", *names]])  # the mark tells spreadsheets that it is UTF-8
    after = 0
    while rows := list(members_of(account_id, list_id).filter(pk__gt=after)[:MOST_AT_ONCE]):
        after = rows[-1].pk
        yield _write([row.email, row.name, *(str(row.variables.get(name, "")) for name in names)] for row in rows)


def _names_of(account_id: int, list_id: int) -> list[str]:
    with bulk.raw_cursor() as cursor:
        return [row[0] for row in _NAMES.fetch(cursor, account_id=account_id, list_id=list_id, limit=MOST_COLUMNS)]


def _write(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([_guard(cell) for cell in row] for row in rows)
    return text.getvalue()


def _guard(cell: str) -> str:
    return f"'{cell}" if _RUNS.match(cell) else cell


def _unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell


def _lines(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a file that have something in them, with their numbers; raise SheetError where it goes wrong."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    head = text.readline(LONGEST_LINE + 1)
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(_bounded(head, text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if reader.line_num > MOST_LINES:
                raise SheetError(f"The file has more than {MOST_LINES:,} lines; the rest was not read. Split it.")
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        words = f"Line {reader.line_num:,} cannot be read as CSV ({error}); look for a quotation mark too many or too few"
        raise SheetError(f"{words}. The rest was not read.") from None


def _bounded(head: str, rest: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines of a file, the first of which was read already; raise SheetError at one that is too long."""
    line, number = head, 1
    while line:
        if len(line) > LONGEST_LINE:
            raise SheetError(f"Line {number:,} has more than {LONGEST_LINE:,} characters; the rest was not read. Correct it.")
        yield line
        line, number = rest.readline(LONGEST_LINE + 1), number + 1


def _batches(lines: Iterator[tuple[int, list[str]]], summary: Summary) -> Iterator[tuple[list[int], list[Entry]]]:
    columns = _columns(next(lines, (1, []))[1])
    numbers: list[int] = []
    entries: list[Entry] = []
    try:
        for number, cells in lines:
            if len(cells) > columns.number:
                summary.refuse(_too_long(number, cells, columns))
                continue
            numbers.append(number)
            entries.append(columns.read(cells))
            if len(entries) == MOST_AT_ONCE:
                yield numbers, entries
                numbers, entries = [], []
    except (SheetError, UnicodeDecodeError):
        if entries:
            yield numbers, entries  # what stands before the fault counts
        raise
    if entries:
        yield numbers, entries


def _too_long(number: int, cells: Sequence[str], columns: Columns) -> BadLine:
    reason = f"The line has {len(cells)} cells, but the first line names {columns.number} columns."
    return BadLine(number=number, email=cells[columns.email][:80], reason=reason)


def _columns(cells: Sequence[str]) -> Columns:
    """Return what the first line says of the columns; raise SheetError where it names no address."""
    names = [_unguard(cell).strip() for cell in cells]
    email, name = _place(names, EMAIL), _place(names, NAME)
    if email is None:
        raise SheetError("The first line must name the columns, one of them “email”; the others are the name and variables.")
    variables = {place: text for place, text in enumerate(names) if text and place not in {email, name}}
    if len(variables) > MOST_VARIABLES:
        raise SheetError(f"The file has {len(variables)} columns of variables; at most {MOST_VARIABLES} are allowed.")
    if len(set(variables.values())) < len(variables):
        raise SheetError("Two columns have the same name; rename one of them.")
    return Columns(email=email, name=name, variables=variables, number=len(names))


def _place(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((place for wanted in known for place, name in enumerate(names) if name.lower() == wanted), None)
