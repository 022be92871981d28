"""The console's pages are loaded where they are shown, and nowhere else."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "gateway.settings"
import django
django.setup()
import {module}
print(*sorted(name for name in sys.modules if name.endswith(".admin") or ".admin." in name), sep="\\n")
"""


def load(module: str) -> set[str]:
    """Return the modules of admins that a process has loaded which runs `module`."""
    call = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    return {name for name in done.stdout.split() if not name.startswith("django.")}


@pytest.mark.parametrize("module", ["gateway.engine.tasks", "tracking.tasks", "gateway.management.commands.submission"])
def test_what_answers_no_http_loads_no_page(module: str) -> None:
    assert load(module) == set()


def test_the_web_process_loads_them_all_before_it_answers() -> None:
    assert {"accounts.admin", "domains.admin", "gateway.admin", "templates_app.admin", "tracking.admin"} <= load("gateway.wsgi")
