"""Postfix with OpenDKIM as a milter, to compare with: an instance of its own, whose files and sockets are all in one folder.

It is set up as an operator would who wants throughput from it: no DNS, no TLS, no chroot, no address verification, no limits
per client, no pause where mail comes in faster than it goes out, connections to the receiver kept, as many of them as Gatepost
opens, processes that live long. Its queue is on the same disk, and is as safe as it always is: a message is on disk before its
250. AUTH is asked of a small server that speaks Dovecot's protocol. OpenDKIM makes one signature, RSA-2048 over
relaxed/relaxed; Gatepost makes two.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domains.keys import make_private_key, write_public_key
from gateway.base.environment import Endpoint
from tests.bench import ledger
from tests.bench.loads import Load
from tests.bench.surroundings import ROOT, Surroundings
from tests.bench.system import DOMAIN
from tests.support.installation import is_open, wait_for
from tests.support.services import CannotStart, Server, make_folder, start_on_free_port

PROGRAMS: Final = ("postfix", "postconf", "opendkim")
USER: Final = "bench"
SELECTOR: Final = "bench"
SOCKET: Final = "socket"
AUTHORITY: Final = ROOT / "tests/bench/load/authority.py"
LOADS: Final = ("smtp100", "smtp1")
WAITING: Final = ("maildrop", "incoming", "active", "deferred")  # where a message stands until it is gone

_MAIN: Final = """\
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/spool
data_directory = {folder}/lib
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
syslog_name = bench
myhostname = bench.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.255.255.255/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtpd_peername_lookup = no
smtpd_client_event_limit_exceptions = 127.0.0.0/8
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = unix:{authority}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_milters = unix:{milter}
milter_default_action = tempfail
relayhost = [127.0.0.1]:{sink}
smtp_dns_support_level = disabled
smtp_connection_cache_destinations = [127.0.0.1]:{sink}
smtp_destination_concurrency_limit = 20
in_flow_delay = 0
max_use = 1000
disable_vrfy_command = yes
"""
_MASTER: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_OPENDKIM: Final = """\
Socket local:{socket}
Syslog no
Mode s
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
Domain {domain}
Selector {selector}
KeyFile {key}
RequireSafeKeys no
OversignHeaders From
UMask 000
"""


class Missing(Exception):
    """Postfix or OpenDKIM is not installed, or may not be run; str() says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running instance, as a Target."""

    groups: Mapping[str, Sequence[int]]
    password: str
    sender: str
    _endpoint: Endpoint
    _spool: Path
    _record: str
    name: str = "Postfix with OpenDKIM"
    signatures: int = 1

    def door(self, load: Load) -> Mapping[str, object]:
        return {"sender": self.sender, **self._endpoint._asdict(), "user": USER, "password": self.password}

    def settle(self) -> None:
        wait_for(lambda: not self._count_waiting(), lambda: f"{self._count_waiting()} messages are in the queue.", seconds=120)

    def count(self) -> ledger.Counts:
        return {}

    def records(self) -> Mapping[str, str]:
        return {f"{SELECTOR}._domainkey.{DOMAIN}": self._record}

    def _count_waiting(self) -> int:
        return sum(len(files) for name in WAITING for _, _, files in os.walk(self._spool / name))


def find_version() -> str:
    """Return which Postfix and OpenDKIM there are; raise Missing."""
    if any(shutil.which(program) is None for program in PROGRAMS):
        raise Missing("Postfix with OpenDKIM was not measured. On Debian: apt-get install postfix opendkim")
    if os.geteuid() != 0:
        raise Missing("Postfix was not measured: it runs as root only.")
    said = subprocess.run(["opendkim", "-V"], capture_output=True, text=True, check=False).stdout
    return f"Postfix {_ask('mail_version')}, {said.splitlines()[0].replace(' Filter v', ' ')}"


@contextmanager
def running(around: Surroundings, sender: str) -> Iterator[Postfix]:
    """Run an instance that relays everything to the receiving server; stop and remove it at the end. Raises Missing."""
    find_version()
    password = secrets.token_hex(16)
    with ExitStack() as stack:
        authority = _start_authority(make_folder("authority"), password)
        stack.callback(authority.stop)
        opendkim, record = _start_opendkim(make_folder("opendkim"))
        stack.callback(opendkim.stop)
        sockets = {"authority": authority.folder / SOCKET, "milter": opendkim.folder / SOCKET}
        postfix, endpoint = start_on_free_port(
            "postfix", lambda folder, port: _start_postfix(folder, port, {"sink": around.sink.port, **sockets})
        )
        stack.callback(postfix.stop)
        servers = {"Postfix": postfix, "OpenDKIM": opendkim, "who answers AUTH": authority}
        yield Postfix(
            groups={name: [server._running().pid] for name, server in servers.items()},
            password=password,
            sender=sender,
            _endpoint=endpoint,
            _spool=postfix.folder / "spool",
            _record=record,
        )


def _start_authority(folder: Path, password: str) -> Server:
    command = [sys.executable, str(AUTHORITY), str(folder / SOCKET), USER, password]
    return _start("The server that answers AUTH", folder, command)


def _start_opendkim(folder: Path) -> tuple[Server, str]:
    """Return the server and the TXT record of its key, which is made here."""
    key = make_private_key("rsa")
    secret = folder / "dkim.pem"
    secret.touch(mode=0o600)
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    config = folder / "opendkim.conf"
    config.write_text(_OPENDKIM.format(socket=folder / SOCKET, domain=DOMAIN, selector=SELECTOR, key=secret))
    server = _start("OpenDKIM", folder, ["opendkim", "-f", "-x", str(config)])
    return server, f"v=DKIM1; k=rsa; p={write_public_key(key)}"


def _start_postfix(folder: Path, port: int, words: Mapping[str, object]) -> tuple[Server, Endpoint]:
    for name in ("etc", "spool", "lib"):
        (folder / name).mkdir()
    shutil.chown(folder / "lib", _ask("mail_owner"))
    (folder / "etc/main.cf").write_text(_MAIN.format(folder=folder, **words))
    (folder / "etc/master.cf").write_text(_MASTER.format(port=port))
    done = subprocess.run(["postfix", "-c", folder / "etc", "check"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"Postfix finds fault with its set-up: {done.stdout}{done.stderr}")
    endpoint = Endpoint("127.0.0.1", port)
    command = [f"{_ask('daemon_directory')}/master", "-c", str(folder / "etc"), "-s"]
    server = Server(name="Postfix", folder=folder, command=command, is_ready=partial(is_open, endpoint))
    server.start()
    return server, endpoint


def _start(name: str, folder: Path, command: list[str]) -> Server:
    server = Server(name=name, folder=folder, command=command, is_ready=partial(_answers, folder / SOCKET))
    server.start()
    return server


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _ask(name: str) -> str:
    """Return the default of one of Postfix's settings."""
    done = subprocess.run(["postconf", "-d", "-h", name], capture_output=True, text=True, check=True)
    return done.stdout.strip()
