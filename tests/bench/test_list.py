"""The benchmark of address lists runs, and sees a copy that is not as it has to be."""

from __future__ import annotations

import json
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.bench import newsletter
from tests.bench.newsletter import LINKS, token_of
from tracking.links import Link, Purpose, make_url

ROOT = Path(__file__).resolve().parents[2]
BASE = "http://track.example"


def test_list() -> None:
    command = [sys.executable, "-m", "tests.bench", "list", "--members", "60", "--lists", "2", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(done.stdout)
    assert (done.returncode, found["holds"], found["problems"]) == (0, True, []), done.stderr
    assert {name: step["members"] for name, step in found["steps"].items()} == {"put in": 60, "taken in": 60, "delivered": 60}
    assert {"PostgreSQL", "Redis", "worker"} <= found["memory"].keys()


def test_a_right_copy_is_right() -> None:
    assert newsletter.check([make_copy()]) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("Hello Person 7", "Hello Person 8"), "another's subject"),
        (("Dear Person 7,", "Dear Person 8,"), "another's values"),
        (("Town 7", "%CITY%"), "not filled in"),
        (("Offer 4", f'<a href="https://shop.example/{7:08x}/4">'), "not tracked"),
        (("/t/c/", "/t/c/AAAA"), "other links than five"),
        (('width="1"', 'width="2"'), "no pixel"),
    ],
)
def test_a_wrong_copy_is_seen(change: tuple[str, str], fault: str) -> None:
    found = newsletter.check([make_copy(change)])
    assert any(fault in problem for problem in found), found


def test_links_of_another_recipient_are_seen() -> None:
    found = newsletter.check([make_copy(opened_by=2)])
    assert found == [f"The copy of {token_of(7)} has links of no, or of several recipients."]


def test_no_copies_are_not_enough() -> None:
    assert newsletter.check([]) == ["No copy was kept to look at."]


def make_copy(change: tuple[str, str] = ("nothing", "nothing"), *, opened_by: int = 1) -> bytes:
    """Return the copy of member 7 as Gatepost would make it, but for one change."""
    urls = [make_url(BASE, Purpose.CLICK, _link(target=f"https://shop.example/{7:08x}/{number}")) for number in range(LINKS)]
    links = "".join(f'<a href="{url}">Offer {number}</a>' for number, url in enumerate(urls))
    pixel = f'<img src="{make_url(BASE, Purpose.OPEN, _link(recipient_id=opened_by))}" width="1" height="1">'
    rows = "Dear Person 7, here is what is new in Town 7 this week\n" * newsletter.ROWS
    message = EmailMessage()
    message["To"] = f"Person 7 <{newsletter.make_member(7).email}>"
    message["Subject"] = "Hello Person 7".replace(*change)
    message.set_content(f"{links}{pixel}{rows}".replace(*change), subtype="html")
    return message.as_bytes()


def _link(*, recipient_id: int = 1, target: str = "") -> Link:
    return Link(account_id=1, recipient_id=recipient_id, target=target)
