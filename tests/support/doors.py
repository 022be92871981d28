"""The HTTP doors without what runs behind them: the thread that stores, and the sender that would be woken."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from gateway.base import wake
from gateway.base.errors import Refused
from gateway.engine import intake
from gateway.engine.accept import accept
from gateway.engine.submission import Accepted, Submission


def let_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no sender woken, nor a broker asked for one."""
    monkeypatch.setattr(wake, "wake_sender", lambda: None)


def accept_inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have submissions accepted where they are handed in, so that they stand in the test's own transaction."""
    let_sleep(monkeypatch)

    def hand_in(submission: Submission) -> Future[Accepted]:
        future: Future[Accepted] = Future()
        (answer,) = accept([submission])
        if isinstance(answer, Refused):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    monkeypatch.setattr(intake, "hand_in", hand_in)
