"""What became of looking for one record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from domains.records import Record

_MOST_FOUND: Final = 5  # records that are shown and kept
_MOST_TEXT: Final = 600  # characters of each


class Verdict(StrEnum):
    """How a record stands."""

    GOOD = "good"
    MISSING = "missing"
    WRONG = "wrong"
    TAKEN = "taken"  # it is right, but another account has verified the domain
    UNKNOWN = "unknown"  # DNS gave no answer, or a key of ours does not open: nothing is known, and nothing changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One record and what was found in its place. `sentence` names the mistake and what to do; empty when all is well."""

    record: Record
    verdict: Verdict
    found: tuple[str, ...] = ()
    sentence: str = ""

    @property
    def is_ok(self) -> bool:
        return self.verdict is Verdict.GOOD

    @property
    def is_definite(self) -> bool:
        return self.verdict is not Verdict.UNKNOWN

    def as_json(self) -> dict[str, Any]:
        """Return it as `check_results` keeps it: the record's fields, `label`, `verdict`, `ok`, `found`, `sentence`."""
        found = [_printable(text)[:_MOST_TEXT] for text in self.found[:_MOST_FOUND]]
        return {
            **asdict(self.record),
            "label": self.record.label,
            "verdict": self.verdict.value,
            "ok": self.is_ok,
            "found": found,
            "sentence": _printable(self.sentence),
        }


def _printable(text: str) -> str:
    """Return a text from the world without what PostgreSQL's JSON and a terminal cannot hold."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
