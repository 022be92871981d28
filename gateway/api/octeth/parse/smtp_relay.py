"""What EmailGateway.SMTPRelay takes (contracts.md 4.3): a login of SMTP, and with it a mail that came by SMTP elsewhere.

MailFrom is not used, as the return path is ours; nor is Subject, which stands in the mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from domains.credentials import Credential
from gateway.api.fields import Field, mail_octets, text
from gateway.engine.submission import Addressee, Submission

LONGEST_UUID: Final = 200  # characters


def uuid(value: Any) -> str:
    """Take what names a mail: one that comes again under the same name is sent once."""
    found = text(value)
    if len(found) > LONGEST_UUID or not found.isprintable():
        raise ValueError(f"must be at most {LONGEST_UUID} printable characters")
    return found


FIELDS: Final = (
    Field("SMTPUsername", required=True, missing=1),
    Field("SMTPPassword", required=True, missing=2),
    Field("UUID", uuid, default=""),
    Field("MailFrom"),
    Field("RcptTo", default=""),
    Field("Subject"),
    Field("RawEmail"),
)


def make_submission(asked: Mapping[str, Any], user: Credential, *, client: str) -> Submission:
    """Return the Submission of a mail that is relayed; its UUID beats an Idempotency-Key."""
    addresses = (part.strip().removeprefix("<").removesuffix(">") for part in asked["RcptTo"].split(","))
    return Submission(
        account_id=user.account_id,
        smtp_user_id=user.smtp_user_id,
        domain_id=user.domain_id,
        door="octeth",
        sender=None,  # the From field says it
        recipients=tuple(Addressee(email=address) for address in addresses if address),
        raw=mail_octets(asked["RawEmail"]),
        refuse_suppressed=True,
        idempotency_key=f"smtprelay:{asked['UUID']}" if asked["UUID"] else asked["Idempotency-Key"],
        client=client,
    )
