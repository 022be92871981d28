"""`python -m tests.faults` says what it knows, and what came of it."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext

import pytest

from tests.faults import __main__ as command
from tests.faults.checker import Counts, Violation
from tests.faults.experiments import EXPERIMENTS
from tests.faults.sitting import Verdict
from tests.support.readme import TEXT

WELL = Counts(acked=9, ambiguous=1, refused=2, delivered=20, lost=0, phantom=0, duplicates=3, bound=4)
GONE = Violation(invariant="I1", what="a@x.example was acknowledged and is not there")


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> list[Verdict]:
    """What `run` returns, in this order; no world is made for it."""
    verdicts = [
        Verdict(experiment="W5", seed=1, counts=WELL, healed=3.21, violations=()),
        Verdict(experiment="W5", seed=2, counts=WELL, healed=1.0, violations=()),
    ]
    monkeypatch.setattr(command, "made", nullcontext)
    monkeypatch.setattr(command, "run", lambda *task: verdicts[task[-1] - 1])
    return verdicts


@pytest.mark.usefixtures("verdicts")
def test_it_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "w5", "--seeds", "2", "--jobs", "1"]) == 0
    headings, row, _ = capsys.readouterr().out.splitlines()
    found = dict(zip(headings.split(), row.split(), strict=True))
    assert found["experiment"] == "W5"
    assert (found["seeds"], found["acked"], found["lost"], found["duplicates"], found["bound"]) == ("2", "18", "0", "6", "8")
    assert (found["healed"], found["violations"]) == ("3.2", "0")


def test_it_fails_by_a_violation_and_says_how_to_see_it_again(
    verdicts: list[Verdict], capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts[1] = Verdict(experiment="W5", seed=2, counts=WELL, healed=1.0, violations=(GONE,))
    assert command.main(["--only", "W5", "--seeds", "2", "--jobs", "1", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["violations"] == [{"experiment": "W5", "seed": 2, "what": str(GONE)}]
    assert "again: --only W5 --first 2 --seeds 1" in said.err


def test_it_goes_on_after_an_experiment_that_could_not_be_done(
    verdicts: list[Verdict], capsys: pytest.CaptureFixture[str]
) -> None:
    del verdicts[1]  # and so there is none for the second seed
    assert command.main(["--only", "W5", "--seeds", "3", "--jobs", "1"]) == 1
    assert capsys.readouterr().err.count("IndexError") == 2


def test_it_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "W5,W99"])
    assert "W99" in capsys.readouterr().err


def test_the_readme_names_what_there_is() -> None:
    (named,) = re.findall(r"-m tests\.faults --only (\S+?)[` ]", TEXT)
    assert {*named.split(",")} <= EXPERIMENTS.keys()
