"""The pipeline benchmark runs, and what it measures and checks with sees what there is to see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from gateway.smtp.addresses import parse_domain
from tests.bench import ledger
from tests.bench.load.letters import calls, mails
from tests.bench.meter import Meter
from tests.bench.surroundings import ROOT

OURS = ("smtp100", "smtp1", "http", "steady")
BURN = "import time\nwhile time.process_time() < 0.5: pass"


def test_it_works() -> None:
    sizes = ["--messages", "60", "--warm-up", "20", "--pause", "0"]
    command = [sys.executable, "-m", "tests.bench", "pipeline", *sizes, "--only", ",".join(OURS), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert [result["load"] for result in results] == [*OURS]
    for result in results:
        assert result["messages"] == 60
        assert result["problems"] == []
        assert {"PostgreSQL", "Redis", "submission", "web", "worker"} <= result["cpu"].keys()
        assert result["cpu"]["PostgreSQL"] > 0
        assert result["memory"]["worker"] > 10
        assert 0 <= result["idle"] + result["taken"] < 1
        assert result["speed"]["p99_from_sent"] >= result["speed"]["p50_from_sent"] > 0


def test_letters_have_their_size_and_their_token() -> None:
    for write in (mails("r000", "a@bench.example"), calls("r000", "a@bench.example", "127.0.0.1:80", "key")):
        letter = write(17)
        assert 9_900 < len(letter.content) < 10_300
        assert letter.token in letter.recipient
        assert letter.content.count(letter.token.encode()) >= 5
        assert parse_domain(letter.recipient.partition("@")[2])


def test_what_was_not_delivered_once_is_found() -> None:
    arrived = {"r-1": [1.0], "r-2": [1.0, 2.0], "r-4?": [1.0]}
    found = ledger.check_letters(["r-1", "r-2", "r-3"], arrived)
    assert [problem.partition(":")[0] for problem in found] == [
        "1 letters were accepted but not delivered",
        "1 letters were delivered more than once",
        "1 letters were delivered but not accepted",
    ]
    assert ledger.check_letters(["r-1"], {"r-1": [1.0]}) == []


def test_a_missing_event_is_found() -> None:
    before = {"messages": 5, "delivered events": 5}
    assert ledger.compare(before, {"messages": 7, "delivered events": 7}, 2) == []
    assert ledger.compare(before, {"messages": 7, "delivered events": 6}, 2) == ["1 delivered events, not 2."]


def test_a_message_without_a_signature_is_found() -> None:
    message = b"From: a@bench.example\r\n\r\nHello\r\n"
    assert ledger.check_signatures([message], {}, 1) == ["1 of 1 messages are not signed as they should be."]
    assert ledger.check_signatures([], {}, 1) == ["No message was kept to verify its signatures."]


def test_the_meter_sees_children_that_came_and_went() -> None:
    with Meter({"ours": [os.getpid()], "none": []}).measured() as usage:
        subprocess.run([sys.executable, "-c", BURN], check=True)
        time.sleep(0.05)
    assert 0.45 < usage.cpu["ours"] < 5
    assert usage.memory["ours"] > 5
    assert usage.cpu["none"] == usage.memory["none"] == 0
