"""The cases that are kept: small files by machine, those that mean something under a name that says what."""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "corpus"
MACHINES: Final[Mapping[str, str]] = {
    "server": "the receiving machine under any octets",
    "client": "the sending machine before any server",
    "exchange": "the sending machine against the receiving one",
    "proxy": "whom a proxy speaks for",
    "addresses": "how addresses, domains and paths are read",
}
LONGEST: Final = 4096  # octets of a case that is kept

Run = Callable[[bytes], None]
Edge = tuple[str, int, int, int]  # module, line, next line, and about how often

_has_no_name = re.compile(r"[0-9a-f]{12}").fullmatch
_OURS: Final = "gateway.smtp"


def load(machine: str) -> tuple[Run, tuple[bytes, ...]]:
    """Return the function that runs a case of a machine, and the words that such cases are made of."""
    module = import_module(f"tests.gateway.smtp.fuzz.{machine}")
    return module.run, module.WORDS


def cases(machine: str) -> list[Path]:
    return sorted((FOLDER / machine).iterdir())


def replay(run: Run, paths: Iterable[Path]) -> int:
    """Run cases and return how many; an error names the one that it is in."""
    count = 0
    for path in paths:
        try:
            run(path.read_bytes())
        except BaseException as error:
            error.add_note(f"The case is {path}")
            raise
        count += 1
    return count


def keep(machine: str, found: Path) -> tuple[int, int]:
    """Take what was found into the corpus where it goes new ways, and drop what goes none; return how many came and went.

    The shortest go first. A case with a name stays whatever it does.
    """
    run, _ = load(machine)
    folder = FOLDER / machine
    named = [path for path in cases(machine) if not _has_no_name(path.name)]
    before = {path.name: path.read_bytes() for path in cases(machine) if _has_no_name(path.name)}
    candidates = set(before.values()) | {path.read_bytes() for path in found.iterdir()}
    seen: set[Edge] = set()
    for path in named:
        seen |= _trace(run, path.read_bytes())
    kept: dict[str, bytes] = {}
    for octets in sorted(candidates, key=lambda octets: (len(octets), octets)):
        ways = _trace(run, octets) if len(octets) <= LONGEST else set()
        if ways - seen:
            seen |= ways
            kept[hashlib.sha256(octets).hexdigest()[:12]] = octets
    for name in before.keys() - kept.keys():
        (folder / name).unlink()
    for name in kept.keys() - before.keys():
        (folder / name).write_bytes(kept[name])
    return len(kept.keys() - before.keys()), len(before.keys() - kept.keys())


def _trace(run: Run, octets: bytes) -> set[Edge]:
    """Return the ways that a case goes through the machines."""
    counts: Counter[tuple[str, int, int]] = Counter()

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_OURS):
            return None
        last = 0

        def step(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            counts[module, last, frame.f_lineno] += 1
            last = frame.f_lineno
            return step

        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        run(octets)
    finally:
        sys.settrace(before)
    return {(*edge, min(count.bit_length() // 2, 3)) for edge, count in counts.items()}
