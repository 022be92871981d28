"""Mail of the platform itself, which goes the way of all mail: the DNS records of a domain, to who looks after it.

It comes from GATEPOST_SENDER, where that is set and some account has verified its domain (the operator's own, as a rule), else
from a domain of the account that asks. Where neither is there, nothing can be sent, and that is said.
"""

from __future__ import annotations

from django.conf import settings

from domains.holdings import find_account_that_verified, find_verified_domain
from domains.models import SenderDomain
from domains.records import records_of, write_zone
from gateway.base.errors import DomainNotVerified
from gateway.base.rates import check_rates
from gateway.engine.intake import accept_one
from gateway.engine.submission import Addressee, Clicks, Mailbox, Submission

HOUR = 3600
MOST_TO_ADDRESS, MOST_OF_DOMAIN, MOST_OF_ACCOUNT = 3, 10, 100  # of these mails in an hour: who reads them did not ask for any

_TEXT = """\
Somebody who sends mail with {brand} wants to send from addresses at {domain}, and asks you as {recipient} to
publish the DNS records that allow it. Nothing is sent from {domain} before they are there. If you do not know what this
is about, ignore this mail.

These are the records, as lines of a zone file:

{zone}
Where the domain has an SPF record already, add the include to that one: there may be only one. {brand} looks at DNS by
itself, and verifies the domain within minutes of the records being there.
"""


def send_instructions(domain: SenderDomain, mailbox: str, *, door: str, client: str = "") -> str:
    """Mail the records of a sender domain to one of its mailboxes, such as `postmaster`; return the address.

    Raises DomainNotVerified where there is nothing to send from, RateExceeded, and what `accept` refuses.
    """
    recipient = f"{mailbox}@{domain.name}"
    account_id, sender = _find_sender(domain)
    # By the domain's name: deleted and added again, it is another row, and its people are the same.
    check_rates(
        [
            (f"instructions:to:{recipient.lower()}", MOST_TO_ADDRESS, HOUR),
            (f"instructions:of:{domain.account_id}:{domain.name}", MOST_OF_DOMAIN, HOUR),
            (f"instructions:by:{domain.account_id}", MOST_OF_ACCOUNT, HOUR),
        ]
    )
    accept_one(
        Submission(
            account_id=account_id,
            door=door,
            sender=sender,
            recipients=(Addressee(email=recipient),),
            subject=f"DNS records of {domain.name}",
            text=_write(domain, recipient),
            headers=(("Auto-Submitted", "auto-generated"),),
            track_opens=False,
            track_clicks=Clicks.NONE,
            unsubscribe_link=False,
            refuse_suppressed=True,
            client=client,
        )
    )
    return recipient


def _find_sender(domain: SenderDomain) -> tuple[int, Mailbox]:
    """Return whom the mail comes from, and the account that sends it."""
    platform = settings.GATEPOST_SENDER
    account_id = find_account_that_verified(platform.rpartition("@")[2].lower()) if platform else None
    if account_id is not None:
        return account_id, Mailbox(email=platform, name=settings.GATEPOST_BRAND)
    own = find_verified_domain(domain.account_id)
    if own is None:
        raise DomainNotVerified(
            f"No mail can be sent: this server has no address of its own, and no domain of this account is verified yet. "
            f"The console shows the records of {domain.name}; publish them, and it is verified without a mail.",
            field="domain",
            value=domain.name,
        )
    return domain.account_id, Mailbox(email=f"no-reply@{own.name}", name=settings.GATEPOST_BRAND)


def _write(domain: SenderDomain, recipient: str) -> str:
    return _TEXT.format(
        brand=settings.GATEPOST_BRAND, domain=domain.name, recipient=recipient, zone=write_zone(records_of(domain))
    )
