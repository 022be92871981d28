"""Where doors hand submissions in, one at a time, and many become one commit.

A single thread gathers what arrives while the last group was being committed, lingers a moment for more, and calls
`accept` once for all. Request threads and the SMTP loop wait on futures.
"""

from __future__ import annotations

from concurrent.futures import Future

from gateway.engine.submission import Accepted, Submission


def hand_in(submission: Submission) -> Future[Accepted]:
    """Queue a submission for the next group; the future holds the acceptance, or raises the refusal."""
    raise NotImplementedError


def accept_one(submission: Submission) -> Accepted:
    """Hand a submission in and wait until it is on disk; raise what it was refused with."""
    return hand_in(submission).result(timeout=60)
