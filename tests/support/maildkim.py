"""Mail::DKIM, the Perl verifier: one process that judges many messages, with a DNS of its own making."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

PROGRAM = Path(__file__).with_name("maildkim.pl")
PACKAGE = "libmail-dkim-perl"


class CannotVerify(Exception):
    """Mail::DKIM is not here; says what to install."""


class MailDKIM:
    """A running verifier that knows the public keys in `records`, by DNS name."""

    def __init__(self, records: Mapping[str, str]) -> None:
        if not _is_there():
            raise CannotVerify(f"Signatures are verified with Perl's Mail::DKIM too; install it: apt-get install {PACKAGE}")
        self._process = subprocess.Popen(["perl", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name, value in records.items():
            self._write(f"R {name} {value}\n".encode())

    def verify(self, message: bytes) -> dict[str, str]:
        """Return the result of each signature (pass, fail, invalid, ...) by `domain/selector`."""
        self._write(f"M {len(message)}\n".encode() + message)
        results = {}
        while (line := _pipe(self._process.stdout).readline()) != b".\n":
            if not line:
                raise CannotVerify("The process of Mail::DKIM ended; its error stands above.")
            signature, result = line.decode().split()
            results[signature] = result
        return results

    def close(self) -> None:
        _pipe(self._process.stdin).close()
        self._process.wait(10)
        _pipe(self._process.stdout).close()

    def _write(self, octets: bytes) -> None:
        pipe = _pipe(self._process.stdin)
        pipe.write(octets)
        pipe.flush()


def _is_there() -> bool:
    if shutil.which("perl") is None:
        return False
    return subprocess.run(["perl", "-MMail::DKIM", "-e", "1"], capture_output=True, timeout=60, check=False).returncode == 0


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
