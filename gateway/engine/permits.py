"""Whether an account, and the credential it uses, may send as a submission asks: from whom, signed by whom, by which hosts."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import Account
from accounts.queries import find_account
from domains.credentials import Credential, get_smtp_user
from domains.queries import DomainFacts, find_return_domain, find_sender_domain, find_tracking_url, get_sender_domain
from gateway.base.errors import (
    AccountDeleted,
    AccountPurged,
    AccountSuspended,
    CredentialRevoked,
    DomainNotVerified,
    FieldInvalid,
    SenderInvalid,
    SenderMissing,
    SenderNotAllowed,
)
from gateway.engine.submission import Mailbox, Submission
from gateway.smtp.addresses import Address, AddressError, parse_address

_UNUSABLE = {
    Account.Status.SUSPENDED: AccountSuspended,
    Account.Status.DELETED: AccountDeleted,
    Account.Status.PURGED: AccountPurged,
}


def check_account(account_id: int) -> None:
    """Raise when the account may not send at all."""
    account = find_account(account_id)
    if account is None:
        raise AccountPurged
    if not account.is_enabled:
        raise _UNUSABLE[Account.Status(account.status)]


def check_senders(submission: Submission, senders: Sequence[Mailbox]) -> tuple[Mailbox, DomainFacts]:
    """Raise unless every address in From is one that this caller may send from; return the first one and its domain."""
    if not senders:
        raise SenderMissing
    first, *_ = [_check_sender(submission, sender) for sender in senders]
    return first


def check_signing(submission: Submission) -> DomainFacts | None:
    """Return the domain that was asked to sign, None when none was; raise unless this caller may use it."""
    if not submission.signing_domain:
        return None
    domain = _get_domain(
        submission.account_id, submission.signing_domain, field="signing_domain", value=submission.signing_domain
    )
    if _bound_to(submission, _get_user(submission)) - {domain.id}:
        raise SenderNotAllowed(
            f"This credential may not sign by {domain.name}.", field="signing_domain", value=submission.signing_domain
        )
    return domain


def check_hosts(submission: Submission) -> None:
    """Raise unless the hosts that were asked for, of tracked links and of return paths, are the account's and verified."""
    tracking, returns = submission.tracking_domain, submission.return_domain
    if tracking and not find_tracking_url(submission.account_id, tracking):
        raise FieldInvalid(
            "tracking_domain",
            f"{tracking} is not a verified tracking domain of this account; add it and publish its DNS record first.",
            value=tracking,
        )
    domain = find_return_domain(submission.account_id, returns) if returns else None
    if returns and (domain is None or _bound_to(submission, _get_user(submission)) - {domain.id}):
        raise FieldInvalid(
            "return_domain",
            f"{returns} is not a verified return path of a domain that this credential may use; publish its DNS record first.",
            value=returns,
        )


def _check_sender(submission: Submission, sender: Mailbox) -> tuple[Mailbox, DomainFacts]:
    if not sender.email:
        raise SenderMissing
    try:
        address = parse_address(sender.email)
    except AddressError as error:
        raise SenderInvalid(str(error), field="from", value=sender.email) from None
    domain = _get_domain(submission.account_id, address.domain, field="from", value=sender.email)
    _check_caller(submission, address, domain)
    return Mailbox(email=address.text, name=sender.name), domain


def _get_domain(account_id: int, name: str, *, field: str, value: str) -> DomainFacts:
    domain = find_sender_domain(account_id, name.lower())
    if domain is None:
        raise SenderNotAllowed(
            f"{name} is not a sender domain of this account; add it and publish its DNS records first.",
            field=field,
            value=value,
        )
    if not domain.is_verified:
        raise DomainNotVerified(
            f"The sender domain {domain.name} is not verified; publish its DNS records first.", field=field, value=value
        )
    return domain


def _check_caller(submission: Submission, address: Address, domain: DomainFacts) -> None:
    """Raise unless the key or SMTP user may send from this address of the account."""
    user = _get_user(submission)
    senders = user.senders if user is not None else ()
    if others := _bound_to(submission, user) - {domain.id}:
        bound = get_sender_domain(next(iter(others)))
        name = bound.name if bound else "another domain"
        raise SenderNotAllowed(f"This credential sends from {name} only, not from {address}.", field="from", value=address.text)
    if senders and not {address.text.lower(), address.domain, f"@{address.domain}", f"*@{address.domain}"} & set(senders):
        raise SenderNotAllowed(f"{address} is not among the senders of this credential.", field="from", value=address.text)


def _get_user(submission: Submission) -> Credential | None:
    """Return the SMTP user that submits, None for a key; raise when it may not send any more."""
    if submission.smtp_user_id is None:
        return None
    user = get_smtp_user(submission.smtp_user_id)
    if user is None:
        raise CredentialRevoked
    user.check_usable()  # it may have been blocked since a long SMTP session began
    return user


def _bound_to(submission: Submission, user: Credential | None) -> set[int]:
    """Return the domains that the key, and the SMTP user, are bound to: none for one of the whole account."""
    domains = {submission.domain_id, user.domain_id if user is not None else None}
    return {domain_id for domain_id in domains if domain_id is not None}
