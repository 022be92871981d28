"""X-STes-* headers: orders to us, which are followed and leave the mail (seed, messages/sendMail; decision 17).

SigningDomain names another verified domain of the account, TrackingDomain and ReturnPathDomain verified hosts of it: that they
are is for `accept` to say. Mail by SMTP has the same headers, and is read by the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.api.fields import Field, boolean, check, text
from gateway.engine.submission import Clicks, Submission
from gateway.smtp.addresses import MAX_DOMAIN, AddressError, parse_domain

PREFIX: Final = "x-stes-"
MOST_NOTES: Final = 20  # on headers that are none of these
LONGEST_NAME: Final = 76  # characters of theirs that are noted


def kind_of_clicks(value: Any) -> Clicks:
    try:
        return Clicks(text(value).strip().lower())
    except ValueError:
        raise ValueError("must be html, text, both or no") from None


def domain_name(value: Any) -> str:
    try:
        return parse_domain(text(value).strip()[: MAX_DOMAIN + 1])
    except AddressError:
        raise ValueError("must be a domain name") from None


SWITCHES: Final = (
    Field("x-stes-trackopen", boolean),
    Field("x-stes-trackclick", kind_of_clicks),
    Field("x-stes-trackingdomain", domain_name, default=""),
    Field("x-stes-signingdomain", domain_name, default=""),
    Field("x-stes-returnpathdomain", domain_name, default=""),
)
# Of mail that we build; what was handed in whole gets no further part.
PARTS: Final = (
    Field("x-stes-autotext", boolean, default=False),
    Field("x-stes-autohtml", boolean, default=False),
)


def obey(submission: Submission, controls: Mapping[str, str]) -> Submission:
    """Return the submission as its X-STes-* headers, by lower-case name, ask for it; raise FieldsRefused."""
    parts = check(PARTS, controls, within="headers.")
    return replace(
        _obey_switches(submission, controls, within="headers."),
        auto_text=parts["x-stes-autotext"],
        auto_html=parts["x-stes-autohtml"],
        notes=_notes(controls.keys() - _names((*SWITCHES, *PARTS)), "there is no such switch"),
    )


def obey_whole(submission: Submission, controls: Mapping[str, str]) -> Submission:
    """Return the submission of a whole mail as its X-STes-* fields, by lower-case name, ask for it; raise FieldsRefused."""
    return replace(
        _obey_switches(submission, controls),
        notes=_notes(controls.keys() - _names(SWITCHES), "a whole message stays as it is"),
    )


def _obey_switches(submission: Submission, controls: Mapping[str, str], *, within: str = "") -> Submission:
    switches = check(SWITCHES, controls, within=within)
    return replace(
        submission,
        track_opens=switches["x-stes-trackopen"],
        track_clicks=switches["x-stes-trackclick"],
        tracking_domain=switches["x-stes-trackingdomain"],
        signing_domain=switches["x-stes-signingdomain"],
        return_domain=switches["x-stes-returnpathdomain"],
    )


def _names(fields: Iterable[Field]) -> set[str]:
    return {field.name for field in fields}


def _notes(unused: Iterable[str], reason: str) -> tuple[str, ...]:
    return tuple(f"{name[:LONGEST_NAME]} was not used: {reason}." for name in sorted(unused)[:MOST_NOTES])
