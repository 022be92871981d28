"""Messages of 10 KB by SMTP and by HTTP, through a whole Gatepost, to a receiving server; the same through Postfix.

Each message is authorised, durable before its 250, signed, delivered, and told in events. The load and the receiving server are
processes of their own on the same machine, whose processor time is given apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from gateway.management import plan
from tests.bench import ledger, postfix, report, system
from tests.bench.arrivals import Arrivals, receiving
from tests.bench.loads import LOADS, Load
from tests.bench.measure import Extent, Result, measure
from tests.bench.surroundings import Surroundings, say
from tests.bench.system import DOMAIN, System

SENDER = f"orders@{DOMAIN}"
POSTFIX = "postfix"  # the same loads, where it knows them, through Postfix
CHOICES = (*LOADS, POSTFIX)
KEPT = 20  # messages of a load whose signatures are verified


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--messages", type=int, default=10_000, help="of each load (%(default)s)")
    parser.add_argument("--warm-up", type=int, default=500, help="messages before each load that do not count (%(default)s)")
    parser.add_argument("--only", type=_choose, default=[*CHOICES], metavar="LOAD,...", help=f"of {', '.join(CHOICES)}")
    parser.add_argument("--workers", type=int, default=plan.WORKERS, help="processes that send (%(default)s, as `up` has)")
    parser.add_argument("--tls", action="store_true", help="submit over TLS; without it AUTH goes in plain over loopback")
    parser.add_argument("--tracked", action="store_true", help="track openings and links, which accounts have off at first")
    parser.add_argument("--pause", type=float, default=2.0, help="seconds of quiet before each load (%(default)s)")
    parser.add_argument("--profile", type=Path, metavar="DIR", help="profile submission, web and worker by py-spy, into files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, around: Surroundings) -> bool:
    """Send every load that is asked for, and print what came of them; return whether each message was delivered once."""
    with receiving(around.sink, around.data, keep=max(1, options.messages // KEPT)) as arrivals:
        ours = _measure_gatepost(options, around, arrivals)
        theirs, why_not = _measure_postfix(options, around, arrivals)
    report.write(ours, theirs, why_not, options)
    return not any(result.problems for result in [*ours, *theirs])


def _measure_gatepost(options: argparse.Namespace, around: Surroundings, arrivals: Arrivals) -> list[Result]:
    names = [name for name in options.only if name in LOADS]
    if not names:
        return []
    say("Starting Gatepost ...")
    with system.running(around, workers=options.workers, tls=options.tls, tracked=options.tracked) as running:
        target = Gatepost(running, is_tls=options.tls)
        return [measure(target, name, arrivals, _extent(options)) for name in names]


def _measure_postfix(options: argparse.Namespace, around: Surroundings, arrivals: Arrivals) -> tuple[list[Result], str]:
    """Return what came of the loads that Postfix knows, and why there are none, a sentence."""
    if POSTFIX not in options.only:
        return [], ""
    names = [name for name in options.only if name in postfix.LOADS] or postfix.LOADS
    try:
        with postfix.running(around, SENDER) as target:
            return [measure(target, name, arrivals, _extent(options)) for name in names], ""
    except postfix.Missing as missing:
        return [], str(missing)


def _extent(options: argparse.Namespace) -> Extent:
    return Extent(messages=options.messages, warm_up=options.warm_up, pause=options.pause, profiles=options.profile)


@dataclass
class Gatepost:
    """The product as a Target."""

    system: System
    is_tls: bool
    name = "Gatepost"
    signatures = 2  # RSA and Ed25519

    @property
    def groups(self) -> Mapping[str, Sequence[int]]:
        return self.system.groups

    def door(self, load: Load) -> Mapping[str, object]:
        user = self.system.credentials["smtp_user"]
        if load.is_http:
            where = settings.GATEPOST_HTTP
            return {"sender": SENDER, **where._asdict(), "key": self.system.credentials["domain"]["api_key"]}
        where = settings.GATEPOST_SMTPS if self.is_tls else settings.GATEPOST_SMTP
        return {
            "sender": SENDER,
            **where._asdict(),
            "user": user["name"],
            "password": user["password"],
            "is_tls": self.is_tls,
        }

    def settle(self) -> None:
        self.system.wait_settled()

    def count(self) -> ledger.Counts:
        return ledger.count_rows()

    def records(self) -> Mapping[str, str]:
        return ledger.records()


def _choose(text: str) -> list[str]:
    names = text.split(",")
    if unknown := {*names} - {*CHOICES}:
        raise argparse.ArgumentTypeError(f"There is no {', '.join(sorted(unknown))}; there is {', '.join(CHOICES)}.")
    return names
