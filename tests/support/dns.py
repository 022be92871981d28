"""A name server of the tests' own on loopback, which can also misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode

from gateway.base.nameserver import NameServer

Zone = Mapping[tuple[str, str], list[str]]
"""(name, type) -> records."""

SERVFAIL, SILENT, TRUNCATED = "servfail", "silent", "truncated"


class FaultyNameServer(NameServer):
    """Serves a zone; names in `faults` get SERVFAIL, no answer at all, or by UDP one that is cut. `asked` is its journal.

    While `gate` is clear, answers wait.
    """

    def __init__(self, zone: Zone, faults: Mapping[str, str]) -> None:
        self.zone = dict(zone)
        self.faults = dict(faults)
        self.asked: list[tuple[str, str, str]] = []  # name, type, transport
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(self._find_in_zone)

    def respond(self, query: dns.message.Message, transport: str) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append((name, question.rdtype.name, transport))
        self.gate.wait(5)
        fault = self.faults.get(name)
        if fault == SILENT:
            return None
        reply = super().respond(query, transport)
        if reply is not None and fault == SERVFAIL:
            reply.set_rcode(dns.rcode.SERVFAIL)
            reply.answer.clear()
        if reply is not None and fault == TRUNCATED and transport == "udp":
            reply.flags |= dns.flags.TC
            reply.answer.clear()
        return reply

    def _find_in_zone(self, name: str, rdtype: str) -> list[str] | None:
        if (name, rdtype) in self.zone:
            return self.zone[name, rdtype]
        return [] if any(name == known for known, _ in self.zone) else None


@contextmanager
def serve(zone: Zone, faults: Mapping[str, str] | None = None) -> Iterator[FaultyNameServer]:
    """Serve a zone on a free port of loopback."""
    server = FaultyNameServer(zone, faults or {})
    server.start()
    try:
        yield server
    finally:
        # It takes a moment to stop, and some thousand tests have one: the next test need not wait for it.
        threading.Thread(target=server.stop, name="stopping names", daemon=True).start()
