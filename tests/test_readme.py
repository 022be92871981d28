"""The README is true: its examples run as they stand and their mail arrives, and its tables name what there is."""

from __future__ import annotations

import csv
import json
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import get_commands

from gateway.base.environment import read_rates
from gateway.console.theme import ROOMS
from templates_app.filling import LIQUID, fill
from templates_app.sheets import EMAIL, NAME
from tests.bench.__main__ import WHAT
from tests.support import plugin
from tests.support.installation import install, wait_for
from tests.support.readme import BLOCKS, HELLO, ROOT, RUN, TEXT, Reader, find, hearing, rows_of
from tracking.formats import Parcel, Telling
from tracking.formats.standard import write
from tracking.models import EventType
from tracking.webhooks.schedule import STANDARD

BY_CURL = {"SendClean", "SendCloud", "Calendar", "Webapi", "MailUp", "XML", "Octeth", "STARTTLS", "TLS"}
# What a project's settings would do.
AS_SETTINGS = """
from django.conf import settings
settings.configure(**{name: value for name, value in globals().items() if name.isupper()})
"""
# Where the default cannot be said in a word, or is not the tests'.
IN_WORDS = {
    *("DATABASE_URL", "REDIS_URL", "GATEPOST_DATA", "SECRET_KEY", "GATEPOST_SECRET_KEYS", "GATEPOST_URL"),
    *("GATEPOST_TLS_CERT", "GATEPOST_TLS_KEY", "GATEPOST_RELAY", "GATEPOST_MX_ALLOW", "GATEPOST_DNS"),
    *("GATEPOST_SMTP_PLAIN", "GATEPOST_SMTP_PLAIN_ALLOW", "GATEPOST_SMTP_PROXIES", "GATEPOST_SMTP_GREETING"),
    *("GATEPOST_SMTP_HELLO", "GATEPOST_SMTP_GO_AHEAD", "GATEPOST_SMTP_GOODBYE"),
    *("GATEPOST_LOG", "GATEPOST_INBOX", "GATEPOST_WEBHOOK_ALLOW", "GATEPOST_ADMIN_KEY", "GATEPOST_SENDER"),
}
# What reads a setting that is no more the word that it was given as.
READ = {"GATEPOST_SENDCLEAN_RATES": read_rates}
UNITS = {"s": 1, "min": 60, "h": 3600}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader who has made an account as the README says, and set the variables to what was printed."""
    with install(tmp_path_factory.mktemp("readme"), GATEPOST_WEBHOOK_ALLOW="127.0.0.0/8") as installation:
        installation.start("receiver", "web", "submission", "worker", "beat")
        newcomer = Reader(installation=installation)
        printed = newcomer.run(newcomer.adapt(BLOCKS[find("manage.py bootstrap")].code))
        values = dict(re.split(r"  +", line) for line in printed.splitlines())
        exports = re.sub(r"'([\w ]+)'", lambda name: shlex.quote(values[name[1]]), BLOCKS[find("export OWNER_ID")].code)
        yield Reader(installation=installation, variables=newcomer.adapt(exports), printed=values)


@pytest.fixture
def curl() -> None:
    """The program; `tests/support/plugin.py` sees whether it is there."""


@pytest.fixture
def swaks() -> None:
    """As curl."""


@pytest.fixture
def nodemailer() -> None:
    """As curl."""


def test_curl_works(curl: None, reader: Reader) -> None:
    for subject in sorted(BY_CURL):
        reader.follow(subject)


def test_swaks_works(swaks: None, reader: Reader) -> None:
    reader.follow("swaks")


def test_python_works(reader: Reader) -> None:
    reader.follow("smtplib")


def test_the_library_works(reader: Reader) -> None:
    index = find("Hello by PowerEmail")
    script = BLOCKS[index - 1].code + RUN["python"].format(code=BLOCKS[index].code)
    reader.check("PowerEmail", script, BLOCKS[index + 1])


def test_django_works(reader: Reader) -> None:
    index = find("Hello by Django")
    code = BLOCKS[find("EMAIL_HOST =")].code + AS_SETTINGS + BLOCKS[index].code
    script = 'export SSL_CERT_FILE="$CERTIFICATE"\n' + RUN["python"].format(code=code)
    reader.check("Django", script, BLOCKS[index + 1])


def test_nodemailer_works(nodemailer: None, reader: Reader) -> None:
    reader.follow("nodemailer")


def test_webhooks_work(reader: Reader, tmp_path: Path) -> None:
    with hearing(reader, tmp_path) as hearer:
        time.sleep(2)  # until all processes know of it, as the page says
        reader.follow("urllib")
        wanted = {*BLOCKS[find("email.delivered you@")].code.splitlines()}
        wait_for(lambda: hearer.heard >= wanted, lambda: f"Heard {hearer.heard}: {reader.installation.log[-2000:]}")
        event = json.dumps({"type": "email.forged", "data": {"recipient": "you@inbox.example"}}).encode()
        now = time.time()
        assert hearer.call(event, key="whsec_Zm9yZ2Vk", at=now) == 401
        assert hearer.call(event, key=hearer.key, at=now - 3600) == 401
        assert not any("forged" in line for line in hearer.heard)
        assert hearer.call(event, key=hearer.key, at=now) == 204


def test_the_body_of_a_call_is_what_the_page_shows() -> None:
    shown = json.loads(BLOCKS[find("email.clicked")].code)
    told = shown["data"]
    known = {field.name for field in fields(Telling)} - {"message_id"}
    telling = Telling(
        type=shown["type"].removeprefix("email."),
        at=datetime.fromisoformat(shown["timestamp"]),
        account_id=1,
        smtp_user_id=1,
        message_id=1,
        public_id=UUID(told["message_id"]),
        enhanced=told["enhanced_code"],
        **{name: told[name] for name in known & told.keys()},
    )
    assert json.loads(write(Parcel(id="1", url="", key="", tellings=(telling,)))) == shown


def test_every_type_of_event_is_named() -> None:
    named = re.findall(r"is an \*event\*: ([\w,\s]+)\.", TEXT)[0]
    assert re.split(r",\s", named) == [*EventType.values]


def test_the_schedule_of_webhooks_is_what_the_page_says() -> None:
    said = re.findall(r"(\d+) (s|min|h)\b", TEXT.partition("the call is made again:")[2].partition(";")[0])
    assert [int(number) * UNITS[unit] for number, unit in said] == [*STANDARD]


def test_the_template_is_filled_as_the_page_shows() -> None:
    template = BLOCKS[index := find("{{ first_name | default")]
    members = csv.DictReader(BLOCKS[index + 1].code.splitlines())
    apart = {*EMAIL, *NAME}  # columns that are no fields
    values = [{name: value for name, value in member.items() if value and name not in apart} for member in members]
    filled = [fill(template.code, LIQUID, one, escape_html=False) for one in values]
    assert filled == [block.code for block in BLOCKS[index + 2 : index + 4]]


def test_every_room_of_the_console_is_in_the_table() -> None:
    named = [name for row in rows_of("| room |") for name in row[0].split(", ")]
    assert sorted(named) == sorted(str(room["title"]) for group in ROOMS for room in group["items"])


def test_no_example_is_left_out() -> None:
    assert {*HELLO.findall(TEXT)} == BY_CURL | {"PowerEmail", "swaks", "urllib", "smtplib", "Django", "nodemailer"}


def test_what_bootstrap_prints_is_what_the_page_shows(reader: Reader) -> None:
    shown = BLOCKS[find("manage.py bootstrap") + 1].code
    printed = reader.installation.manage("bootstrap")
    assert [line.split("  ")[0] for line in printed.splitlines()] == [line.split("  ")[0] for line in shown.splitlines()]


def test_every_command_exists() -> None:
    assert {*re.findall(r"manage\.py ([a-z]\w+)", TEXT)} <= {*get_commands()}
    targets = {*re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}
    assert {*re.findall(r"\bmake ([a-z]+)\b(?= *[`\n#]| ARGS)", TEXT)} <= targets


def test_every_setting_is_in_the_table_and_every_other_is_not() -> None:
    source = (ROOT / "gateway/settings.py").read_text()
    read = {*re.findall(r"""(?:env\.\w+|read_\w+)\("([A-Z_]+)\"""", source)}
    assert set(table_of_settings()) == read
    assert {*re.findall(r"\bGATEPOST_[A-Z_]+?(?=_FILE\b|\b)", TEXT)} <= read | {plugin.ON}


def test_the_defaults_are_those_of_the_table() -> None:
    said = {name: default.strip("`") for name, default in table_of_settings().items() if name not in IN_WORDS}
    read = {name: str(READ[name](name, default)) if name in READ else default for name, default in said.items()}
    assert read == {name: str(getattr(settings, name)) for name in said}


def test_every_benchmark_exists() -> None:
    named = re.findall(r"-m tests\.bench (\w+)` .+?, and `(\w+)`", TEXT, re.DOTALL)
    assert {*named[0]} <= WHAT.keys()


def test_every_folder_of_the_table_is_there() -> None:
    named = [name for row in rows_of("| folder |") for name in re.findall(r"`([\w./]+)`", row[0])]
    assert len(named) >= 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", TEXT)
    assert pictures
    assert [path for path in pictures if not (ROOT / path).is_file()] == []


def test_lines_fit() -> None:
    assert [line for line in TEXT.splitlines() if len(line) > 125] == []


def table_of_settings() -> dict[str, str]:
    """Return the settings' defaults as the table has them."""
    return {name: row[1] for row in rows_of("| setting | default |") for name in re.findall(r"`(\w+)`", row[0])}
