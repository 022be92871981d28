"""What the page of a domain or tracking host shows of its DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.markup import Words
from domains.checking.findings import Verdict
from domains.models import SenderDomain, TrackingDomain
from domains.names import can_track
from domains.records import Purpose, Record, records_of, write_zone
from domains.trackinghosts import records_of_host
from domains.verification import GRACE

TITLES: Final[Mapping[Purpose, Words]] = {
    Purpose.OWNERSHIP: gettext_lazy("Ownership"),
    Purpose.DKIM: gettext_lazy("DKIM key"),
    Purpose.RETURN_PATH: gettext_lazy("Return path"),
    Purpose.SPF: gettext_lazy("SPF"),
    Purpose.TRACKING: gettext_lazy("Tracked links"),
    Purpose.DMARC: gettext_lazy("DMARC"),
}
BADGES: Final[Mapping[str, tuple[Words, str]]] = {
    Verdict.GOOD: (gettext_lazy("found"), "good"),
    Verdict.MISSING: (gettext_lazy("not there yet"), "idle"),
    Verdict.WRONG: (gettext_lazy("mistake"), "bad"),
    Verdict.TAKEN: (gettext_lazy("taken"), "bad"),
    Verdict.UNKNOWN: (gettext_lazy("not known"), "late"),
    "": (gettext_lazy("not looked at"), "idle"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record to publish, and how it stands."""

    record: Record
    title: Words
    name: SafeString  # the domain's own part in a faint colour
    state: Words
    tone: str
    sentence: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a domain stands, in a word, a colour and a sentence."""

    heading: Words
    tone: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A domain's DNS. `facts` are lines of what follows from it; `is_settled`: nothing is awaited, no need to look again."""

    standing: Standing
    facts: tuple[str, ...]
    rows: tuple[Row, ...]
    zone: str
    checked_at: datetime | None
    next_check_at: datetime | None

    @property
    def wanted(self) -> tuple[Row, ...]:
        """Return the rows that should be in DNS: not those of retired keys."""
        return tuple(row for row in self.rows if not row.record.is_retired)

    @property
    def done(self) -> int:
        return sum(row.tone == "good" for row in self.wanted)

    @property
    def is_settled(self) -> bool:
        """Tell that nothing is awaited, so that the page need not be brought up to date by itself."""
        return self.done == len(self.wanted)


def page_of_domain(domain: SenderDomain) -> Page:
    """Return the page of a sender domain."""
    rows = _rows(records_of(domain), domain.check_results, domain.name)
    return _page(domain, rows, _say_domain(domain, rows), _facts_of(domain))


def page_of_host(host: TrackingDomain) -> Page:
    """Return the page of a tracking host."""
    rows = _rows(records_of_host(host), host.check_results, ".".join(host.name.split(".")[1:]))
    return _page(host, rows, say_host(host))


def say_host(host: TrackingDomain) -> Standing:
    """Return how a tracking host stands."""
    if host.verified_at is not None:
        return Standing(_("In use"), "good", _("DNS points this host to us, and it is yours: tracked links may name it."))
    if not can_track():
        text = _("Links stay at %(url)s: it is an address or has a port of its own, which a CNAME cannot carry.")
        return Standing(_("Not in use"), "late", text % {"url": settings.GATEPOST_URL})
    return Standing(_("Waiting for DNS"), "late", _("Publish what is listed here; the host is used once DNS shows it."))


def _page(row: SenderDomain | TrackingDomain, rows: list[Row], standing: Standing, facts: tuple[str, ...] = ()) -> Page:
    return Page(
        standing=standing,
        facts=facts,
        rows=tuple(rows),
        zone=write_zone(one.record for one in rows),
        checked_at=row.checked_at,
        next_check_at=row.next_check_at,
    )


def _rows(records: Sequence[Record], results: Sequence[Mapping[str, Any]], domain: str) -> list[Row]:
    """Join the records of now with the results of the last check, unless a record was changed since."""
    known = {(result.get("label"), result.get("name"), result.get("value")): result for result in results}
    return [_row(record, known.get((record.label, record.name, record.value), {}), domain) for record in records]


def _row(record: Record, result: Mapping[str, Any], domain: str) -> Row:
    state, tone = BADGES.get(result.get("verdict", ""), BADGES[""])
    if record.is_retired and tone != "good":
        state, tone = _("removed"), "idle"
    return Row(
        record=record,
        title=TITLES[record.purpose],
        name=_write_name(record.name, domain),
        state=state,
        tone=tone,
        sentence=str(result.get("sentence", "")),
        found=() if tone == "good" else tuple(map(str, result.get("found", ()))),
    )


def _write_name(name: str, domain: str) -> SafeString:
    """Return a record's name, its part within the domain apart from the rest, which many DNS panels append themselves."""
    below = name.removesuffix(f".{domain}")
    return format_html("{}", name) if below == name else format_html('{}<wbr><span class="gp-faint">.{}</span>', below, domain)


def _say_domain(domain: SenderDomain, rows: Sequence[Row]) -> Standing:
    if not domain.is_active:
        return Standing(_("Not active"), "idle", _("No mail is sent from it until it is made active again."))
    if domain.failing_since is not None:
        until = domain.failing_since + GRACE
        text = _(
            "Its required records are gone from DNS since %(since)s UTC. Mail is sent until %(until)s UTC; mend them by then."
        )
        return Standing(_("Failing"), "bad", text % {"since": _show(domain.failing_since), "until": _show(until)})
    if domain.verified_at is not None:
        text = _("Mail may be sent from it since %(since)s UTC. DNS is looked at every day.")
        return Standing(_("Verified"), "good", text % {"since": _show(domain.verified_at)})
    if domain.is_trusted:
        return Standing(_("Trusted"), "good", _("The operator trusts it: mail is sent from it whatever DNS says."))
    wanted = [row for row in rows if not row.record.is_retired]
    done = sum(row.tone == "good" for row in wanted)
    text = _(
        "Publish these records where the domain's DNS is kept. %(done)d of %(all)d are there. "
        "Mail can be sent once the ownership record and one DKIM key are."
    )
    return Standing(_("Waiting for DNS"), "late", text % {"done": done, "all": len(wanted)})


def _facts_of(domain: SenderDomain) -> tuple[str, ...]:
    scheme = "https" if domain.is_tracking_secure else "http"
    links = f"{scheme}://{domain.tracking_host}" if domain.tracking_at else settings.GATEPOST_URL
    returns = domain.return_host if domain.return_path_at else settings.GATEPOST_RETURN_DOMAIN
    why = "" if can_track() else _("(the server's own address or port, which a CNAME cannot carry)")
    facts = [
        _("Tracked links go to %(url)s %(why)s").rstrip() % {"url": links, "why": why},
        _("Bounces come back to %(host)s") % {"host": returns},
    ]
    if any(not key.is_active and key.retired_at is None for key in domain.dkim_keys.all()):
        facts.append(
            _("Keys are being rotated: publish the new DKIM records beside the old ones; they take over when DNS shows them.")
        )
    return tuple(facts)


def _show(moment: datetime) -> str:
    return f"{moment:%-d %b %Y %H:%M}"
