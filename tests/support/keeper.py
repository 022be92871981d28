"""Keeps one server for the tests: runs it, passes signals on, and stops it when whoever started it is gone.

A program of its own (`python keeper.py JSON`), in a session of its own: Ctrl-C does not reach it, and however the test run
ends, the end of standard input tells it so. A line on standard input is the number of a signal for the server.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

PATIENCE = 10  # seconds that a server has to stop before it is killed


def main() -> int:
    """Run the server that the JSON on the command line describes; see `tests.support.services.Server`."""
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            order["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **order["identity"]
        )
    listener = Thread(target=_listen, args=(server, order["stop_signal"], folder))
    listener.daemon = True
    listener.start()
    code = server.wait()
    if _is_over:
        listener.join(PATIENCE)
    return abs(code)


_is_over: list[bool] = []


def _listen(server: subprocess.Popen[bytes], stop_signal: int, folder: Path) -> None:
    for line in sys.stdin:
        server.send_signal(int(line))
    _is_over.append(True)
    server.send_signal(stop_signal)
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
