"""`python -m tests.bench <what>`: measure the product on servers of its own, which go when it ends."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from tests.bench import surroundings

# Each module has `add_arguments(parser)` and `run(options, surroundings) -> bool` (whether what was promised holds). They need
# Django, and Django needs a database: hence by name, imported when there is one.
WHAT: Final[Mapping[str, str]] = {
    "pipeline": "messages by SMTP and by HTTP, through everything, to a receiving server; beside Postfix with OpenDKIM",
    "list": "100,000 members put into an address list, and taken in by a send to it",
    "scale": "claims from a queue with five million recipients against an empty one, and from queues that hurt",
    "logins": "refused logins of unknown names beside those with wrong secrets: whether their times tell which is which",
    "events": "queries over events: five million of one account, and what each index costs the writer",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", choices=WHAT, help="; ".join(f"{name}: {text}" for name, text in WHAT.items()))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us, what was started is stopped
    what, rest = parser.parse_args(arguments[:1]).what, arguments[1:]
    with surroundings.prepared() as around:
        bench = import_module(f"tests.bench.{what}")
        parser = argparse.ArgumentParser(prog=f"python -m tests.bench {what}", description=bench.__doc__)
        bench.add_arguments(parser)
        return 0 if bench.run(parser.parse_args(rest), around) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
