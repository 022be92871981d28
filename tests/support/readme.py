"""The README as someone follows it: its blocks, pasted over a running installation, and its receiver of webhooks."""

from __future__ import annotations

import base64
import hmac
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

from gateway.base.environment import Endpoint
from tests.support.installation import Installation, is_open, wait_for
from tests.support.services import free_port

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
HELLO = re.compile(r"Hello by (\w+)")  # the subject of each example's mail

RUN = {
    "sh": "{code}",
    "python": ".venv/bin/python - <<'PASTED'\n{code}PASTED\n",
    "js": "node - <<'PASTED'\n{code}PASTED\n",
}
NODE_PATH = "/usr/share/nodejs"  # of Debian's packages, where node itself is not Debian's
PATIENCE = 10.0  # seconds for one answer


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


def rows_of(heading: str) -> list[list[str]]:
    """Return the cells of the table that begins with this heading, row by row."""
    rows = TEXT.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Someone who pastes from the README into a shell with the variables that it asks for, at the root of a checkout."""

    installation: Installation
    variables: str = ""
    printed: Mapping[str, str] = field(default_factory=dict)  # by bootstrap

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

    def open_console(self) -> Browser:
        """Log in with what bootstrap printed."""
        browser = Browser(f"http://{self.installation.endpoint('GATEPOST_HTTP')}/console/")
        browser.submit("login/", username=self.printed["console email"], password=self.printed["console password"])
        return browser

    def _explain(self, subject: str) -> str:
        return f"No mail by {subject}: {self.installation.log[-2000:]}"


@dataclass(frozen=True, slots=True)
class Browser:
    """A person's browser at the console."""

    console: str
    opener: OpenerDirector = field(default_factory=lambda: build_opener(HTTPCookieProcessor(CookieJar())))

    def submit(self, path: str, **fields: str) -> str:
        """Open the page of a form, send it with these fields, and return the page that comes then."""
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self._read(path))[0]
        return self._read(path, urlencode({"csrfmiddlewaretoken": token, **fields}).encode())

    def _read(self, path: str, body: bytes | None = None) -> str:
        with self.opener.open(self.console + path, body, timeout=PATIENCE) as answer:
            return str(answer.read().decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearer:
    """The README's receiver of webhooks, running with the key of a webhook that was made in the console."""

    url: str
    key: str
    output: Path

    @property
    def heard(self) -> set[str]:
        return {*self.output.read_text().splitlines()}

    def call(self, body: bytes, *, key: str, at: float) -> int:
        """Call it as Gatepost would with this key at this time; return the status of its answer."""
        seconds = str(int(at))
        mac = hmac.digest(base64.b64decode(key.removeprefix("whsec_")), f"1.{seconds}.".encode() + body, "sha256")
        signature = f"v1,{base64.b64encode(mac).decode()}"
        headers = {"webhook-id": "1", "webhook-timestamp": seconds, "webhook-signature": signature}
        try:
            with urlopen(Request(self.url, body, headers), timeout=PATIENCE) as answer:
                return int(answer.status)
        except HTTPError as error:
            error.close()
            return error.code


@contextmanager
def hearing(reader: Reader, folder: Path) -> Iterator[Hearer]:
    """Do what the README says: add a webhook in the console, save the program, start it with the key."""
    port = str(free_port())
    url = re.findall(r"URL `(http://127\.0\.0\.1:9000/)`", TEXT)[0].replace("9000", port)
    page = reader.open_console().submit("tracking/webhook/add/", url=url, format="standard", keeps_log="on")
    key = re.findall(r"whsec_[\w+/=]+", page)[0]
    program = folder / "receiver.py"
    program.write_text(BLOCKS[find("ThreadingHTTPServer")].code.replace("9000", port))
    start = reader.adapt(BLOCKS[find("WEBHOOK_KEY='whsec_...'")].code).replace("whsec_...", key)
    start = start.replace("var/receiver.py", shlex.quote(str(program)))
    output = folder / "printed"
    with output.open("wb") as printed, (folder / "log").open("wb") as log:
        running = subprocess.Popen(["bash", "-c", start], cwd=ROOT, stdout=printed, stderr=log, start_new_session=True)
    try:
        wait_for(partial(is_open, Endpoint("127.0.0.1", int(port))), (folder / "log").read_text)
        yield Hearer(url=url, key=key, output=output)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(PATIENCE)
