"""`python -m tests.gateway.smtp.fuzz.guided <machine> <options of libFuzzer>`: one run of atheris, which ends the process."""

from __future__ import annotations

import sys
from importlib import import_module

from tests.gateway.smtp.fuzz import corpus


def main(arguments: list[str]) -> None:
    atheris = import_module("atheris")  # of the extra `fuzz`
    machine, *options = arguments
    with atheris.instrument_imports(include=["gateway.smtp", "gateway.engine.mailboxes"]):
        run, _ = corpus.load(machine)
    atheris.Setup([sys.argv[0], *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
