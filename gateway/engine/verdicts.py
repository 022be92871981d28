"""Verdicts on parcels: what was said or not said at one host, as outcomes with their whole story."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.engine.outcome import Outcome, Result
from gateway.engine.parcel import Job, Verdict
from gateway.engine.replies import classify, find_enhanced
from gateway.engine.routing import Host
from gateway.smtp.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Whom we speak to, from which address of ours, and by which TLS."""

    host: Host
    source: str = ""
    tls: str = ""

    def delivered(self, job: Job, reply: Reply, now: float) -> Verdict:
        """Return the verdict of a 2xx to the final dot. `now` is by the loop's clock, here and below."""
        text = reply.text
        enhanced = find_enhanced(reply.code, text)
        return Verdict(self._outcome(job, now, Result.DELIVERED, code=reply.code, enhanced=enhanced, reply=text))

    def refused(self, job: Job | None, reply: Reply, now: float, *, goes_on: bool, knows_recipient: bool = False) -> Verdict:
        """Return the verdict of a 4xx or 5xx, for one job or for all that wait; `goes_on` where another host may do better."""
        meaning = classify(reply.code, "", reply.text, knows_recipient=knows_recipient)
        outcome = self._outcome(
            job,
            now,
            Result.DEFERRED if meaning.is_temporary else Result.BOUNCED,
            code=reply.code,
            enhanced=meaning.enhanced,
            reply=reply.text,
            category=meaning.kind.value,
            retry_after=meaning.retry_after,
        )
        return Verdict(outcome, goes_on=goes_on, slows=meaning.slows)

    def unfit(self, job: Job, enhanced: str, why: str, now: float) -> Verdict:
        """Return the verdict on mail that the server says it cannot take, before it was asked."""
        return Verdict(self._outcome(job, now, Result.BOUNCED, enhanced=enhanced, reply=why))

    def failed(self, job: Job | None, why: str, now: float = 0.0, *, enhanced: str = "4.4.2", goes_on: bool = True) -> Verdict:
        """Return the verdict of trouble that is nobody's refusal; `why` is a sentence."""
        return Verdict(self._outcome(job, now, Result.DEFERRED, enhanced=enhanced, reply=why), goes_on=goes_on)

    def unanswered(self, job: Job, why: str, now: float) -> Verdict:
        """Return the verdict on mail whose final dot got no answer: it may have arrived, so no other host is asked."""
        why += " The message may have arrived all the same."
        return Verdict(self._outcome(job, now, Result.DEFERRED, enhanced="4.4.2", reply=why, is_ambiguous=True))

    def _outcome(
        self,
        job: Job | None,
        now: float,
        result: Result,
        *,
        code: int = 0,
        enhanced: str = "",
        reply: str = "",
        category: str = "",
        retry_after: int = 0,
        is_ambiguous: bool = False,
    ) -> Outcome:
        return Outcome(
            result=result,
            code=code,
            enhanced=enhanced,
            reply=reply,
            host=(job or self).host.name,
            address=self.host.address,
            source=self.source,
            tls=self.tls,
            category=category,
            retry_after=retry_after,
            seconds=now - job.started if job else 0.0,
            size=len(job.transaction.wire) if job else 0,
            is_ambiguous=is_ambiguous,
        )
