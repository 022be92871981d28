"""The README is true: its examples run as they stand and their mail arrives, and its tables name what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from tests.support import plugin
from tests.support.installation import Installation, install, wait_for

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
HELLO = re.compile(r"Hello by (\w+)")  # the subject of each example's mail

RUN = {
    "sh": "{code}",
    "python": ".venv/bin/python - <<'PASTED'\n{code}PASTED\n",
    "js": "node - <<'PASTED'\n{code}PASTED\n",
}
NODE_PATH = "/usr/share/nodejs"  # of Debian's packages, where node itself is not Debian's
BY_CURL = {"SendClean", "SendCloud", "MailUp", "Octeth", "STARTTLS", "TLS"}
# What a project's settings would do.
AS_SETTINGS = """
from django.conf import settings
settings.configure(**{name: value for name, value in globals().items() if name.isupper()})
"""
# Where the default cannot be said in a word, or is not the tests'.
IN_WORDS = {
    *("DATABASE_URL", "REDIS_URL", "GATEPOST_DATA", "SECRET_KEY", "GATEPOST_SECRET_KEYS", "GATEPOST_URL"),
    *("GATEPOST_TLS_CERT", "GATEPOST_TLS_KEY", "GATEPOST_RELAY", "GATEPOST_MX_ALLOW", "GATEPOST_DNS"),
    *("GATEPOST_LOG", "GATEPOST_INBOX"),
}
NOT_USED_YET = {"GATEPOST_WEBHOOK_ALLOW"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block."""

    language: str
    code: str


BLOCKS = [
    Block(language=found[1], code=found[2]) for found in re.finditer(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]


def find(words: str) -> int:
    """Return the index of the first block with `words`."""
    return next(index for index, block in enumerate(BLOCKS) if words in block.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Someone who pastes from the README into a shell with the variables that it asks for, at the root of a checkout."""

    installation: Installation
    variables: str

    def follow(self, subject: str) -> None:
        """Run an example; see that it answers what the README shows, and that its mail arrives."""
        index = find(f"Hello by {subject}")
        self.check(subject, RUN[BLOCKS[index].language].format(code=BLOCKS[index].code), BLOCKS[index + 1])

    def check(self, subject: str, script: str, answer: Block) -> None:
        printed = self.run(self.variables + self.adapt(script))
        wanted = ".+".join(map(re.escape, answer.code.strip().split("…")))
        assert re.search(f"^{wanted}$", printed.strip(), re.MULTILINE), printed
        wait_for(lambda: subject in self.caught(), partial(self._explain, subject))
        mail = self.caught()[subject]
        assert mail["From"].endswith("me@example.com>") or mail["From"] == "me@example.com"
        assert "you@inbox.example" in mail["To"]
        assert "d=example.com;" in "".join(mail.get_all("DKIM-Signature", []))

    def run(self, script: str) -> str:
        env = {**self.installation.env, "NODE_PATH": NODE_PATH}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def adapt(self, script: str) -> str:
        """Put this installation's ports, folder and Python in the place of the README's."""
        changes = {
            r"\b8000\b": str(self.installation.endpoint("GATEPOST_HTTP").port),
            r"\b2525\b": str(self.installation.endpoint("GATEPOST_SMTP").port),
            r"\b2465\b": str(self.installation.endpoint("GATEPOST_SMTPS").port),
            r"\bvar/demo\b": str(self.installation.data),
            r"\.venv/bin/python\b": shlex.quote(sys.executable),
        }
        for ours, theirs in changes.items():
            script = re.sub(ours, theirs, script)
        return script

    def caught(self) -> dict[str, Message]:
        """Return the mails that arrived, by what their subject says after "Hello by"."""
        mails = [message_from_bytes((self.installation.inbox / one["path"]).read_bytes()) for one in self.installation.caught()]
        return {found[1]: mail for mail in mails if (found := HELLO.fullmatch(mail["Subject"]))}

    def _explain(self, subject: str) -> str:
        return f"No mail by {subject}: {self.installation.log[-2000:]}"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader who has made an account as the README says, and set the variables to what was printed."""
    with install(tmp_path_factory.mktemp("readme")) as installation:
        installation.start("receiver", "web", "submission", "worker", "beat")
        newcomer = Reader(installation=installation, variables="")
        printed = newcomer.run(newcomer.adapt(BLOCKS[find("manage.py bootstrap")].code))
        values = dict(re.split(r"  +", line) for line in printed.splitlines())
        exports = re.sub(r"'([\w ]+)'", lambda name: shlex.quote(values[name[1]]), BLOCKS[find("export OWNER_ID")].code)
        yield Reader(installation=installation, variables=newcomer.adapt(exports))


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
    reader.follow("urllib")
    reader.follow("smtplib")


def test_django_works(reader: Reader) -> None:
    index = find("Hello by Django")
    code = BLOCKS[find("EMAIL_HOST =")].code + AS_SETTINGS + BLOCKS[index].code
    script = 'export SSL_CERT_FILE="$CERTIFICATE"\n' + RUN["python"].format(code=code)
    reader.check("Django", script, BLOCKS[index + 1])


def test_nodemailer_works(nodemailer: None, reader: Reader) -> None:
    reader.follow("nodemailer")


def test_no_example_is_left_out() -> None:
    assert {*HELLO.findall(TEXT)} == BY_CURL | {"swaks", "urllib", "smtplib", "Django", "nodemailer"}


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
    assert set(table_of_settings()) == read - NOT_USED_YET
    assert {*re.findall(r"\bGATEPOST_[A-Z_]+?(?=_FILE\b|\b)", TEXT)} <= read | {plugin.ON}


def test_the_defaults_are_those_of_the_table() -> None:
    said = {name: default.strip("`") for name, default in table_of_settings().items() if name not in IN_WORDS}
    assert said == {name: str(getattr(settings, name)) for name in said}


def test_every_folder_of_the_table_is_there() -> None:
    rows = TEXT.partition("| folder |")[2].partition("\n\n")[0]
    named = re.findall(r"`([\w./]+)`", " ".join(row.split("|")[1] for row in rows.splitlines()[1:]))
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
    rows = TEXT.partition("| setting | default |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.split("|") for row in rows]
    return {name: row[2].strip() for row in cells for name in re.findall(r"`(\w+)`", row[1])}
