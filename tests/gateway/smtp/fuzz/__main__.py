"""Look for cases that break a promise of SMTP's machines, guided by coverage, and keep those that go new ways.

A case that breaks one stays in `var/fuzz/<machine>`; moved to `tests/gateway/smtp/fuzz/corpus/<machine>` under a name that says
what it is, it is a test for good.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.gateway.smtp.fuzz import corpus

ROOT: Final = Path(__file__).parents[4]
INSTALL: Final = "This needs atheris: .venv/bin/uv sync --frozen --inexact --all-groups --extra fuzz"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gateway.smtp.fuzz", description=__doc__)
    parser.add_argument("machine", choices=corpus.MACHINES, help="; ".join(f"{k}: {v}" for k, v in corpus.MACHINES.items()))
    parser.add_argument("--seconds", type=int, default=600, help="how long to look (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the search; another with each run if it is 0")
    options = parser.parse_args(arguments)
    if find_spec("atheris") is None:
        parser.exit(1, f"{INSTALL}\n")
    return _look(options.machine, options.seconds, options.seed)


def _look(machine: str, seconds: int, seed: int) -> int:
    broken = ROOT / "var" / "fuzz" / machine
    broken.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gatepost-fuzz-") as name:
        found, words = Path(name) / "found", Path(name) / "words"
        found.mkdir()
        words.write_text("".join(f'"{_escape(word)}"\n' for word in corpus.load(machine)[1]), encoding="ascii")
        command = [sys.executable, "-m", "tests.gateway.smtp.fuzz.guided", machine, str(found), str(corpus.FOLDER / machine)]
        command += [f"-max_total_time={seconds}", f"-seed={seed}", f"-dict={words}", f"-artifact_prefix={broken}/"]
        command += [f"-max_len={corpus.LONGEST}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        came, went = corpus.keep(machine, found)
    sys.stdout.write(f"The corpus of {machine}: {came} cases came, {went} went, {len(corpus.cases(machine))} are there.\n")
    return status


def _escape(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word[:60])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
